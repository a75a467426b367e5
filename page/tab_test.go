//go:build browser

package page_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what must come. It only bounds a failure.
const patience = 2 * time.Minute

// tab is a page in a real browser, with what went wrong in it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	home string // where the page is

	mu       sync.Mutex
	errors   []string
	requests []string
}

// openTab starts a browser of its own, headless and with a fresh profile, and opens
// the page.
func openTab(t *testing.T, home string) *tab {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.NoSandbox, // Chromium's own refuses to run as root; the page is ours
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.WSURLReadTimeout(patience),
	}
	if name := os.Getenv("ABAD_BROWSER"); name != "" {
		options = append(options, chromedp.ExecPath(name))
	}
	p := &tab{t: t, home: home}
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(options...), chromedp.WithListener(p.event))
	t.Cleanup(cancel)
	p.ctx = ctx
	p.size(1280, 800)
	p.do(chromedp.Navigate(home))
	return p
}

// event takes in what the browser tells.
func (p *tab) event(e any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, fmt.Sprintf("%+v", *e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			p.errors = append(p.errors, fmt.Sprintf("console: %s %v", e.Type, e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.errors = append(p.errors, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// until waits until an expression is true in the page.
func (p *tab) until(what, expression string) {
	p.t.Helper()
	poll := chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(patience), chromedp.WithPollingInterval(50*time.Millisecond))
	if _, err := chromedp.Run(p.ctx, poll); err != nil {
		p.screenshot("failure.png")
		p.t.Fatalf("waited in vain: %s: %v; the page says: %s", what, err, p.eval("document.body.innerText"))
	}
}

// eval gives an expression's value as text.
func (p *tab) eval(expression string) string {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// click, enter and put act on the element that a CSS selector finds.
func (p *tab) click(css string) { p.t.Helper(); p.do(chromedp.Click(chromedp.CSS(css))) }

func (p *tab) enter(css, keys string) { p.t.Helper(); p.do(chromedp.SendKeys(chromedp.CSS(css), keys)) }

func (p *tab) put(css, text string) { p.t.Helper(); p.do(chromedp.SetValue(chromedp.CSS(css), text)) }

func (p *tab) size(width, height int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, height))
}

func (p *tab) scheme(name string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	}))
}

// screenshot keeps a picture of the whole page with the test's artifacts.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	const png = 100
	data, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(png))
	if err != nil {
		p.t.Fatal(err)
	}
	where := filepath.Join(p.t.ArtifactDir(), name)
	if err := os.WriteFile(where, data, 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.t.Log(where)
}

// quiet fails the test for anything that the page complained of so far.
func (p *tab) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.errors {
		p.t.Error("in the browser: ", e)
	}
	p.errors = nil
}

// atHome fails the test for any request to elsewhere.
func (p *tab) atHome() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	home, err := url.Parse(p.home)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, r := range p.requests {
		if u, err := url.Parse(r); err != nil || u.Host != home.Host || u.Scheme != home.Scheme {
			p.t.Errorf("the page asks %s", r)
		}
	}
	if len(p.requests) < 10 {
		p.t.Errorf("only %d requests were seen: %s", len(p.requests), strings.Join(p.requests, " "))
	}
}
