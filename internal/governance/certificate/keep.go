package certificate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// The records may come from any backup, and the key store from its newest copy. What has been handed out must not be
// forgotten by a restore: the key store keeps a copy of every certificate, signing key and revocation, and Keep brings
// the two together again. Neither side takes anything from the other.

var (
	qKept    = db.Q("certificate.kept", `select item_id, sealed from certificate_kept where tenant_id = $1 order by item_id`)
	qKeptPut = db.Q("certificate.kept_put", `insert into certificate_kept (tenant_id, item_id, sealed) values ($1, $2, $3)
		on conflict (tenant_id, item_id) do update set sealed = excluded.sealed`)
	qKeptKey    = db.Q("certificate.kept_key", `insert into certificate_key (tenant_id, key_id, public, sealed, created_at, retired_at) values ($1, $2, $3, $4, $5, $6)`)
	qKeyWhole   = db.Q("certificate.key_whole", `select key_id, public, sealed, created_at, retired_at from certificate_key where tenant_id = $1`)
	qKeyRetired = db.Q("certificate.key_retired", `update certificate_key set retired_at = $3 where tenant_id = $1 and key_id = $2 and retired_at = 0`)
)

// keptKey is a signing key as the key store keeps it; its private half stays sealed inside.
type keptKey struct {
	Public  string `json:"public"`
	Sealed  []byte `json:"sealed"`
	Created int64  `json:"created"` // microseconds, as in the table
	Retired int64  `json:"retired"` // 0: in use
}

// keptCertificate is a certificate as the key store keeps it.
type keptCertificate struct {
	Slot       string       `json:"slot"`
	Signed     signed       `json:"signed"`
	Issued     int64        `json:"issued"`
	Keep       string       `json:"keep"`
	Proof      *audit.Proof `json:"proof,omitempty"`
	Revocation *Revocation  `json:"revocation,omitempty"`
	Revoked    int64        `json:"revoked,omitempty"`
}

// kept is one side: what the records have, or what the key store keeps.
type kept struct {
	keys         map[string]keptKey
	certificates map[string]keptCertificate
}

func keptAt(item string) vault.Loc { return at("certificate_kept", item, "sealed") }

// Keep copies into the key store what it lacks, and puts back into the records what they have forgotten, each with an
// event, and tells how many it put back. It is called at every start, before anything signs. Without a key store it does nothing.
func (s *Service) Keep(ctx context.Context) (back int, err error) {
	if s.Store == nil {
		return 0, nil
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return 0, err
	}
	here, err := s.inRecords(ctx, system)
	if err != nil {
		return 0, err
	}
	there, err := s.inStore(ctx, system)
	if err != nil {
		return 0, err
	}
	if back, err = s.putBack(ctx, system, here, there); err != nil {
		return back, err
	}
	if back > 0 {
		if here, err = s.inRecords(ctx, system); err != nil {
			return back, err
		}
	}
	return back, s.copyOut(ctx, system, here, there)
}

// remember copies one certificate, or with an empty id the signing keys, after they were written.
func (s *Service) remember(ctx context.Context, system *vault.Key, id string) (err error) {
	if s.Store == nil {
		return nil
	}
	var here kept
	if id == "" {
		here.keys, err = s.keysInRecords(ctx, system)
	} else {
		here.certificates, err = s.certificatesInRecords(ctx, qByID, id)
	}
	if err != nil {
		return err
	}
	return s.copyOut(ctx, system, here, kept{})
}

func (s *Service) inRecords(ctx context.Context, system *vault.Key) (k kept, err error) {
	if k.keys, err = s.keysInRecords(ctx, system); err != nil {
		return k, err
	}
	k.certificates, err = s.certificatesInRecords(ctx, qAll, mostKept)
	return k, err
}

func (s *Service) keysInRecords(ctx context.Context, system *vault.Key) (map[string]keptKey, error) {
	keys := map[string]keptKey{}
	err := s.DB.View(ctx, ids.System, func(tx *db.Tx) error {
		return db.Each(tx, qKeyWhole, func(sc db.Scanner) error {
			var id string
			var x keptKey
			err := sc.Scan(&id, &x.Public, &x.Sealed, &x.Created, &x.Retired)
			keys[id] = x
			return err
		}, ids.System)
	})
	if err != nil {
		return nil, err
	}
	for id, x := range keys { // a key that somebody wrote in goes nowhere
		if own, err := s.own(ctx, system, []signingKey{{id: id, public: x.Public, sealed: x.Sealed}}); err != nil {
			return nil, err
		} else if len(own) == 0 {
			delete(keys, id)
		}
	}
	return keys, nil
}

func (s *Service) certificatesInRecords(ctx context.Context, q db.Query, arg any) (map[string]keptCertificate, error) {
	out := map[string]keptCertificate{}
	rows, err := s.rows(ctx, q, arg)
	for _, r := range rows {
		c := keptCertificate{r.Slot, signed{r.Body, r.signature}, db.Micros(r.IssuedAt), r.Keep, r.proof, r.revocation, 0}
		if r.revocation != nil {
			c.Revoked = db.Micros(r.Revoked)
		}
		out[r.ID] = c
	}
	return out, err
}

// mostKept bounds a list in memory; certificates are some kilobytes each.
const mostKept = 20000

