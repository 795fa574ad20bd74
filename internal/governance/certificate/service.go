package certificate

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// KeepYears is how long a certificate is kept.
const KeepYears = 10

// Permissions that the service asks for.
const (
	permRead   = "certificate.read"
	permManage = "certificate.manage"
)

// Keys gives the service's own key; the vault fills it.
type Keys interface {
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Log writes and proves events; audit.Log fills it.
type Log interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
	Prove(ctx context.Context, ref audit.Ref) (audit.Proof, error)
	Find(ctx context.Context, a actor.Actor, f audit.Filter) ([]audit.Entry, error)
	PublicKey() string
}

// Deps are what the service stands on.
type Deps struct {
	DB    *db.DB
	Store *db.DB // the key store, which keeps copies; nil: none are kept (sandboxes)
	Keys  Keys
	Log   Log
	Guard func(a actor.Actor, permission string) error

	Issuer  string // the association
	Service string
	Version string // of the program, as the tool that erased

	// Sandboxes of the probes only: one signs nothing, the other keeps no register of presentations.
	Unsigned, Unregistered bool
}

// Service issues, keeps, proves, presents and revokes certificates.
type Service struct {
	Deps
	told told
}

// New makes the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Entry is a line of the register of certificates.
type Entry struct {
	ID       string
	Slot     string // what it certifies
	Digest   string
	Stage    int
	State    string
	IssuedAt time.Time
	Keep     string // JST day
	Revoked  time.Time
	Body     Body
}

func at(table, id, column string) vault.Loc { return vault.Loc{Table: table, ID: id, Column: column} }

// signed is what is sealed of a certificate.
type signed struct {
	Body      Body      `json:"body"`
	Signature Signature `json:"signature"`
}

// Issue signs a certificate and records it in the audit log, in one transaction. A slot is filled once, and again when
// what was there is revoked: a job that is run again gets what was issued. What contradicts itself is not signed.
func (s *Service) Issue(ctx context.Context, a actor.Actor, slot string, b Body) (Entry, error) {
	if err := s.Guard(a, permManage); err != nil {
		return Entry{}, err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return Entry{}, err
	}
	wanted := slot
	for n := 1; ; n++ {
		e, err := s.bySlot(ctx, slot)
		if fault.Is(err, fault.Missing) {
			break
		}
		if err != nil || e.State != Revoked {
			return e, err
		}
		b.Replaces = &Earlier{e.ID, e.Digest} // what was revoked is replaced by one that says so
		slot = wanted + "~" + strconv.Itoa(n)
	}
	key, err := s.current(ctx, system)
	if err != nil {
		return Entry{}, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	b.ID, b.IssuedAt = ids.New[string](), At(now)
	b.Issuer, b.Service, b.Tool, b.ToolVersion = s.Issuer, s.Service, "rakudos", s.Version
	b.complete()
	if bad := b.check(); len(bad) > 0 {
		return Entry{}, bad[0]
	}
	message, err := b.message()
	if err != nil {
		return Entry{}, err
	}
	out := signed{b, Signature{Key: key.name()}}
	if out.Signature.Value, err = key.sign(system, message); err != nil {
		return Entry{}, err
	}
	if s.Unsigned {
		clear(out.Signature.Value)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{ID: b.ID, Slot: slot, Digest: digest(message), Stage: b.Stage, State: b.State, IssuedAt: now, Keep: jst.Of(now).AddMonths(12 * KeepYears).String(), Body: b}
	err = s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		a.Tenant = ids.System
		ref, err := s.Log.Append(tx, audit.Event{Verb: VerbIssued, Actor: a, Kind: "certificate", Detail: map[string]any{
			"certificate": e.ID, "digest": e.Digest, "stage": b.Stage, "state": b.State, "key": key.public,
		}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(qInsert, ids.System, e.ID, slot, s.about(system, b.Tenant.ID), e.Digest, b.Stage, b.State, db.Micros(now), e.Keep,
			ref.Seq, system.Seal(at("certificate", e.ID, "sealed"), text))
		return err
	})
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" {
		return s.bySlot(ctx, slot)
	}
	if err != nil {
		return e, err
	}
	return e, s.remember(ctx, system, e.ID)
}

func (s *Service) about(system *vault.Key, tenant string) []byte {
	return system.Index("certificate.about", tenant)
}

func (s *Service) bySlot(ctx context.Context, slot string) (Entry, error) {
	return s.find(ctx, qBySlot, slot)
}

func (s *Service) find(ctx context.Context, q db.Query, arg any) (Entry, error) {
	rows, err := s.rows(ctx, q, arg)
	if err != nil {
		return Entry{}, err
	}
	if len(rows) == 0 {
		return Entry{}, fault.New(fault.Missing, "certificate.missing")
	}
	return rows[0].Entry, nil
}

// List returns every certificate, newest first, at most limit of them.
func (s *Service) List(ctx context.Context, a actor.Actor, limit int) ([]Entry, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	return s.entries(ctx, qAll, min(max(limit, 1), 1000))
}

// About returns the certificates of one tenant, oldest first.
func (s *Service) About(ctx context.Context, a actor.Actor, t ids.Tenant) ([]Entry, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	return s.entries(ctx, qAbout, s.about(system, string(t)))
}

// Entry is one line of the register.
func (s *Service) Entry(ctx context.Context, a actor.Actor, id string) (Entry, error) {
	if err := s.Guard(a, permRead); err != nil {
		return Entry{}, err
	}
	return s.find(ctx, qByID, id)
}

func (s *Service) entries(ctx context.Context, q db.Query, arg any) ([]Entry, error) {
	rows, err := s.rows(ctx, q, arg)
	out := make([]Entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Entry)
	}
	return out, err
}

