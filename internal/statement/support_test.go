package statement

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/db"
)

func noIndex(*Observation) *int64 { return nil }

func serviceOf(t *testing.T, c Config, built []control.Control) *Service {
	t.Helper()
	if c.Journal == nil {
		c.Journal = &notebook{}
	}
	if c.Binder == nil {
		c.Binder = stamp{}
	}
	if c.Build == "" {
		c.Build = "test-build"
	}
	if c.Figures.Service == "" {
		c.Figures = DefaultFigures()
	}
	s, err := New(c, built)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func holds(text string) control.Probe {
	return func(context.Context) (control.Evidence, error) {
		return control.Evidence{OK: true, Measured: text, Facts: map[string]any{"n": 1}}, nil
	}
}

func breaks(failed ...string) control.Probe {
	return func(context.Context) (control.Evidence, error) {
		return control.Evidence{Measured: "守られていません。", Failed: failed}, nil
	}
}

func fails(err error) control.Probe {
	return func(context.Context) (control.Evidence, error) { return control.Evidence{}, err }
}

// sample is a control whose promise holds and whose mutant is caught.
func sample(id string, clauses ...string) control.Control {
	return control.Control{
		ID: id, Clauses: clauses, Grades: live, Says: id + "を守ります。", NotProven: "そのほかは分かりません。", Owner: "DEV",
		Fresh: time.Hour, Every: 15 * time.Minute, Probe: holds("守られています。"), Mutant: breaks("壊した環境"),
	}
}

// stamp stands where app puts the key store.
type stamp struct{}

func (stamp) Bind(_ context.Context, parts ...[]byte) ([]byte, error) {
	h := hmac.New(sha256.New, []byte("key"))
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum(nil), nil
}

// notebook stands where app puts the audit log.
type notebook struct {
	mu      sync.Mutex
	entries []map[string]any
	shipped bool
	err     error
}

func (n *notebook) Append(_ *db.Tx, _ string, detail map[string]any) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return "", n.err
	}
	n.entries = append(n.entries, detail)
	return fmt.Sprint("entry-", len(n.entries)), nil
}

func (n *notebook) Index(_ context.Context, ref string) (int64, bool) {
	var i int64
	_, err := fmt.Sscanf(ref, "entry-%d", &i)
	return i + 41, err == nil && n.shipped
}
