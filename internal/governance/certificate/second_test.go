package certificate

import (
	"context"
	"errors"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// past is a first-stage body of an erasure that long ago.
func past(tenant string, days int) Body {
	b := sample(tenant)
	end := time.Now().AddDate(0, 0, -days).UTC().Truncate(time.Second)
	b.Started, b.Finished, b.Keys[0].Destroyed, b.Backups.UnreadableSince = At(end.Add(-time.Minute)), At(end), At(end), At(end)
	b.Backups.LastExpiry = jst.Of(jst.BackupExpiry(end)).String()
	return b
}

// TestTheSecondStage comes only when the day is over and the backups were seen to be gone, and only once.
func TestTheSecondStage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		old, young := ids.New[ids.Tenant](), ids.New[ids.Tenant]()
		first, err := b.Issue(ctx, machine, "run:1/0", past(string(old), 367))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Issue(ctx, machine, "run:2/0", past(string(young), 300)); err != nil {
			t.Fatal(err)
		}
		revoked, err := b.Issue(ctx, machine, "run:3/0", past(string(old), 400))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Revoke(ctx, machine, revoked.ID, "取り違え"); err != nil {
			t.Fatal(err)
		}
		var asked []time.Time
		answer := func(ok bool, err error) func(context.Context, time.Time) (bool, error) {
			return func(_ context.Context, before time.Time) (bool, error) { asked = append(asked, before); return ok, err }
		}
		if n, err := b.Complete(ctx, machine, answer(false, nil)); n != 0 || err != nil || len(asked) != 1 {
			t.Errorf("with a backup left: %d, %v, asked %v", n, err, asked)
		}
		if n, err := b.Complete(ctx, machine, answer(true, errors.New("unreachable"))); n != 0 || err == nil {
			t.Errorf("when nobody can look: %d, %v", n, err)
		}
		if n, err := b.Complete(ctx, machine, answer(true, nil)); n != 1 || err != nil {
			t.Errorf("when they are gone: %d, %v", n, err)
		}
		if n, err := b.Complete(ctx, machine, answer(true, nil)); n != 0 || err != nil {
			t.Errorf("a second time: %d, %v", n, err)
		}
		one, two, err := b.OfRun(ctx, old, "run:1/")
		if err != nil || one.ID != first.ID || two.Stage != Backups || two.Body.FirstStage.Digest != first.Digest {
			t.Errorf("of the run: %+v, %+v, %v", one, two, err)
		}
		if _, text := b.file(two.ID); !Verify(text, b.trust()).OK {
			t.Error("the second stage does not verify")
		}
		if one, two, err := b.OfRun(ctx, young, "run:2/"); err != nil || one.ID == "" || two.ID != "" {
			t.Errorf("the neighbour: %+v, %+v, %v", one, two, err)
		}
		if one, _, err := b.OfRun(ctx, old, "run:3/"); err != nil || one.ID != "" {
			t.Errorf("a revoked one counts: %+v, %v", one, err)
		}
		// A claim that the day itself would refuse is never signed.
		early := second(Entry{ID: first.ID, Digest: first.Digest, Body: past(string(old), 1)})
		early.Backups.GoneAt = &Instant{}
		if _, err := b.Issue(ctx, machine, "early", early); code(err) != "certificate.overclaims" {
			t.Errorf("a second stage without an instant: %v", err)
		}
	})
}