func (s *Service) inStore(ctx context.Context, system *vault.Key) (k kept, err error) {
	k = kept{map[string]keptKey{}, map[string]keptCertificate{}}
	var closed []string
	older := map[string][]byte{} // what a rotation of the service's own key has left behind
	newest, _ := vault.Prefix(system.Version())
	err = s.Store.View(ctx, ids.System, func(tx *db.Tx) error {
		return db.Each(tx, qKept, func(sc db.Scanner) error {
			var item string
			var sealed []byte
			if err := sc.Scan(&item, &sealed); err != nil {
				return err
			}
			text, err := system.Open(keptAt(item), sealed)
			if err != nil { // written by somebody else, or under a key that has been retired: the records replace it
				closed = append(closed, item)
				return nil
			}
			if !bytes.HasPrefix(sealed, newest) {
				older[item] = text
			}
			kind, id, _ := strings.Cut(item, "/")
			if kind == "key" {
				var x keptKey
				err = json.Unmarshal(text, &x)
				k.keys[id] = x
				return err
			}
			var x keptCertificate
			err = json.Unmarshal(text, &x)
			k.certificates[id] = x
			return err
		}, ids.System)
	})
	for _, item := range closed {
		err = errors.Join(err, s.refused(ctx, "certificate_kept", item))
	}
	if err != nil || len(older) == 0 {
		return k, err
	}
	return k, s.Store.Tx(ctx, ids.System, func(tx *db.Tx) error {
		for item, text := range older {
			if _, err := tx.Exec(qKeptPut, ids.System, item, system.Seal(keptAt(item), text)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) putBack(ctx context.Context, system *vault.Key, here, there kept) (n int, err error) {
	for id, x := range there.keys {
		old, known := here.keys[id]
		if known && (x.Retired == 0 || old.Retired != 0) {
			continue
		}
		if _, err := note.NewVerifier(x.Public); err != nil {
			return n, err
		}
		if err := s.recovered(ctx, verbKey, map[string]any{"public_key": x.Public}, func(tx *db.Tx, _ int64) error {
			if known {
				_, err := tx.Exec(qKeyRetired, ids.System, id, x.Retired)
				return err
			}
			_, err := tx.Exec(qKeptKey, ids.System, id, x.Public, x.Sealed, x.Created, x.Retired)
			return err
		}); err != nil {
			return n, err
		}
		n++
	}
	for id, x := range there.certificates {
		old, known := here.certificates[id]
		b := x.Signed.Body
		message, err := b.message()
		if err != nil {
			return n, err
		}
		detail := map[string]any{"certificate": id, "digest": digest(message), "stage": b.Stage, "state": b.State}
		if !known {
			if err := s.recovered(ctx, VerbIssued, detail, func(tx *db.Tx, seq int64) error { return s.insert(tx, system, id, x, digest(message), seq) }); err != nil {
				return n, err
			}
			n++
		}
		if x.Revocation == nil || known && old.Revocation != nil {
			continue
		}
		text, err := json.Marshal(x.Revocation)
		if err != nil {
			return n, err
		}
		if err := s.recovered(ctx, VerbRevoked, map[string]any{"certificate": id, "digest": digest(message), "revoked_at": db.Time(x.Revoked).UTC().Format(time.RFC3339)}, func(tx *db.Tx, _ int64) error {
			tx.OnCommit(s.told.forget)
			_, err := tx.Exec(qRevoke, ids.System, id, x.Revoked, system.Seal(at("certificate", id, "revocation"), text))
			return err
		}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// recovered writes a row and its event in one transaction.
func (s *Service) recovered(ctx context.Context, verb string, detail map[string]any, write func(tx *db.Tx, seq int64) error) error {
	detail["recovered"] = true
	return s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		ref, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: actor.System(ids.System, "certificate"), Kind: "certificate", Detail: detail})
		if err != nil {
			return err
		}
		return write(tx, ref.Seq)
	})
}

func (s *Service) insert(tx *db.Tx, system *vault.Key, id string, x keptCertificate, sum string, seq int64) error {
	text, err := json.Marshal(x.Signed)
	if err != nil {
		return err
	}
	b := x.Signed.Body
	_, err = tx.Exec(qInsert, ids.System, id, x.Slot, s.about(system, b.Tenant.ID), sum, b.Stage, b.State, x.Issued, x.Keep, seq, system.Seal(at("certificate", id, "sealed"), text))
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" { // the slot has been filled anew since: both stand
		_, err = tx.Exec(qInsert, ids.System, id, x.Slot+"~"+id, s.about(system, b.Tenant.ID), sum, b.Stage, b.State, x.Issued, x.Keep, seq, system.Seal(at("certificate", id, "sealed"), text))
	}
	if err != nil || x.Proof == nil {
		return err
	}
	if text, err = json.Marshal(x.Proof); err != nil {
		return err
	}
	_, err = tx.Exec(qProof, ids.System, id, system.Seal(at("certificate", id, "proof"), text))
	return err
}

func (s *Service) copyOut(ctx context.Context, system *vault.Key, here, there kept) error {
	fresh := map[string]any{}
	for id, x := range here.keys {
		if !reflect.DeepEqual(there.keys[id], x) {
			fresh["key/"+id] = x
		}
	}
	for id, x := range here.certificates {
		if !same(there.certificates[id], x) {
			fresh["certificate/"+id] = x
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return s.Store.Tx(ctx, ids.System, func(tx *db.Tx) error {
		for item, x := range fresh {
			text, err := json.Marshal(x)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(qKeptPut, ids.System, item, system.Seal(keptAt(item), text)); err != nil {
				return err
			}
		}
		return nil
	})
}

// same compares two as they are written down.
func same(a, b keptCertificate) bool {
	x, err := json.Marshal(a)
	y, e := json.Marshal(b)
	return err == nil && e == nil && string(x) == string(y)
}
