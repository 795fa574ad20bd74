package browser

import (
	"context"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// For opens a tab with cookies of its own for a test that runs beside this page's.
func (p *Page) For(t testing.TB) *Page {
	t.Helper()
	return open(t, p.ctx, chromedp.WithNewBrowserContext())
}

// Carry gives the tab the cookies of somebody who is signed in to a site already.
func (p *Page) Carry(site string, cookies []*http.Cookie) {
	p.t.Helper()
	yes := true
	for _, c := range cookies {
		get(p, "cookie "+c.Name, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
			return cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: site + "/", Path: "/", Secure: &yes, HTTPOnly: &yes})
		})
	}
}

// Press sends one key to whatever has the focus.
func (p *Page) Press(key string) {
	p.t.Helper()
	p.must("press "+key, chromedp.KeyEvent(key))
}
