package certificate

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

const permPresent = "certificate.present"

// Request is who asks to see a certificate, and how the association made sure of it: by calling back on a
// number that it had before, or by a letter, never by what the request itself names (clause 6-4).
type Request struct {
	Requester    string `json:"requester"`    // name and office
	Organisation string `json:"organisation"` // on whose behalf
	Checked      string `json:"checked"`      // how, out of band
}

// Presentation is a line of the register of presentations.
type Presentation struct {
	ID          string
	Certificate string
	At          time.Time
	By          ids.Account
	Request
	Taken int // how often the file was handed out
}

var (
	qPresentAdd = db.Q("certificate.present_add", `insert into certificate_presentation (tenant_id, presentation_id, certificate_id, at, by_account, sealed) values ($1, $2, $3, $4, $5, $6)`)
	qPresented  = db.Q("certificate.presented", `select presentation_id, certificate_id, at, by_account, sealed, taken_n from certificate_presentation
		where tenant_id = $1 and certificate_id = $2 order by presentation_id desc limit 200`)
	qPresentOne   = db.Q("certificate.present_one", `select presentation_id, certificate_id, at, by_account, sealed, taken_n from certificate_presentation where tenant_id = $1 and presentation_id = $2`)
	qPresentTaken = db.Q("certificate.present_taken", `update certificate_presentation set taken_n = taken_n + 1 where tenant_id = $1 and presentation_id = $2`)
)

func (r *Request) check() error {
	for _, f := range []struct{ name, value string }{{"requester", r.Requester}, {"organisation", r.Organisation}, {"checked", r.Checked}} {
		if n := utf8.RuneCountInString(strings.TrimSpace(f.value)); n == 0 || n > 200 {
			return fault.New(fault.Invalid, "certificate.request", "field", f.name)
		}
	}
	return nil
}

// Present enters a presentation into the register; the file is handed out by HandOut.
func (s *Service) Present(ctx context.Context, a actor.Actor, id string, r Request) (string, error) {
	if err := s.Guard(a, permPresent); err != nil {
		return "", err
	}
	e, err := s.find(ctx, qByID, id)
	if err != nil {
		return "", err
	}
	if err := r.check(); err != nil {
		return "", err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	pid := ids.New[string]()
	if s.Unregistered {
		return pid, nil
	}
	return pid, s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if _, err := tx.Exec(qPresentAdd, ids.System, pid, id, db.Micros(time.Now()), a.Account, system.Seal(at("certificate_presentation", pid, "sealed"), text)); err != nil {
			return err
		}
		return s.presented(tx, a, "certificate.presented", pid, e)
	})
}

func (s *Service) presented(tx *db.Tx, a actor.Actor, verb, pid string, e Entry) error {
	a.Tenant = ids.System
	_, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "certificate", Detail: map[string]any{"presentation": pid, "certificate": e.ID, "digest": e.Digest, "state": e.State}})
	return err
}

// HandOut gives the file of a registered presentation, and counts it. A revoked certificate is handed out too,
// with its revocation.
func (s *Service) HandOut(ctx context.Context, a actor.Actor, pid string) (*File, error) {
	if err := s.Guard(a, permPresent); err != nil {
		return nil, err
	}
	all, err := s.presentations(ctx, qPresentOne, pid)
	if err != nil {
		return nil, err
	}
	if s.Unregistered {
		newest, err := s.find(ctx, qAll, 1)
		if err != nil {
			return nil, err
		}
		return s.file(ctx, newest.ID)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Missing, "certificate.not_presented")
	}
	f, err := s.file(ctx, all[0].Certificate)
	if err != nil {
		return nil, err
	}
	e, err := s.find(ctx, qByID, all[0].Certificate)
	if err != nil {
		return nil, err
	}
	return f, s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if _, err := tx.Exec(qPresentTaken, ids.System, pid); err != nil {
			return err
		}
		return s.presented(tx, a, "certificate.handed_out", pid, e)
	})
}

// Presentations lists to whom a certificate was shown, newest first.
func (s *Service) Presentations(ctx context.Context, a actor.Actor, id string) ([]Presentation, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	return s.presentations(ctx, qPresented, id)
}

func (s *Service) presentations(ctx context.Context, q db.Query, arg string) ([]Presentation, error) {
	type sealedLine struct {
		Presentation
		sealed []byte
	}
	var rows []sealedLine
	err := s.DB.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, q, func(s db.Scanner) (r sealedLine, err error) {
			var at int64
			err = s.Scan(&r.ID, &r.Certificate, &at, &r.By, &r.sealed, &r.Taken)
			r.At = db.Time(at)
			return r, err
		}, ids.System, arg)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	var out []Presentation
	for _, r := range rows {
		text, err := system.Open(at("certificate_presentation", r.ID, "sealed"), r.sealed)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &r.Request); err != nil {
			return nil, err
		}
		out = append(out, r.Presentation)
	}
	return out, nil
}
