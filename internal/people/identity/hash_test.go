package identity

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/fault"
)

var cheap = HashParams{MemoryKiB: 64, Time: 1, Threads: 1}

func TestHashRoundTrip(t *testing.T) {
	s := hashPassword(cheap, "Kx7#mq2v é")
	h, err := parseHash(s)
	if err != nil || h.String() != s || h.HashParams != cheap {
		t.Fatalf("%s: %+v, %v", s, h, err)
	}
	if !h.matches("Kx7#mq2v é") || !h.matches("Kx7#mq2v e\u0301") {
		t.Error("the same password in another normal form is refused")
	}
	for _, wrong := range []string{"", "Kx7#mq2v", "Kx7#mq2v é ", " Kx7#mq2v é", "kx7#mq2v é", strings.Repeat("x", mostPassword+1)} {
		if h.matches(wrong) {
			t.Errorf("%q matches", wrong)
		}
	}
	if s == hashPassword(cheap, "Kx7#mq2v é") {
		t.Error("the salt is not random")
	}
	long := strings.Repeat("あ", 128)
	if h, _ := parseHash(hashPassword(cheap, long)); !h.matches(long) || h.matches(long[:len(long)-3]) {
		t.Error("a long password is cut")
	}
}

func TestPolicyHashIsWhatIsStored(t *testing.T) {
	s := hashPassword(DefaultPolicy().Hash, "x")
	if !strings.HasPrefix(s, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Error(s)
	}
}

func TestStoredHashesAreBounded(t *testing.T) {
	good := hashPassword(cheap, "x")
	tail := good[strings.Index(good, "p=1$")+4:]
	for name, s := range map[string]string{
		"empty": "", "bcrypt": "$2a$10$abcdefghijklmnopqrstuv", "argon2i": strings.Replace(good, "argon2id", "argon2i", 1),
		"memory":     "$argon2id$v=19$m=4194304,t=1,p=1$" + tail,
		"little":     "$argon2id$v=19$m=4,t=1,p=1$" + tail,
		"time":       "$argon2id$v=19$m=64,t=1000000,p=1$" + tail,
		"no time":    "$argon2id$v=19$m=64,t=0,p=1$" + tail,
		"threads":    "$argon2id$v=19$m=4096,t=1,p=200$" + tail,
		"no threads": "$argon2id$v=19$m=64,t=1,p=0$" + tail,
		"negative":   "$argon2id$v=19$m=-1,t=1,p=1$" + tail,
		"trailing":   "$argon2id$v=19$m=64,t=1,p=1 $" + tail,
		"version":    strings.Replace(good, "v=19", "v=16", 1),
		"salt":       "$argon2id$v=19$m=64,t=1,p=1$AA$" + strings.Split(tail, "$")[1],
		"sum":        "$argon2id$v=19$m=64,t=1,p=1$" + strings.Split(tail, "$")[0] + "$AAAA",
		"long sum":   "$argon2id$v=19$m=64,t=1,p=1$" + strings.Split(tail, "$")[0] + "$" + strings.Repeat("A", 400),
		"fields":     good + "$x",
	} {
		if _, err := parseHash(s); !fault.Is(err, fault.Internal) {
			t.Errorf("%s is read: %v", name, err)
		}
	}
}

func TestGateBoundsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2, 3)
		var inside, most atomic.Int64
		var refused atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				leave, err := g.enter(t.Context(), "")
				if f := fault.Of(err); f != nil {
					if f.Code != "identity.busy" || f.RetryAfter < time.Second {
						t.Errorf("%v, retry after %v", f, f.RetryAfter)
					}
					refused.Add(1)
					return
				}
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Second)
				inside.Add(-1)
				leave()
			})
		}
		wg.Wait()
		if most.Load() != 2 || refused.Load() != 15 {
			t.Errorf("%d inside at once, %d refused", most.Load(), refused.Load())
		}
		ctx, cancel := context.WithCancel(t.Context())
		a, _ := g.enter(ctx, "")
		b, _ := g.enter(ctx, "")
		cancel()
		if _, err := g.enter(ctx, ""); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled wait gave %v", err)
		}
		a()
		b()
		if g.held.Load() != 0 || len(g.slots) != 0 {
			t.Error("the gate leaks")
		}
	})
}
