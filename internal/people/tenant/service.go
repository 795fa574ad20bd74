package tenant

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Keys gives out tenant keys; the vault fills it.
type Keys interface {
	CreateTenant(ctx context.Context, t ids.Tenant) error
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Recorder writes an audit event in the caller's transaction.
type Recorder interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
}

// Guard refuses an actor without a permission; package access fills it.
type Guard func(a actor.Actor, permission string) error

const manage = "tenant.manage"

// Service is the register.
type Service struct {
	db    *db.DB
	keys  Keys
	log   Recorder
	guard Guard
	first audit.First // of rows that do not verify
}

// NewService binds the register to its engines.
func NewService(d *db.DB, keys Keys, log Recorder, guard Guard) *Service {
	return &Service{db: d, keys: keys, log: log, guard: guard}
}

func nameAt(t ids.Tenant) vault.Loc {
	return vault.Loc{Table: "tenant", ID: string(t), Column: "name"}
}

// Create registers a tenant and makes its key. A code in use, by a closed tenant too, is fault.Conflict
// "tenant.code_taken".
func (s *Service) Create(ctx context.Context, a actor.Actor, n New) (Tenant, error) {
	if err := s.guard(a, manage); err != nil {
		return Tenant{}, err
	}
	n, err := n.check()
	if err != nil {
		return Tenant{}, err
	}
	t := Tenant{ID: ids.New[ids.Tenant](), Code: n.Code, Name: n.Name, Kind: n.Kind, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	if err := s.free(ctx, n.Code); err != nil {
		return Tenant{}, err
	}
	if err := s.keys.CreateTenant(ctx, t.ID); err != nil {
		return Tenant{}, err
	}
	key, err := s.keys.Tenant(ctx, t.ID)
	if err != nil {
		return Tenant{}, err
	}
	err = s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if _, err := tx.Exec(qInsert, t.ID, t.Code, string(t.Kind), key.Seal(nameAt(t.ID), []byte(t.Name)), db.Micros(t.CreatedAt), rowMAC(key, t)); err != nil {
			return err
		}
		a.Tenant = t.ID // the tenant's own log begins with its registration
		_, err := s.log.Append(tx, audit.Event{Verb: "tenant.created", Actor: a, Kind: "tenant", Result: "ok", Detail: map[string]any{"kind": string(t.Kind), "code": t.Code}})
		return err
	})
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" {
		return Tenant{}, fault.New(fault.Conflict, "tenant.code_taken", "code", n.Code).Because(err)
	}
	return t, err
}

// free refuses a code in use before a key is made for nothing; the unique index has the last word.
func (s *Service) free(ctx context.Context, code string) error {
	_, err := s.ByCode(ctx, code)
	switch {
	case err == nil:
		return fault.New(fault.Conflict, "tenant.code_taken", "code", code)
	case fault.Is(err, fault.Missing):
		return nil
	}
	return err
}

// ByCode finds a tenant by what a person typed; fault.Missing "tenant.missing" when there is none.
func (s *Service) ByCode(ctx context.Context, code string) (Tenant, error) {
	if code = NormalCode(code); !codeForm.MatchString(code) { // none is registered in another form
		return Tenant{}, fault.New(fault.Missing, "tenant.missing")
	}
	return s.one(ctx, qByCode, code)
}

// ByID finds a tenant; fault.Missing "tenant.missing" when there is none.
func (s *Service) ByID(ctx context.Context, t ids.Tenant) (Tenant, error) {
	return s.one(ctx, qByID, string(t))
}

func (s *Service) one(ctx context.Context, q db.Query, arg string) (Tenant, error) {
	var r row
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, q, scan, arg)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return Tenant{}, fault.New(fault.Missing, "tenant.missing")
	}
	if err != nil {
		return Tenant{}, err
	}
	t, err := s.open(ctx, r)
	if err == nil && t.Tampered {
		err = fault.New(fault.Missing, "tenant.missing")
	}
	return t, err
}

// List returns every tenant in order of code. A tenant whose key is destroyed keeps its line, without a
// name; so does one whose row was changed past the service, as Tampered.
func (s *Service) List(ctx context.Context) ([]Tenant, error) {
	var rows []row
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qAll, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Tenant, 0, len(rows))
	for _, r := range rows {
		t, err := s.open(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (s *Service) open(ctx context.Context, r row) (Tenant, error) {
	key, err := s.keys.Tenant(ctx, r.ID)
	if fault.Is(err, fault.Missing) {
		return r.Tenant, nil
	}
	if err != nil {
		return Tenant{}, err
	}
	if subtle.ConstantTimeCompare(r.mac, rowMAC(key, r.Tenant)) != 1 {
		r.Kind, r.Tampered = Customer, true
		return r.Tenant, s.found(ctx, r.ID)
	}
	name, err := key.Open(nameAt(r.ID), r.sealed)
	if err != nil {
		return Tenant{}, err
	}
	r.Name = string(name)
	return r.Tenant, nil
}

// rowMAC binds what a tenant is: whoever can write into the database but has no key can't turn a customer
// into the association, or exchange two codes.
func rowMAC(k *vault.Key, t Tenant) []byte {
	return k.MAC("tenant.row", []byte(t.ID), []byte(t.Code), []byte(t.Kind), binary.BigEndian.AppendUint64(nil, uint64(db.Micros(t.CreatedAt))))
}

// found records, once in the life of the process, that a tenant's row does not verify.
func (s *Service) found(ctx context.Context, t ids.Tenant) error {
	if !s.first.Time(string(t)) {
		return nil
	}
	return s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		_, err := s.log.Append(tx, audit.Event{Verb: "integrity.row_refused", Actor: actor.System(t, "register"), Kind: "row", Result: "denied", Detail: map[string]any{"table": "tenant", "row": string(t)}})
		return err
	})
}

// Adopt binds the rows that an older version of the program has written without a MAC. Whoever calls it
// makes sure that it never happens a second time.
func (s *Service) Adopt(ctx context.Context) error {
	var rows []row
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qAll, scan)
		return err
	}); err != nil {
		return err
	}
	for _, r := range rows {
		k, err := s.keys.Tenant(ctx, r.ID)
		if fault.Is(err, fault.Missing) {
			continue // its key is destroyed
		}
		if err != nil {
			return err
		}
		if err := s.db.Tx(ctx, r.ID, func(tx *db.Tx) error { _, err := tx.Exec(qAdopt, r.ID, rowMAC(k, r.Tenant)); return err }); err != nil {
			return err
		}
	}
	return nil
}
