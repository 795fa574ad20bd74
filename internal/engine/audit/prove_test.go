package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// proved waits until an event is published and proves it.
func proved(t *testing.T, l *Log, ref Ref) Proof {
	t.Helper()
	for range 3000 {
		p, err := l.Prove(t.Context(), ref)
		if err == nil {
			return p
		}
		if !fault.Is(err, fault.Busy) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the event is never published")
	return Proof{}
}

// TestAProofStandsAlone: in a tree of several tiles, with events at the first, a middle and the last place.
func TestAProofStandsAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		defer func() { stop(); <-done }()
		issue := func(n int) Ref {
			ref, err := l.Record(t.Context(), Event{Verb: "certificate.issued", Actor: actor.System(ids.System, "certificate"), Detail: map[string]any{"n": n}})
			w.must(err)
			return ref
		}
		refs := []Ref{issue(0)}
		w.fill(l, 300)
		refs = append(refs, issue(1))
		w.fill(l, 150)
		refs = append(refs, issue(2))
		for n, ref := range refs {
			p := proved(t, l, ref)
			got, err := p.Check(l.PublicKey())
			if err != nil || got.Verb != "certificate.issued" || got.Detail["n"] != float64(n) || got.Index != p.Index || got.Size <= uint64(p.Index) {
				t.Fatalf("%d: %+v, %v", n, got, err)
			}
			for what, alter := range map[string]func(*Proof){
				"body":       func(p *Proof) { p.Body = bytes.Replace(p.Body, []byte(`"n":`), []byte(`"m":`), 1) },
				"verb":       func(p *Proof) { p.Verb = "certificate.revoked" },
				"time":       func(p *Proof) { p.At++ },
				"id":         func(p *Proof) { p.ID += "0" },
				"tenant":     func(p *Proof) { p.Tenant = w.b },
				"number":     func(p *Proof) { p.Seq++ },
				"link":       func(p *Proof) { p.Prev[0] ^= 1 },
				"place":      func(p *Proof) { p.Index ^= 1 },
				"negative":   func(p *Proof) { p.Index = -1 },
				"path":       func(p *Proof) { p.Path[len(p.Path)-1][0] ^= 1 },
				"short path": func(p *Proof) { p.Path = p.Path[1:] },
				"checkpoint": func(p *Proof) { p.Checkpoint = p.Checkpoint[1:] },
				"no body":    func(p *Proof) { p.Body = nil },
			} {
				b, _ := json.Marshal(p)
				var bad Proof
				w.must(json.Unmarshal(b, &bad))
				alter(&bad)
				if _, err := bad.Check(l.PublicKey()); code(err) != "audit.proof_broken" {
					t.Errorf("%d, altered %s: %v", n, what, err)
				}
			}
			other, err := openKey(t.TempDir()+"/key", true)
			w.must(err)
			if _, err := p.Check(other.public); code(err) != "audit.proof_broken" {
				t.Errorf("another log's key: %v", err)
			}
			if _, err := p.Check("no key"); code(err) != "audit.proof_key" {
				t.Errorf("no key: %v", err)
			}
		}
		if _, err := l.Prove(t.Context(), Ref{Tenant: ids.System, Seq: 1 << 40}); !fault.Is(err, fault.Missing) {
			t.Errorf("an event that is not there: %v", err)
		}
	})
}
