package kms

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/transit"
)

// between stands before a service and does not look into what it passes on.
func between(t *testing.T, s *transit.Service, hold func()) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer near.Close()
				hold()
				far, err := net.Dial("tcp", strings.TrimPrefix(s.Address, "https://"))
				if err != nil {
					return
				}
				defer far.Close()
				go func() { _, _ = io.Copy(far, near) }()
				_, _ = io.Copy(near, far)
			}()
		}
	}()
	return "https://" + l.Addr().String()
}

// certificate: another name, another authority, and no token for either.
func certificate(t *testing.T, s *transit.Service) {
	o := bound(t, s)
	name := o
	name.Address = strings.Replace(o.Address, "127.0.0.1", "localhost", 1) // the certificate is the address's alone
	authority := o
	authority.CAFile = ""
	for what, o := range map[string]TransitOptions{"name": name, "authority": authority} {
		if _, err := driver(t, o).Wrap(t.Context(), []byte("k"), nil); code(err) != "vault.kms_certificate" {
			t.Errorf("of another %s: %v", what, err)
		}
	}
}

// slow: a service that does not answer is away after the attempts' time; one that answers late, in the second attempt,
// is fine.
func slow(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	w, err := driver(t, o).Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var left atomic.Int64
	o.Address = between(t, s, func() {
		if left.Add(-1) >= 0 {
			<-ctx.Done()
		}
	})
	o.within = 2 * time.Second
	left.Store(1)
	if got, err := driver(t, o).Unwrap(ctx, w, nil); err != nil || string(got) != "k" {
		t.Errorf("after one attempt: %v", err)
	}
	o.within = 200 * time.Millisecond
	left.Store(1 << 30)
	began := time.Now()
	if _, err := driver(t, o).Unwrap(ctx, w, nil); code(err) != "vault.kms_away" || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := driver(t, o).Unwrap(gone, w, nil); err == nil {
		t.Error("a caller who has gone is answered")
	}
}

// namespace: Vault's free edition ignores the header, OpenBao looks there. It must be sent, and answered either way.
func namespace(t *testing.T, s *transit.Service) {
	o := bound(t, s)
	o.Namespace = "root"
	if _, err := driver(t, o).Wrap(t.Context(), []byte("k"), nil); err != nil {
		t.Errorf("in the root namespace: %v", err)
	}
}

func sealed(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	r := driver(t, o)
	w, err := r.Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	again := func(what, want string) {
		t.Helper()
		_, err1 := r.Unwrap(ctx, w, nil)
		_, err2 := r.Wrap(ctx, []byte("k"), nil)
		if code(err1) != want || code(err2) != want {
			t.Errorf("%s: %v, %v; want %q", what, err1, err2, want)
		}
	}
	s.Seal(t)
	again("sealed", "vault.kms_sealed")
	s.Unseal(t)
	again("opened", "")
	s.Stop()
	again("stopped", "vault.kms_away")
	s.Start()
	s.Sealed(t)
	again("started again", "vault.kms_sealed")
	s.Unseal(t)
	again("opened again", "")
}

// standingBy: one that stands by answers for the active one, and without it the service is away until one is active.
func standingBy(t *testing.T, s *transit.Service) {
	active, at := s.Pair(t)
	o, ctx := bound(t, active), t.Context()
	o.Address = at
	r := driver(t, o)
	w, err := r.Wrap(ctx, []byte("k"), []byte("place"))
	if err != nil {
		t.Fatalf("through one that stands by: %v", err)
	}
	active.Stop()
	if _, err := r.Unwrap(ctx, w, []byte("place")); code(err) != "vault.kms_away" {
		t.Errorf("without an active one: %v", err)
	}
	active.Start()
	active.Sealed(t)
	active.Unseal(t)
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) { // an election takes its time
		got, err := r.Unwrap(ctx, w, []byte("place"))
		if err == nil && string(got) == "k" {
			return
		}
		if code(err) != "vault.kms_away" && code(err) != "vault.kms_sealed" || time.Now().After(end) {
			t.Fatalf("with one again: %v", err)
		}
	}
}

