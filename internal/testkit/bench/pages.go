package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/samples"
)

func listPages(ctx context.Context, o options) ([]figure, error) {
	data, files, err := withRoster(ctx, o, o.list, "list", "")
	if err != nil {
		return nil, err
	}
	if _, _, err := command(ctx, o, nil, importArgs("checkups", data, "", filepath.Join(files, samples.BodyA))...); err != nil {
		return nil, err
	}
	s, err := serve(ctx, o, data, "")
	if err != nil {
		return nil, err
	}
	nurse, err := s.signIn(ctx, "midori", "nurse")
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
		first, err := nurse.repeat(ctx, p.path, 1)
		if err != nil {
			return nil, err
		}
		t, err := nurse.repeat(ctx, p.path, 60)
		if err != nil {
			return nil, err
		}
		f = append(f, figure{fmt.Sprintf("check-up list of %d people, %s", o.list, p.what), fmt.Sprintf("%s; first %d ms", t, first[0].Milliseconds()), p.budget})
	}
	f = append(f, figure{"  peak memory of the service", fmt.Sprintf("%.0f MB", s.peak()), ""})
	return f, s.stop()
}

func (c *client) repeat(ctx context.Context, path string, n int) (times, error) {
	var t times
	for range n {
		start := time.Now()
		status, b, err := c.get(ctx, path)
		if err != nil || status != http.StatusOK {
			return t, fmt.Errorf("%s: %d %v %.200s", path, status, err, b)
		}
		t = append(t, time.Since(start))
	}
	return t, nil
}

// signInStorm lets many people send their password at once, half of them a wrong one, while somebody works.
func signInStorm(ctx context.Context, o options) ([]figure, error) {
	data, err := seeded(ctx, o, "storm", "")
	if err != nil {
		return nil, err
	}
	s, err := serve(ctx, o, data, "")
	if err != nil {
		return nil, err
	}
	nurse, err := s.signIn(ctx, "hikari", "nurse")
	if err != nil {
		return nil, err
	}
	quiet, err := paced(ctx, nurse, 3*time.Second)
	if err != nil {
		return nil, err
	}
	before := s.peak()
	s.reset()
	watching, end := context.WithCancel(ctx)
	seen := make(chan times, 1)
	go func() {
		t, _ := nurse.watch(watching, 10*time.Millisecond, "/", "/checkups", "/people")
		seen <- t
	}()
	var answered, later, other atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for i := range o.signers {
		wg.Go(func() {
			// IDs that do not exist cost the same hashing as ones that do, and lock nobody out.
			form := url.Values{"tenant": {"midori"}, "login_id": {fmt.Sprint("storm", i)}, "password": {"Storm-pass#2026"}}
			res, err := newClient(s.base).post(ctx, probe.PathLogin, form)
			switch {
			case err != nil:
				other.Add(1)
			case res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusTooManyRequests:
				if res.Header.Get("Retry-After") == "" {
					other.Add(1)
				} else {
					later.Add(1)
				}
			default:
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	end()
	meanwhile := <-seen
	f := []figure{
		{fmt.Sprintf("%d sign-ins at once", o.signers), fmt.Sprintf("%.1f s: %d answered, %d told when to try again, %d otherwise", took.Seconds(), answered.Load(), later.Load(), other.Load()), ""},
		{"  peak memory of the service", fmt.Sprintf("%.0f MB (before %.0f MB)", s.peak(), before), "bounded"},
		{"  other people's pages meanwhile", meanwhile.String(), "p95 300 ms"},
		{"  the same pages before", quiet.String(), ""},
	}
	return f, s.stop()
}
