//go:build browser

package page_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"abad/batch"
)

// violation is a rule of axe-core that the page breaks, and where.
type violation struct {
	ID, Help string
	Nodes    []struct {
		HTML           string
		FailureSummary string
	}
}

// The page breaks no rule of WCAG 2.2 A and AA that axe-core can check, in light and
// in dark, wide and narrow. ABAD_AXE names axe.min.js, which .ci/browser gets; without
// it only what the other tests see of accessibility is tested.
func TestAccessible(t *testing.T) {
	name := os.Getenv("ABAD_AXE")
	if name == "" {
		t.Log("axe-core is not here: the rules of WCAG were not checked")
		return
	}
	axe, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := four(t)
	p := openTab(t, c.URLs[0])
	receipt, err := c.Nodes[0].Submit(t.Context(), batch.Value{ID: batch.ValueID{1}, Payload: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[0].Vote(t.Context(), "is this readable", true); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes[0].WaitCertificate(t.Context(), receipt.Block); err != nil {
		t.Fatal(err)
	}
	c.Kill(3)
	p.until("a link is down", `document.querySelectorAll("#links td.down").length === 3`)
	p.until("a block, and a vote", `document.querySelector("#blocks tr") && document.querySelector("#decisions tr")`)
	p.put("#find-what", fmt.Sprintf("%d.%d", receipt.Block, receipt.Index))
	p.click("#find button")
	p.until("a proof", `document.querySelector("#found .proof")?.textContent.includes("the proof holds")`)
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](string(axe)+"\n;true")); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{1280, 360} {
		for _, scheme := range []string{"light", "dark"} {
			p.size(width, 800)
			p.scheme(scheme)
			run := chromedp.Evaluate[string](`axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise)
			answer, err := chromedp.Run(p.ctx, run)
			if err != nil {
				t.Fatal(err)
			}
			var violations []violation
			if err := json.Unmarshal([]byte(answer), &violations); err != nil {
				t.Fatal(err)
			}
			for _, v := range violations {
				for _, n := range v.Nodes {
					t.Errorf("%s at %d: %s: %s: %s\n%s", scheme, width, v.ID, v.Help, n.HTML, n.FailureSummary)
				}
			}
		}
	}
}