// speed tells what a call costs; the key is read before each wrapping.
func speed(t *testing.T, s *transit.Service) {
	r := driver(t, bound(t, s))
	var wrap, unwrap []time.Duration
	for range 50 {
		began := time.Now()
		w, err := r.Wrap(t.Context(), make([]byte, 32), []byte("place"))
		wrapped := time.Now()
		_, err2 := r.Unwrap(t.Context(), w, []byte("place"))
		if err = errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		wrap, unwrap = append(wrap, wrapped.Sub(began)), append(unwrap, time.Since(wrapped))
	}
	slices.Sort(wrap)
	slices.Sort(unwrap)
	t.Logf("of 50: wrap %v (worst %v), unwrap %v (worst %v)", wrap[25], wrap[49], unwrap[25], unwrap[49])
}

// scripted answers what no server can be made to answer at will.
func scripted(t *testing.T, answers ...func(http.ResponseWriter)) (vault.Root, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	var seen atomic.Value
	up := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("X-Vault-Namespace") + "|" + r.Header.Get("X-Vault-Token"))
		n := calls.Add(1)
		if int(n) > len(answers) {
			w.Write([]byte(`{"data":{"plaintext":"aw=="}}`))
			return
		}
		answers[n-1](w)
	}))
	t.Cleanup(func() {
		up.Close()
		if seen.Load() != "kenko/|s.right" {
			t.Errorf("the namespace and token that arrived: %v", seen.Load())
		}
	})
	s := &transit.Service{}
	s.Keep(t, up)
	return driver(t, TransitOptions{Address: up.URL, Mount: "transit", Key: "k", Namespace: "kenko/", CAFile: s.CAFile, TokenFile: s.File(t, "token", "s.right\n"), delay: time.Millisecond}), &calls
}

func status(codes ...int) (out []func(http.ResponseWriter)) {
	for _, c := range codes {
		out = append(out, func(w http.ResponseWriter) { w.WriteHeader(c) })
	}
	return out
}

// TestTransitTriesAgain: away is tried four times, a refusal once; a pause that the service asks for is kept. A standby
// answers 307, or 500 without an active one, and its redirect is not followed.
func TestTransitTriesAgain(t *testing.T) {
	wrapped := []byte(transitMagic + "vault:v1:AAAA")
	elsewhere := func(w http.ResponseWriter) {
		w.Header().Set("Location", "https://127.0.0.1:1/")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	junk := func(w http.ResponseWriter) { w.Write([]byte("<html>")) }
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		want    string
		calls   int64
	}{
		"denied":          {status(403), "vault.kms_denied", 1},
		"missing":         {status(404), "vault.kms_missing", 1},
		"a bad request":   {status(400), unexplained, 1},
		"not its answer":  {[]func(http.ResponseWriter){junk}, unexplained, 1},
		"comes back":      {status(503, 429, 500), "", 4},
		"stays away":      {status(503, 503, 503, 503, 503), "vault.kms_away", 4},
		"replica":         {status(473, 472), "", 3},
		"standby":         {[]func(http.ResponseWriter){elsewhere, elsewhere}, "", 3},
		"standby, always": {[]func(http.ResponseWriter){elsewhere, elsewhere, elsewhere, elsewhere}, "vault.kms_away", 4},
	} {
		r, calls := scripted(t, c.answers...)
		_, err := r.Unwrap(t.Context(), wrapped, nil)
		if code(err) != c.want || calls.Load() != c.calls {
			t.Errorf("%s: %v after %d calls, want %q after %d", name, err, calls.Load(), c.want, c.calls)
		}
	}
	r, _ := scripted(t, func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", strconv.Itoa(1))
		w.WriteHeader(http.StatusTooManyRequests)
	})
	began := time.Now()
	if _, err := r.Unwrap(t.Context(), wrapped, nil); err != nil || time.Since(began) < time.Second {
		t.Errorf("Retry-After was not waited for: %v after %v", err, time.Since(began))
	}
}
