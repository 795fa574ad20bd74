package app

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/blob/bucket"
	"rakudos/internal/testkit/s3server"
)

// TestBackupsAreGoneFromBothPlaces: the second stage of a certificate waits for what lies in the second place, half
// copies included, and for a place that can't be reached (6-3a).
func TestBackupsAreGoneFromBothPlaces(t *testing.T) {
	c := DefaultConfig()
	c.Data, c.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	c.Backup.Second = s3server.Start(t)
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close(t.Context()) }()
	before := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	look := func(want bool) {
		t.Helper()
		if gone, err := a.backupsGone(t.Context(), before); err != nil || gone != want {
			t.Errorf("gone: %t, want %t; %v", gone, want, err)
		}
	}
	look(true)
	if _, err := a.Backup.Run(t.Context(), actor.System(ids.System, "backup")); err != nil {
		t.Fatal(err)
	}
	look(true) // taken after
	b, err := bucket.Open(t.Context(), c.Backup.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	const half = "sets/20240101T000000Z-aaaaaaaa/main.00000"
	if _, err := b.Put(t.Context(), half, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	look(false)
	if err := b.Erase(t.Context(), half); err != nil {
		t.Fatal(err)
	}
	look(true)
}
