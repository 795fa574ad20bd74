package certificate

import (
	"context"
	"encoding/json"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

const columns = `certificate_id, slot, digest, stage, state, issued_at, keep_until, log_seq, sealed, proof, revocation, revoked_at`

var (
	qInsert = db.Q("certificate.insert", `insert into certificate (tenant_id, certificate_id, slot, about, digest, stage, state, issued_at, keep_until, log_seq, sealed)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	qBySlot = db.Q("certificate.by_slot", `select `+columns+` from certificate where tenant_id = $1 and slot = $2`)
	qByID   = db.Q("certificate.by_id", `select `+columns+` from certificate where tenant_id = $1 and certificate_id = $2`)
	qAbout  = db.Q("certificate.about", `select `+columns+` from certificate where tenant_id = $1 and about = $2 order by certificate_id`)
	qAll    = db.Q("certificate.all", `select `+columns+` from certificate where tenant_id = $1 order by certificate_id desc limit $2`)
	qProof  = db.Q("certificate.proof", `update certificate set proof = $3 where tenant_id = $1 and certificate_id = $2 and proof is null`)
	qRevoke = db.Q("certificate.revoke", `update certificate set state = 'revoked', revoked_at = $3, revocation = $4
		where tenant_id = $1 and certificate_id = $2 and state <> 'revoked'`)
	qRevoked = db.Q("certificate.revoked", `select digest, revoked_at from certificate where tenant_id = $1 and state = 'revoked' order by digest`)

	qKeys      = db.Q("certificate.keys", `select key_id, public, sealed, retired_at from certificate_key where tenant_id = $1 order by created_at, key_id`)
	qKeyAdd    = db.Q("certificate.key_add", `insert into certificate_key (tenant_id, key_id, public, sealed, created_at) values ($1, $2, $3, $4, $5)`)
	qKeyRetire = db.Q("certificate.key_retire", `update certificate_key set retired_at = $2 where tenant_id = $1 and retired_at = 0`)
)

// row is an opened row.
type row struct {
	Entry
	seq        int64
	signature  Signature
	proof      *audit.Proof
	revocation *Revocation
}

type stored struct {
	row
	sealed, sealedProof, sealedRevocation []byte
}

func scan(s db.Scanner) (r stored, err error) {
	var issued, revoked int64
	err = s.Scan(&r.ID, &r.Slot, &r.Digest, &r.Stage, &r.State, &issued, &r.Keep, &r.seq, &r.sealed, &r.sealedProof, &r.sealedRevocation, &revoked)
	r.IssuedAt, r.Revoked = db.Time(issued), db.Time(revoked)
	return r, err
}

func scanKey(s db.Scanner) (k signingKey, err error) {
	var retired int64
	err = s.Scan(&k.id, &k.public, &k.sealed, &retired)
	k.retired = db.Time(retired)
	return k, err
}

// rows reads and opens certificates; arg is the second parameter of the query.
func (s *Service) rows(ctx context.Context, q db.Query, arg any) ([]row, error) {
	var found []stored
	err := s.DB.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		found, err = db.All(tx, q, scan, ids.System, arg)
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	open := func(id, column string, sealed []byte, into any) error {
		if sealed == nil {
			return nil
		}
		text, err := system.Open(at("certificate", id, column), sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, into)
	}
	gone, err := s.toldRevoked(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]row, 0, len(found))
	for _, r := range found {
		var in signed
		if err := open(r.ID, "sealed", r.sealed, &in); err != nil {
			return nil, err
		}
		r.Body, r.signature = in.Body, in.Signature
		message, err := in.Body.message()
		if err != nil {
			return nil, err
		}
		if at, ok := gone[digest(message)]; ok { // whatever the row says
			r.State, r.Revoked = Revoked, at
		}
		if err := open(r.ID, "proof", r.sealedProof, &r.proof); err != nil {
			return nil, err
		}
		if err := open(r.ID, "revocation", r.sealedRevocation, &r.revocation); err != nil {
			return nil, err
		}
		out = append(out, r.row)
	}
	return out, nil
}
