package app

import (
	"log/slog"
	"path/filepath"
	"testing"

	"rakudos/internal/web"
)

// TestEveryKindOfWorkHasWords: whatever the running service may give up, the operators' page can name.
func TestEveryKindOfWorkHasWords(t *testing.T) {
	c := DefaultConfig()
	c.Data, c.Mail.Bounces, c.Mail.Return = filepath.Join(t.TempDir(), "data"), t.TempDir(), "returns@example.jp"
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	kinds := a.Jobs.Kinds()
	if len(kinds) < 20 {
		t.Errorf("only %d kinds are handled: %v", len(kinds), kinds)
	}
	for _, k := range kinds {
		if web.JobName(k) == k {
			t.Errorf("%s has no words", k)
		}
	}
}
