//go:build browser

package page_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"abad/access"
	"abad/api"
	"abad/api/apitest"
	"abad/batch"
	"abad/decision"
	"abad/node"
	"abad/page"
)

// four is a cluster whose nodes serve the page.
func four(t *testing.T) *apitest.Cluster {
	t.Helper()
	return apitest.StartCluster(t, 4, func(_ int, conf *api.Config) { conf.Page = page.Handlers() })
}

// loadPause keeps a client from taking the processor that the browser wants.
const loadPause = 100 * time.Millisecond

// load submits values at all nodes until stop, or until the nodes are gone.
func load(t *testing.T, c *apitest.Cluster) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	for i, n := range c.Nodes {
		clients.Go(func() {
			pace := time.NewTicker(loadPause)
			defer pace.Stop()
			for k := 0; ctx.Err() == nil; k++ {
				<-pace.C
				_, err := n.Submit(ctx, batch.Value{ID: batch.ValueID{byte(i), byte(k), byte(k >> 8), byte(k >> 16), 1}, Payload: fmt.Appendf(nil, "value %d of client %d", k, i)})
				if err != nil && ctx.Err() == nil && !errors.Is(err, node.ErrStopped) {
					t.Error(err)
					return
				}
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); clients.Wait() })
	t.Cleanup(stop)
	return stop
}

// Under load: everything on the page is there and moves, in light and dark, wide
// and narrow, without an error and without a request to elsewhere.
func TestLive(t *testing.T) {
	c := four(t)
	load(t, c)
	p := openTab(t, c.URLs[0])
	p.until("the node is ready", `document.querySelector("#state").textContent.includes("ready") && document.title === "abad node 0"`)
	p.until("blocks", `document.querySelectorAll("#blocks tr").length === 10`)
	first := p.eval(`document.querySelector("#blocks th").textContent`)
	p.until("newer blocks", fmt.Sprintf(`document.querySelector("#blocks th").textContent !== %q`, first))
	p.until("values per second", `parseFloat(document.querySelector("#figure-values-per-second .value").textContent) > 0`)
	p.until("a latency", `document.querySelector("#figure-commit-latency .value").textContent.endsWith("ms")`)
	p.until("the epoch's slots and their votes", `document.querySelectorAll("#epoch tbody tr").length === 4 && document.querySelectorAll("#epoch .pips i.on").length >= 9`)
	p.until("all links", `document.querySelectorAll("#links td.up").length === 12`)
	p.until("plots with something on them", `document.querySelectorAll("#plot-values rect").length > 1 && document.querySelector("#plot-latency path")`)
	p.until("acceptance", `[...document.querySelectorAll("#nodes .share")].filter((s) => parseInt(s.textContent) > 0).length === 4`)
	if p.eval(`document.querySelector("#trouble").hidden`) != "true" {
		t.Error("trouble: ", p.eval(`document.querySelector("#trouble").textContent`))
	}
	p.click("#epoch-hold")
	p.until("the epoch is held", `document.querySelector("#epoch-hold").getAttribute("aria-pressed") === "true"`)
	for _, width := range []int64{1280, 360} {
		p.size(width, 800)
		for _, scheme := range []string{"light", "dark"} {
			p.scheme(scheme)
			p.screenshot(fmt.Sprintf("%s-%d.png", scheme, width))
		}
		if wide := p.eval("document.documentElement.scrollWidth"); wide != fmt.Sprint(width) {
			t.Errorf("at %d pixels the page is %s wide", width, wide)
		}
	}
	if ground := p.eval("getComputedStyle(document.body).backgroundColor"); ground == "rgb(244, 246, 248)" {
		t.Error("the dark page is light")
	}
	p.quiet()
	p.atHome()
}

// A value goes in by the box and is found in the log, where its proof holds. Markup
// in it is text.
func TestSubmit(t *testing.T) {
	c := four(t)
	p := openTab(t, c.URLs[1])
	const evil = `<img src=/x onerror="document.title='owned'"> & "quotes"`
	p.enter("#submit-text", evil+kb.Enter)
	p.until("a receipt", `document.querySelector("#receipts li")?.textContent.includes("in block ")`)
	place := strings.TrimPrefix(p.eval(`document.querySelector("#receipts button").getAttribute("aria-label")`), "show value ")
	p.click("#receipts button")
	p.until("the value in its block", `document.querySelector("#found .chosen .content")?.textContent.startsWith("<img src")`)
	p.until("the proof holds", `document.querySelector("#found .chosen .proof")?.textContent.includes("the proof holds")`)
	if got := p.eval(`document.querySelector("#found .proof").textContent`); !strings.Contains(got, "not the browser") || !strings.Contains(got, "abad verify") {
		t.Errorf("the page does not say who checked: %s", got)
	}
	if p.eval(`document.querySelectorAll("main img").length`) != "0" {
		t.Error("the value became markup")
	}
	id := p.eval(`document.querySelector("#found .chosen code:last-of-type").textContent`)
	p.put("#find-what", id)
	p.click("#find button")
	p.until("the value by its id", fmt.Sprintf(`document.querySelector("#find-what").value === %q`, place))
	p.screenshot("submit.png")
	p.quiet() // before the next, which is an error by intent
	p.put("#find-what", "77")
	p.click("#find button")
	p.until("no such block", `document.querySelector("#found").textContent.includes("there is no block 77")`)
	p.put("#find-what", "nonsense")
	p.click("#find button")
	p.until("a hint", `document.querySelector("#found").textContent.includes("like 12.3")`)
	p.atHome()
}