// File is the certificate as it is handed out. Until its event has been published it is fault.Busy
// "audit.not_published".
func (s *Service) File(ctx context.Context, a actor.Actor, id string) (*File, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	return s.file(ctx, id)
}

func (s *Service) file(ctx context.Context, id string) (*File, error) {
	rows, err := s.rows(ctx, qByID, id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.Missing, "certificate.missing")
	}
	r := rows[0]
	f := &File{Certificate: r.Body, Signature: r.signature, Log: r.proof, Revocation: r.revocation}
	if f.Log == nil {
		return f, s.prove(ctx, f, r.seq)
	}
	return f, nil
}

// prove asks the log for the proof and keeps it with the certificate.
func (s *Service) prove(ctx context.Context, f *File, seq int64) error {
	p, err := s.Log.Prove(ctx, audit.Ref{Tenant: ids.System, Seq: seq})
	if err != nil {
		return err
	}
	f.Log = &p
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	id := f.Certificate.ID
	err = s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(qProof, ids.System, id, system.Seal(at("certificate", id, "proof"), text))
		return err
	})
	if err != nil {
		return err
	}
	return s.remember(ctx, system, id)
}

// Revoke withdraws a certificate with a reason. What it said stays readable, with the revocation beside it.
func (s *Service) Revoke(ctx context.Context, a actor.Actor, id, reason string) error {
	if err := s.Guard(a, permManage); err != nil {
		return err
	}
	reason, err := glyph.Reason(reason, 400, "certificate.reason", "理由")
	if err == nil && len(reason) > 400 {
		err = fault.New(fault.Invalid, "certificate.reason")
	}
	if err != nil {
		return err
	}
	e, err := s.find(ctx, qByID, id)
	if err != nil {
		return err
	}
	if e.State == Revoked {
		return fault.New(fault.Conflict, "certificate.revoked", "at", At(e.Revoked).JST)
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	key, err := s.current(ctx, system)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	r := Revocation{Digest: e.Digest, At: At(now), Reason: reason}
	message, err := r.message()
	if err != nil {
		return err
	}
	r.Signature.Key = key.name()
	if r.Signature.Value, err = key.sign(system, message); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		n, err := tx.Exec(qRevoke, ids.System, id, db.Micros(now), system.Seal(at("certificate", id, "revocation"), text))
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "certificate.revoked", "at", At(now).JST)
		}
		a.Tenant = ids.System
		tx.OnCommit(s.told.forget)
		_, err = s.Log.Append(tx, audit.Event{Verb: VerbRevoked, Actor: a, Kind: "certificate", Detail: map[string]any{"certificate": id, "digest": e.Digest}})
		return err
	})
	if err != nil {
		return err
	}
	return s.remember(ctx, system, id)
}
