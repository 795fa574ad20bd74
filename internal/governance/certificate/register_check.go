package certificate

import (
	"context"
	"encoding/json"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var qEachRow = db.Q("certificate.each_row", `select `+columns+` from certificate where tenant_id = $1 order by certificate_id`)

// Check holds the register of a stopped service against its seals and the audit log, and counts it: what was issued is
// there as it was issued, what was revoked is revoked, and nothing else is.
func Check(ctx context.Context, d *db.DB, v *vault.Vault) (n int, err error) {
	issued, revoked, err := logged(ctx, d, v)
	if err != nil {
		return 0, err
	}
	system, err := v.Tenant(ctx, ids.System)
	if err != nil {
		return 0, err
	}
	err = d.View(ctx, ids.System, func(tx *db.Tx) error {
		return db.Each(tx, qEachRow, func(sc db.Scanner) error {
			r, err := scan(sc)
			if err != nil {
				return err
			}
			if issued[r.ID] != r.Digest || !r.holds(system, revoked[r.Digest]) {
				return fault.New(fault.Conflict, "certificate.row_altered", "id", r.ID)
			}
			delete(issued, r.ID)
			n++
			return nil
		}, ids.System)
	})
	for id := range issued {
		if err == nil {
			err = fault.New(fault.Conflict, "certificate.row_missing", "id", id)
		}
	}
	return n, err
}

// logged is what the log tells: the digest of each certificate by its number, and the digests that were revoked.
func logged(ctx context.Context, d *db.DB, v *vault.Vault) (issued map[string]string, revoked map[string]bool, err error) {
	issued, revoked = map[string]string{}, map[string]bool{}
	for _, verb := range []string{VerbIssued, VerbRevoked} {
		err := audit.Each(ctx, d, v, ids.System, verb, func(e audit.Entry) error {
			id, _ := e.Detail["certificate"].(string)
			sum, _ := e.Detail["digest"].(string)
			if verb == VerbIssued {
				issued[id] = sum
			} else {
				revoked[sum] = true
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return issued, revoked, nil
}

// holds tells whether a row is what is sealed in it.
func (r stored) holds(system *vault.Key, revoked bool) bool {
	open := func(column string, sealed []byte, into any) bool {
		text, err := system.Open(at("certificate", r.ID, column), sealed)
		return err == nil && json.Unmarshal(text, into) == nil
	}
	var in signed
	if !open("sealed", r.sealed, &in) {
		return false
	}
	message, err := in.Body.message()
	if err != nil || digest(message) != r.Digest || in.Body.ID != r.ID || in.Body.Stage != r.Stage || At(r.IssuedAt) != in.Body.IssuedAt {
		return false
	}
	if r.sealedProof != nil && !open("proof", r.sealedProof, &r.proof) {
		return false
	}
	if !revoked {
		return r.State == in.Body.State && r.sealedRevocation == nil && r.Revoked.IsZero()
	}
	return r.State == Revoked && open("revocation", r.sealedRevocation, &r.revocation) && r.revocation.Digest == r.Digest
}
