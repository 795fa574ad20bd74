package certificate

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// bed is a service of certificates on a running audit log.
type bed struct {
	*Service
	t     *testing.T
	vault *vault.Vault
	log   *audit.Log
	still func() // the log publishes no more
}

var machine = actor.System(ids.System, "erasure")

func newBed(t *testing.T, e *testdb.Env) *bed {
	t.Helper()
	ctx := t.Context()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(ctx, e.Keys, root)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(ctx, e.DB, v, audit.Config{Dir: e.Dir + "/log", CheckpointInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); _ = log.Run(run) }()
	still := func() { stop(); <-done }
	t.Cleanup(func() { still(); _ = log.Close() })
	guard := func(a actor.Actor, permission string) error {
		if a.Kind == actor.Machine || a.Kind == actor.Human && slices.Contains(a.Roles, actor.ITSM) {
			return nil
		}
		return fault.New(fault.Denied, "access.denied")
	}
	return &bed{New(Deps{DB: e.DB, Keys: v, Log: log, Guard: guard, Issuer: "試験保健会", Service: "rakudos", Version: "test"}), t, v, log, still}
}

// file waits until the certificate is proven.
func (b *bed) file(id string) (*File, []byte) {
	b.t.Helper()
	for range 3000 {
		f, err := b.File(b.t.Context(), machine, id)
		if fault.Is(err, fault.Busy) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		text, err := f.Encode()
		if err != nil {
			b.t.Fatal(err)
		}
		return f, text
	}
	b.t.Fatal("the certificate is never proven")
	return nil, nil
}

func (b *bed) trust() Trust {
	b.t.Helper()
	t, err := b.Trust(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return t
}

// sample is a first-stage certificate that holds.
func sample(tenant string) Body {
	now := time.Now().UTC().Truncate(time.Second)
	start, end := now.Add(-time.Minute), now.Add(-time.Second)
	return Body{
		Stage: Primary, Of: OfTenant, Tenant: Party{tenant, "株式会社みどり製作所", "midori"}, Basis: "解約（2026-11 の末日）",
		Scope: []Store{
			{"checkup_result", "表", 1200, "purge", "暗号鍵の廃棄（Cryptographic Erase）と行の削除"},
			{"blobs", "ファイル", 7, "purge", "暗号鍵の廃棄とファイルの削除"},
		},
		Keys:         []Key{{tenant, OfTenant, 1, At(end), "e3b0c44298fc1c149afbf4c8996fb924"}},
		Started:      At(start),
		Finished:     At(end),
		Verification: Verification{"全表・全ファイルと古いバックアップの走査", 42, 0, "pass"},
		Exceptions:   []Exception{{LogSkeleton, "監査ログの骨格", new(int64(10)), "記録の完全性を保つため"}},
		Approvers:    []Who{Approver("a1"), Approver("a2")},
		Backups:      BackupState{UnreadableSince: At(end), LastExpiry: jst.Of(jst.BackupExpiry(end)).String()},
		Policy:       "2026-11",
		LedgerIndex:  3,
	}
}

// second completes a first-stage certificate.
func second(first Entry) Body {
	b := first.Body
	gone := At(time.Now())
	b.Stage, b.Backups.GoneAt, b.FirstStage = Backups, &gone, &Earlier{first.ID, first.Digest}
	return b
}
