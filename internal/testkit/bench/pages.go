package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"rakudos/internal/testkit/outside"
	"rakudos/internal/testkit/samples"
)

func listPages(ctx context.Context, o options) ([]figure, error) {
	data, files, err := withRoster(ctx, o, o.list, "list", "")
	if err != nil {
		return nil, err
	}
	if _, _, err := outside.Command(ctx, o.bin, nil, importArgs("checkups", data, "", filepath.Join(files, samples.BodyA))...); err != nil {
		return nil, err
	}
	s, err := outside.Serve(ctx, o.bin, data, "")
	if err != nil {
		return nil, err
	}
	nurse, err := s.SignIn(ctx, "midori", "nurse")
	if err != nil {
		return nil, err
	}
	var f []figure
	for _, p := range []struct{ what, path, budget string }{
		{"first page", "/checkups?year=2026", "p95 150 ms"},
		{"filtered by judgement", "/checkups?year=2026&judgement=D", "p95 300 ms"},
		{"filtered by judgement and site", "/checkups?year=2026&judgement=C&site=S02", "p95 300 ms"},
		{"searched by name", "/checkups?year=2026&q=" + url.QueryEscape("佐藤"), ""},
	} {
		first, err := repeat(ctx, nurse, p.path, 1)
		if err != nil {
			return nil, err
		}
		t, err := repeat(ctx, nurse, p.path, 60)
		if err != nil {
			return nil, err
		}
		f = append(f, figure{fmt.Sprintf("check-up list of %d people, %s", o.list, p.what), fmt.Sprintf("%s; first %d ms", t, first[0].Milliseconds()), p.budget})
	}
	f = append(f, figure{"  peak memory of the service", fmt.Sprintf("%.0f MB", s.Peak()), ""})
	return f, s.Stop()
}

func repeat(ctx context.Context, c *outside.Client, path string, n int) (outside.Times, error) {
	var t outside.Times
	for range n {
		start := time.Now()
		status, b, err := c.Get(ctx, path)
		if err != nil || status != http.StatusOK {
			return t, fmt.Errorf("%s: %d %v %.200s", path, status, err, b)
		}
		t = append(t, time.Since(start))
	}
	return t, nil
}

// signInStorm lets many people send their password at once, while somebody works.
func signInStorm(ctx context.Context, o options) ([]figure, error) {
	data, err := seeded(ctx, o, "storm", "")
	if err != nil {
		return nil, err
	}
	s, err := outside.Serve(ctx, o.bin, data, "")
	if err != nil {
		return nil, err
	}
	nurse, err := s.SignIn(ctx, "hikari", "nurse")
	if err != nil {
		return nil, err
	}
	quiet, err := paced(ctx, nurse, 3*time.Second)
	if err != nil {
		return nil, err
	}
	before := s.Peak()
	s.Reset()
	watching, end := context.WithCancel(ctx)
	seen := make(chan outside.Times, 1)
	go func() {
		t, _ := nurse.Watch(watching, 10*time.Millisecond, "/", "/checkups", "/people")
		seen <- t
	}()
	start := time.Now()
	c, err := crowd(ctx, s.Base, o.signers)
	if err != nil {
		end()
		return nil, err
	}
	took := time.Since(start)
	end()
	meanwhile := <-seen
	if c.Other > 0 {
		return nil, fmt.Errorf("%d sign-ins were refused without being told when to try again", c.Other)
	}
	f := []figure{
		{fmt.Sprintf("%d sign-ins at once", o.signers), fmt.Sprintf("%.1f s: %d answered, %d told when to try again, %d otherwise", took.Seconds(), c.Answered, c.Later, c.Other), ""},
		{"  peak memory of the service", fmt.Sprintf("%.0f MB (before %.0f MB)", s.Peak(), before), "bounded"},
		{"  other people's pages meanwhile", meanwhile.String(), "p95 300 ms"},
		{"  the same pages before", quiet.String(), ""},
	}
	return f, s.Stop()
}
