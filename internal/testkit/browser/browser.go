// Package browser drives Debian's Chromium like a person: open, click, type, choose a file, look. It must
// never reach another host than this machine, and never be imported by the program.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds one step; a page that takes longer has failed.
const patience = 30 * time.Second

// Page is one tab with cookies of its own.
type Page struct {
	t        testing.TB
	ctx      context.Context
	mu       sync.Mutex
	problems []string
}

// Start runs a Chromium for this test and opens an empty tab.
func Start(t testing.TB) *Page {
	t.Helper()
	bin, err := find()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("\n*** NOT TESTED IN A BROWSER: %v\n*** `make test` installs it; in CI this is a failure.", err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(bin), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(patience),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Headless, chromedp.IgnoreCertErrors,
	}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-default-apps", "disable-extensions", "disable-dev-shm-usage", "no-proxy-server", "force-prefers-reduced-motion"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	options = append(options,
		chromedp.Flag("lang", "ja-JP"), chromedp.Env("LANG=ja_JP.UTF-8", "TZ=Asia/Tokyo"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	return open(t, alloc)
}

// Tab opens another tab of the same browser; with cookies of its own when fresh.
func (p *Page) Tab(fresh bool) *Page {
	p.t.Helper()
	if fresh {
		return open(p.t, p.ctx, chromedp.WithNewBrowserContext())
	}
	return open(p.t, p.ctx)
}

func open(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *Page {
	t.Helper()
	p := &Page{t: t}
	ctx, closeTab := chromedp.NewContext(parent, append(options, chromedp.WithListener(p.note))...)
	t.Cleanup(closeTab)
	p.ctx = ctx
	// The first run takes no deadline: it would end the browser.
	if err := chromedp.Do(ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return chromedp.Void{}, err
	}); err != nil {
		t.Fatalf("browser: start: %v", err)
	}
	return p
}

func find() (string, error) {
	for _, name := range []string{"chromium", "google-chrome", "chromium-browser"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", errors.New("browser: no Chromium in PATH")
}

// note keeps what a person with the console open would see: violated policies, exceptions, failed loads.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, fmt.Sprintf("exception: %s at %s:%d", e.ExceptionDetails.Text, e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber+1))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			p.problems = append(p.problems, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

// Problems returns what the console complained of, and forgets it.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.problems
	p.problems = nil
	return out
}

func (p *Page) must(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	get(p, what, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Steps(steps...)(ctx, t)
	})
}

// get runs one action under the page's patience; a failure tells where the browser stood.
func get[T any](p *Page, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		short, cancel := context.WithTimeout(p.ctx, 3*time.Second)
		defer cancel()
		where, _ := chromedp.Run(short, chromedp.Location())
		body, _ := chromedp.Run(short, chromedp.Evaluate[string]("document.body ? document.body.innerText.slice(0, 800) : ''"))
		p.t.Fatalf("browser: %s: %v\nat %s\n%s", what, err, where, body)
	}
	return v
}

// quote writes a string as JavaScript does.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always has one
	return string(b)
}

// Size sets the window and waits until the page has been drawn in it; 390 wide is a phone.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	p.must("size", chromedp.EmulateViewport(width, height, func(m *emulation.SetDeviceMetricsOverrideParams, _ *emulation.SetTouchEmulationEnabledParams) {
		m.Mobile = width < 600
	}))
	Eval[bool](p, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
}

// Open goes to an address and waits for the page.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.must("open "+url, chromedp.Navigate(url))
}

// Click clicks the first element that the CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.must("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Follow clicks and waits for the page that follows. A link is clicked again when nothing happens, as a
// person would whose first click met a page that was still moving; a button never is.
func (p *Page) Follow(selector string) {
	p.t.Helper()
	tries := 1
	if Eval[bool](p, "document.querySelector("+quote(selector)+")?.tagName === 'A'") {
		tries = 3
	}
	var err error
	for range tries {
		ctx, cancel := context.WithTimeout(p.ctx, patience/time.Duration(tries))
		_, err = chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
		cancel()
		if err == nil {
			return
		}
	}
	p.t.Fatalf("browser: follow %s: %v\nat %s\n%s", selector, err, p.URL(), p.Text())
}

// Type writes into a field, replacing what is there.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.See(selector)
	Eval[string](p, "document.querySelector("+quote(selector)+").value = ''")
	p.must("type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

// Choose puts a file into a file field.
func (p *Page) Choose(selector, path string) {
	p.t.Helper()
	p.must("choose a file at "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{path}))
}

// See waits until something visible matches the selector.
func (p *Page) See(selector string) {
	p.t.Helper()
	p.must("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Text of the whole page as a person reads it.
func (p *Page) Text() string {
	p.t.Helper()
	return Eval[string](p, "document.body ? document.body.innerText : ''")
}

// URL of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return get(p, "address", chromedp.Location())
}

// Eval runs an expression, awaits it when it is a promise, and returns its value.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return get(p, "evaluate", chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// AwaitText waits until the page shows a text.
func (p *Page) AwaitText(text string) {
	p.t.Helper()
	p.Await("「"+text+"」", "document.body.innerText.includes("+quote(text)+")")
}

// Await waits until an expression is true. While a page gives way to the next one it has no value, which
// counts as not yet.
func (p *Page) Await(what, expression string) {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(p.ctx, time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		cancel()
		if err == nil && ok {
			return
		}
	}
	p.t.Fatalf("browser: waited %v for %s\nat %s\n%s", patience, what, p.URL(), p.Text())
}

// Screenshot saves the page as a PNG, from its top, at most tall pixels of it. The window grows for it.
func (p *Page) Screenshot(path string, tall int64) {
	p.t.Helper()
	width, height := Eval[int64](p, "innerWidth"), Eval[int64](p, "innerHeight")
	p.Size(width, min(max(Eval[int64](p, "document.documentElement.scrollHeight"), height), tall))
	Eval[int](p, "scrollTo(0, 0), 0")
	png := get(p, "screenshot", chromedp.CaptureScreenshot())
	p.Size(width, height)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
