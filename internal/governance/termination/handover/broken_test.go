package handover

import (
	"context"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestAnyNameGoesOnPaper: 𠮷, which the library of the paper cannot write, spoils no file.
func TestAnyNameGoesOnPaper(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	b.Source = source{b.ours: {table("people", []string{"𠮷野太郎", "😀"})}}
	if _, err := b.Ask(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Jobs.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := b.List(t.Context(), b.admin); err != nil || all[0].State != Ready {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestAPanicWhileWritingIsAFailure of this file alone: the process, and the goroutine that waits, live on.
func TestAPanicWhileWritingIsAFailure(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	bad := table("people")
	bad.Rows = func(context.Context, func([]string) error) error { panic("山田太郎") }
	if _, _, _, err := b.write(t.Context(), b.theirs, "x"); err != nil {
		t.Fatal(err)
	}
	b.Source = source{b.ours: {bad}}
	_, _, _, err := b.write(t.Context(), b.ours, "x")
	if code(err) != "fault.panic" || strings.Contains(err.Error(), "山田") {
		t.Errorf("a panic of the writer came out as %v", err)
	}
}

var (
	qKill   = db.GlobalQ("handover.test_kill", `update job set state = 'dead', attempt = 3 where slot = $1`)
	qForget = db.GlobalQ("handover.test_forget", `delete from job where slot = $1`)
)

// TestAFileWhoseJobIsGone is failed, not "being made" for ever, when the next is asked for and by the tidying; the
// neighbour's, whose job is still there, goes on.
func TestAFileWhoseJobIsGone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		neighbour := b.admin
		neighbour.Tenant = b.theirs
		if _, err := b.Ask(ctx, neighbour); err != nil {
			t.Fatal(err)
		}
		for name, gone := range map[string]db.Query{"dead": qKill, "forgotten": qForget} {
			for _, mend := range []func() error{
				func() error { return b.Tidy(ctx) },
				func() error { _, err := b.Ask(ctx, b.admin); return err },
			} {
				id, err := b.Ask(ctx, b.admin)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Tidy(ctx); err != nil {
					t.Fatal(err)
				}
				if f, err := b.one(ctx, b.ours, id); err != nil || f.State != Making {
					t.Fatalf("a file whose job waits was given up: %+v, %v", f, err)
				}
				if err := e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(gone, slot(id)); return err }); err != nil {
					t.Fatal(err)
				}
				if err := mend(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if f, err := b.one(ctx, b.ours, id); err != nil || f.State != Failed || f.Fault != codeBroken {
					t.Errorf("%s: %+v, %v", name, f, err)
				}
				if _, err := b.Jobs.Drain(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := b.Jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if all, err := b.List(ctx, neighbour); err != nil || len(all) != 1 || all[0].State != Ready {
			t.Errorf("the neighbour's: %+v, %v", all, err)
		}
	})
}
