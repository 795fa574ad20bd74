package keys

import (
	"context"
	"errors"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// Request asks for one rotation.
type Request struct {
	Kind   Kind
	Tenant ids.Tenant // of a tenant's or a person's key; of a Rewrap: empty for everything
	Person ids.Person
	Reason string
}

// maxReason bounds the reason, in bytes.
const maxReason = 600

func reasonOf(s string) (string, error) {
	s, err := glyph.Reason(s, maxReason, "keys.reason", "理由")
	if err == nil && len(s) > maxReason {
		err = fault.New(fault.Invalid, "keys.reason")
	}
	return s, err
}

// Begin notes a rotation and hands it to the queue. It returns at once; the work tells how far it is.
func (s *Service) Begin(ctx context.Context, who actor.Actor, r Request) (*Work, error) {
	if err := s.o.Guard(who, PermissionRotate); err != nil {
		return nil, err
	}
	reason, err := reasonOf(r.Reason)
	if err != nil {
		return nil, err
	}
	r.Reason = reason
	w := &Work{ID: ids.New[string](), Kind: r.Kind, Tenant: r.Tenant, Person: r.Person, State: Running, Step: stepBegun, Started: time.Now()}
	if err := s.from(ctx, w); err != nil {
		return nil, err
	}
	if err := s.add(ctx, w); err != nil {
		return nil, err
	}
	err = s.o.Main.Tx(ctx, w.Tenant, func(tx *db.Tx) error {
		if err := s.record(tx, who, "key.rotation_begun", w, map[string]any{"reason": r.Reason}); err != nil {
			return err
		}
		return s.enqueue(tx, w)
	})
	if err != nil { // nobody will work on it, so it must not stand in the way of the next
		w.State, w.Error = Failed, code(err)
		err = errors.Join(err, s.keep(context.WithoutCancel(ctx), w))
	}
	return w, err
}

// from checks what is asked for and notes the version that is the newest now.
func (s *Service) from(ctx context.Context, w *Work) error {
	switch w.Kind {
	case Root, Move:
		w.Tenant, w.Person = ids.System, ""
		name, err := s.o.Vault.RootName(ctx)
		w.From = name
		return err
	case Rewrap:
		w.Person = ""
		if w.Tenant == "" {
			w.Tenant = ids.System
		}
	case Tenant:
		w.Person = ""
	case Person:
		if w.Person == "" {
			return fault.New(fault.Invalid, "keys.person")
		}
	default:
		return fault.New(fault.Invalid, "keys.kind", "kind", string(w.Kind))
	}
	all, err := s.o.Vault.Versions(ctx, w.Tenant, w.Person)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.Missing, "vault.key_missing")
	}
	if err == nil {
		w.From = strconv.FormatUint(uint64(all[len(all)-1].Version), 10)
	}
	return err
}

// record writes an event of the tenant whose key it is.
func (s *Service) record(tx *db.Tx, who actor.Actor, verb string, w *Work, more map[string]any) error {
	detail := map[string]any{"work": w.ID, "kind": string(w.Kind), "from": w.From, "on_behalf": string(who.Tenant)}
	for k, v := range more {
		detail[k] = v
	}
	e := audit.Event{Verb: verb, Actor: who, Kind: "key", Result: "ok", Detail: detail}
	e.Actor.Tenant = w.Tenant
	if w.Person != "" {
		e.Subjects = []ids.Person{w.Person}
	}
	_, err := s.o.Log.Append(tx, e)
	return err
}

// Works lists rotations, newest first.
func (s *Service) Works(ctx context.Context, who actor.Actor, limit int) (out []*Work, err error) {
	if err := s.o.Guard(who, PermissionRead); err != nil {
		return nil, err
	}
	return out, s.o.Keys.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qWorkRecent, scanWork, limit)
		return err
	})
}

func code(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Code
	}
	return "internal"
}
