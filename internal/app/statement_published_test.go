package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/statement"
	"rakudos/internal/testkit/controltest"
)

func openedStatement(t *testing.T) *statement.Service {
	t.Helper()
	c := DefaultConfig()
	c.Data = t.TempDir()
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a.Statement
}

// TestStatementIsPublished keeps the newest edition of the statement equal to what the program promises.
// With UPDATE_DOCS=1 a draft is published again.
func TestStatementIsPublished(t *testing.T) {
	s := openedStatement(t)
	d := s.Drift()
	if len(d.Figures)+len(d.Words) == 0 {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "1" {
		e, err := statement.Republish("../statement/versions", s.Document())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("edition %s is now %s", e.Number, e.SHA256)
		return
	}
	t.Errorf("the statement has drifted from its newest edition; run with UPDATE_DOCS=1\nfigures: %q\nwords: %q", d.Figures, d.Words)
}

// TestPromises names every control that somebody must prove; the reader of the test stream demands it.
func TestPromises(t *testing.T) {
	for _, c := range openedStatement(t).Set().Controls {
		if c.Probe != nil && slices.Contains(c.Grades, control.Real) {
			t.Run(c.ID, func(t *testing.T) { t.Attr(controltest.AttrPromise, c.ID) })
		}
	}
}

// TestSourceFigures finds every figure of the source document in the whole program's statement.
func TestSourceFigures(t *testing.T) {
	st, err := openedStatement(t).Statement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("../statement/testdata/source-figures.txt")
	if err != nil {
		t.Fatal(err)
	}
	for figure := range strings.Lines(string(list)) {
		if figure = strings.TrimSpace(figure); !strings.Contains(string(b), figure) {
			t.Errorf("the statement lacks %q", figure)
		}
	}
	for _, c := range st.Clauses {
		for _, k := range c.Controls {
			if k.Status == control.Pass {
				t.Errorf("%s is PASS on a service that has never run", k.ID)
			}
		}
	}
}
