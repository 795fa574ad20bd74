package certificate

import (
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tDigest = db.Q("certificate_test.digest", `update certificate set digest = 'x' where tenant_id = $1 and certificate_id = $2`)
	tStage  = db.Q("certificate_test.stage", `update certificate set stage = 2 where tenant_id = $1 and certificate_id = $2`)
	tIssued = db.Q("certificate_test.issued", `update certificate set issued_at = issued_at - 86400000000 where tenant_id = $1 and certificate_id = $2`)
	tState  = db.Q("certificate_test.state", `update certificate set state = 'revoked' where tenant_id = $1 and certificate_id = $2`)
	tSealed = db.Q("certificate_test.sealed", `update certificate set sealed = revocation where tenant_id = $1 and certificate_id = $2`)
	tProof  = db.Q("certificate_test.proof", `update certificate set proof = sealed where tenant_id = $1 and certificate_id = $2`)
	tNumber = db.Q("certificate_test.number", `update certificate set certificate_id = 'another' where tenant_id = $1 and certificate_id = $2`)
)

// TestTheRegisterIsCheckedAgainstTheLog: a certificate that somebody deleted, altered, revoked by hand or took the
// revocation from is noticed; as they were, all of them hold.
func TestTheRegisterIsCheckedAgainstTheLog(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		for why, c := range map[string]struct {
			q    db.Query
			of   int // 0: the one that stands, 1: the one that is revoked
			want string
		}{
			"gone": {tGone, 0, "certificate.row_missing"}, "digest": {tDigest, 0, "certificate.row_altered"}, "stage": {tStage, 0, "certificate.row_altered"},
			"issued": {tIssued, 0, "certificate.row_altered"}, "revoked by hand": {tState, 0, "certificate.row_altered"}, "proof": {tProof, 0, "certificate.row_altered"},
			"number": {tNumber, 0, "certificate.row_altered"}, "revocation taken back": {tUnrevoke, 1, "certificate.row_altered"}, "another seal": {tSealed, 1, "certificate.row_altered"},
		} {
			before, err := Check(t.Context(), e.DB, b.vault)
			if err != nil {
				t.Fatalf("before: %v", err)
			}
			var id [2]string
			for i := range id {
				one, err := b.Issue(t.Context(), machine, why+string(rune('0'+i)), sample("x"))
				if err != nil {
					t.Fatal(err)
				}
				id[i] = one.ID
				b.file(one.ID)
			}
			if err := b.Revoke(t.Context(), machine, id[1], "取り違え"); err != nil {
				t.Fatal(err)
			}
			if n, err := Check(t.Context(), e.DB, b.vault); err != nil || n != before+2 {
				t.Fatalf("%s: as they are: %d %v", why, n, err)
			}
			whole := b.whole(id[c.of])
			b.exec(c.q, id[c.of])
			if _, err := Check(t.Context(), e.DB, b.vault); err == nil || fault.Of(err).Code != c.want {
				t.Errorf("%s: %v", why, err)
			}
			b.exec(tGone, id[c.of])
			b.exec(tGone, "another")
			b.exec(tPutBack, whole.ID, whole.Slot, []byte("a"), whole.Digest, whole.Stage, whole.State, db.Micros(whole.IssuedAt), whole.Keep, whole.seq, whole.sealed, whole.sealedProof, whole.sealedRevocation, db.Micros(whole.Revoked))
		}
	})
}

var tPutBack = db.Q("certificate_test.put_back", `insert into certificate (tenant_id, certificate_id, slot, about, digest, stage, state, issued_at, keep_until, log_seq, sealed, proof, revocation, revoked_at)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)

// whole is a row as it is stored.
func (b *bed) whole(id string) (out stored) {
	b.t.Helper()
	if err := b.DB.View(b.t.Context(), ids.System, func(tx *db.Tx) (err error) {
		rows, err := db.All(tx, qByID, scan, ids.System, id)
		if len(rows) == 1 {
			out = rows[0]
		}
		return err
	}); err != nil || out.ID == "" {
		b.t.Fatal(err)
	}
	return out
}
