package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Dark shows the page as to somebody who prefers a dark screen, or a light one.
func (p *Page) Dark(is bool) {
	p.t.Helper()
	scheme := "light"
	if is {
		scheme = "dark"
	}
	get(p, "colour scheme", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}

// Paper shows the page as it is printed, or on the screen again.
func (p *Page) Paper(is bool) {
	p.t.Helper()
	media := ""
	if is {
		media = "print"
	}
	get(p, "medium", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media})
		return chromedp.Void{}, err
	})
}
