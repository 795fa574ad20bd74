package certificate

import (
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tUnrevoke = db.Q("certificate_test.unrevoke", `update certificate set state = 'issued', revoked_at = 0, revocation = null where tenant_id = $1 and certificate_id = $2`)
	tGone     = db.Q("certificate_test.gone", `delete from certificate where tenant_id = $1 and certificate_id = $2`)
	tMine     = db.Q("certificate_test.mine", `insert into certificate_key (tenant_id, key_id, public, sealed, created_at)
		select tenant_id, 'mine', $2, sealed, created_at + 1 from certificate_key where tenant_id = $1`)
	tPublic = db.Q("certificate_test.public", `update certificate_key set public = $2 where tenant_id = $1`)
)

func (b *bed) exec(q db.Query, args ...any) {
	b.t.Helper()
	if err := b.DB.Tx(b.t.Context(), ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(q, append([]any{ids.System}, args...)...)
		return err
	}); err != nil {
		b.t.Fatal(err)
	}
}

// TestNoRowTakesARevocationBack: neither a cleared row nor one that is gone; the neighbour's certificate holds; and what
// is issued anew for the same erasure names the one that it replaces.
func TestNoRowTakesARevocationBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		first, err := b.Issue(ctx, machine, "a", sample("x"))
		if err != nil {
			t.Fatal(err)
		}
		other, err := b.Issue(ctx, machine, "b", sample("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, file := b.file(first.ID)
		if err := b.Revoke(ctx, machine, first.ID, "取り違え"); err != nil {
			t.Fatal(err)
		}
		b.exec(tUnrevoke, first.ID)
		for _, fresh := range []bool{false, true} {
			if fresh {
				b.told.forget()
			}
			if r := Verify(file, b.trust()); r.OK || !r.Revoked {
				t.Errorf("cleared: %s", codes(r))
			}
			if one, err := b.Entry(ctx, machine, first.ID); err != nil || one.State != Revoked {
				t.Errorf("cleared: %+v %v", one, err)
			}
		}
		next, err := b.Issue(ctx, machine, "a", sample("x"))
		if err != nil || next.ID == first.ID || next.Body.Replaces == nil || next.Body.Replaces.ID != first.ID || next.Body.Replaces.Digest != first.Digest {
			t.Fatalf("%+v %v", next.Body.Replaces, err)
		}
		if again, err := b.Issue(ctx, machine, "a", sample("x")); err != nil || again.ID != next.ID {
			t.Errorf("issued a third time: %v", err)
		}
		b.exec(tGone, first.ID)
		b.told.forget()
		if r := Verify(file, b.trust()); r.OK || !r.Revoked {
			t.Errorf("gone: %s", codes(r))
		}
		for _, id := range []string{other.ID, next.ID} {
			if _, text := b.file(id); !Verify(text, b.trust()).OK {
				t.Errorf("%s was revoked with it", id)
			}
		}
	})
}

// TestNoForeignKeyIsPublished: a public key that is not that of the sealed private one stands in no list, and is told
// once; the service makes itself another rather than sign with it.
func TestNoForeignKeyIsPublished(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		before := b.trust()
		b.exec(tMine, "rakudos-certificate-mine+00000000+AAAA")
		if now := b.trust(); len(now.Keys) != 1 || now.Keys[0] != before.Keys[0] {
			t.Errorf("%+v", now.Keys)
		}
		b.exec(tPublic, "rakudos-certificate-mine+00000000+AAAA")
		if now := b.trust(); len(now.Keys) != 1 || now.Keys[0] == before.Keys[0] {
			t.Errorf("%+v", now.Keys)
		}
		if found, err := b.log.Find(t.Context(), actor.System(ids.System, "test"), audit.Filter{Verb: "integrity.row_refused"}); err != nil || len(found) != 2 {
			t.Errorf("told %d times: %v", len(found), err)
		}
	})
}
