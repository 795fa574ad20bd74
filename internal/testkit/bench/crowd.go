package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/outside"
)

// answers is what a crowd of sign-ins got.
type answers struct{ Answered, Later, Other int64 }

// crowd lets many people send their password at once, from a process of its own: their handshakes must not stand in
// the way of the one whose pages are measured.
func crowd(ctx context.Context, base string, n int) (answers, error) {
	self, err := os.Executable()
	if err != nil {
		return answers{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-crowd", base, "-signers", strconv.Itoa(n))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return answers{}, fmt.Errorf("crowd: %w", err)
	}
	var a answers
	return a, json.Unmarshal(out, &a)
}

// signInAtOnce is the crowd. IDs that do not exist cost the same hashing as ones that do, and lock nobody out; every
// password is another one: the same one would be slowed down as spraying.
func signInAtOnce(ctx context.Context, base string, n int) error {
	var answered, later, other atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			form := url.Values{"tenant": {"midori"}, "login_id": {fmt.Sprint("storm", i)}, "password": {fmt.Sprintf("Storm-pass#%04d", i)}}
			res, err := outside.NewClient(base).Post(ctx, probe.PathLogin, form)
			switch {
			case err != nil:
				other.Add(1)
			case res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusTooManyRequests:
				answered.Add(1)
			case res.Header.Get("Retry-After") == "":
				other.Add(1)
			default:
				later.Add(1)
			}
		})
	}
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(answers{answered.Load(), later.Load(), other.Load()})
}