// An operator votes, after being asked; others vote elsewhere, and the page shows
// what was decided.
func TestVote(t *testing.T) {
	c := four(t)
	p := openTab(t, c.URLs[0])
	p.until("the panel", `!document.querySelector("#decisions-panel").hidden`)
	const name = "open the gate / now?"
	p.enter("#vote-name", name)
	p.click(`#vote button[value="no"]`)
	p.until("a question", `document.querySelector(".ask")?.textContent.includes("Node 0 votes no")`)
	p.click(`.ask button[value="no"]`)
	p.until("nothing happens", `!document.querySelector(".ask")`)
	if _, err := c.Nodes[0].Decision(t.Context(), name); err == nil {
		t.Fatal("a vote was cast that was taken back")
	}
	p.click(`#vote button[value="yes"]`)
	p.until("a question", `document.querySelector(".ask")?.textContent.includes("Node 0 votes yes")`)
	p.click(`.ask button[value="yes"]`)
	p.until("the vote is in", `document.querySelector("#vote-said").textContent.includes("has voted yes")`)
	p.until("the list has it", `document.querySelector("#decisions td:last-child")?.textContent === "yes"`)
	for _, n := range c.Nodes[1:] {
		if err := n.Vote(t.Context(), name, true); err != nil && !errors.Is(err, decision.ErrDecided) {
			t.Error(err)
		}
	}
	p.until("it is decided", `document.querySelector("#decisions td b")?.textContent === "yes" && document.querySelector("#decisions").textContent.includes("certified")`)
	if got := p.eval(`document.querySelector("#decisions th").textContent`); got != name {
		t.Errorf("the name is %q", got)
	}
	p.screenshot("vote.png")
	p.quiet()
	p.atHome()
}

// The page is honest: a peer that is gone, too many that are gone, and its own node
// that is gone are all said, and the last one greys everything out.
func TestDown(t *testing.T) {
	c := four(t)
	stop := load(t, c)
	p := openTab(t, c.URLs[0])
	p.until("all links", `document.querySelectorAll("#links td.up").length === 12`)
	p.until("blocks", `document.querySelectorAll("#blocks tr").length > 0`)
	p.quiet()
	c.Kill(3)
	p.until("nobody sees node 3", `document.querySelectorAll("#links td.down").length === 3 && document.querySelectorAll("#links td.unknown").length === 3`)
	p.until("three of four", `document.querySelector("#figure-nodes-up").textContent.includes("3 of 4") && document.querySelector("#figure-nodes-up").classList.contains("warn")`)
	p.screenshot("one-down.png")
	c.Kill(2)
	p.until("no progress", `document.querySelector("#trouble").textContent.includes("nothing can be decided now")`)
	p.until("the epoch that hangs", `document.querySelector("#epoch-note").textContent.includes("in flight for")`)
	p.screenshot("stuck.png")
	p.quiet()
	stop()
	c.Kill(0)
	p.until("it says so", `document.querySelector("#trouble").textContent.includes("has not answered since") && document.querySelector("#state").textContent.includes("no answer for")`)
	p.until("it is greyed out", `document.body.classList.contains("stale") && getComputedStyle(document.querySelector("main")).filter === "grayscale(1)"`)
	p.screenshot("down.png")
	p.atHome()
}

// Where the API wants a token the page asks for it, keeps it in the tab, and sends
// it along.
func TestToken(t *testing.T) {
	reader, submitter := access.NewToken(), access.NewToken()
	policy := access.Policy{Enforced: true, Grants: access.Grants{
		{Name: "reader", Role: access.Read, Hash: reader.Hash()},
		{Name: "submitter", Role: access.Submit, Hash: submitter.Hash()},
	}}
	c := apitest.StartCluster(t, 1, func(_ int, conf *api.Config) {
		conf.Page, conf.Policy = page.Handlers(), func() access.Policy { return policy }
	})
	p := openTab(t, c.URLs[0])
	p.until("it asks", `document.querySelector("#token").open`)
	p.until("it says why", `document.querySelector("#trouble").textContent.includes("a token is needed here")`)
	p.enter("#token-value", string(reader)+kb.Enter)
	p.until("it is in", `document.querySelector("#state").textContent.includes("ready")`)
	p.enter("#submit-text", "not allowed"+kb.Enter)
	p.until("the role is too small", `document.querySelector("#receipts").textContent.includes("has the role read, and this needs submit")`)
	p.click("#token-open")
	p.put("#token-value", string(submitter))
	p.click(`#token button[value="yes"]`)
	p.click("#token-open")
	p.enter("#token-value", "of no use"+kb.Escape) // keeps what is there
	p.until("it has gone", `!document.querySelector("#token").open`)
	p.click("#receipts button")
	p.until("the value is in", `document.querySelector("#receipts").textContent.includes("in block 1 ")`)
	if p.eval("localStorage.length") != "0" || p.eval("document.cookie") != "" || p.eval("document.querySelector('#token-value').value") != "" {
		t.Error("the token is kept beyond the tab, or is still in its box")
	}
	p.atHome()
}
