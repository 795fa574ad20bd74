package asset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// States of a disposal.
const (
	Asked    = "asked"
	Approved = "approved"
	Declined = "declined"
	Done     = "done"
	Failed   = "failed"
)

// Disposal is one way through the procedure.
type Disposal struct {
	ID        string      `json:"id"`
	Asset     string      `json:"asset"`
	Reason    string      `json:"reason"`
	AskedBy   ids.Account `json:"asked_by"`
	AskedAt   time.Time   `json:"asked_at"`
	DecidedBy ids.Account `json:"decided_by,omitempty"`
	DecidedAt time.Time   `json:"decided_at,omitzero"`
	State     string      `json:"state"`
	DoneAt    time.Time   `json:"done_at,omitzero"`
	Record    *Record     `json:"record,omitempty"`

	sealed []byte // the reason; nil: it was given before reasons were sealed
}

// ApprovedFor is how long an approval holds. After that what it was given for may be another thing of the same name.
const ApprovedFor = 30 * 24 * time.Hour

// Lapsed tells whether it was approved and not carried out in time.
func (d *Disposal) Lapsed(now time.Time) bool {
	return d.State == Approved && now.After(d.DecidedAt.Add(ApprovedFor))
}

// Record is what NIST SP 800-88r2 wants to be kept of a disposal.
type Record struct {
	Method   string    `json:"method"`   // Clear, by overwriting
	Tool     string    `json:"tool"`     // this program
	Files    int       `json:"files"`    // overwritten and removed
	Bytes    int64     `json:"bytes"`    // overwritten
	Verified string    `json:"verified"` // how it was checked
	Started  time.Time `json:"started_at"`
	Finished time.Time `json:"finished_at"`
	Operator string    `json:"operator"` // who asked
	Verifier string    `json:"verifier"` // who approved
	Error    string    `json:"error,omitempty"`
}

// Ask asks for a disposal. The resource must stand in the ledger; one that the service itself uses is refused.
func (s *Service) Ask(ctx context.Context, a actor.Actor, asset, reason string) (*Disposal, error) {
	if err := s.o.Guard(a, canManage); err != nil {
		return nil, err
	}
	if a.Account == "" {
		return nil, fault.New(fault.Denied, "asset.person")
	}
	reason, err := glyph.Reason(reason, 300, "asset.reason", "処分の理由")
	if err != nil {
		return nil, err
	}
	if _, err := s.file(asset); err != nil {
		return nil, err
	}
	key, err := s.o.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	d := &Disposal{ID: ids.New[string](), Asset: asset, Reason: reason, AskedBy: a.Account, AskedAt: time.Now().UTC().Truncate(time.Microsecond), State: Asked}
	return d, s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		e, err := db.One(tx, qEntry, scanEntry, ids.System, asset)
		if fault.Is(err, fault.Missing) || err == nil && e.Gone() {
			return fault.New(fault.Missing, "asset.missing")
		}
		if err != nil {
			return err
		}
		open, err := db.All(tx, qDisposalOpen, scanDisposal, ids.System, asset)
		if err != nil {
			return err
		}
		for i := range open {
			if !open[i].Lapsed(d.AskedAt) {
				return fault.New(fault.Conflict, "asset.asked")
			}
			if err := s.lapse(tx, a, &open[i]); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(qDisposalAdd, ids.System, d.ID, asset, key.Seal(reasonAt(d.ID), []byte(reason)), a.Account, db.Micros(d.AskedAt)); err != nil {
			return err
		}
		return s.record(tx, a, verbAsked, "ok", map[string]any{"disposal": d.ID, "asset": asset})
	})
}

// Decide approves or declines, by another person than the one who asked.
func (s *Service) Decide(ctx context.Context, a actor.Actor, id string, approve bool) error {
	if err := s.o.Guard(a, canManage); err != nil {
		return err
	}
	if a.Account == "" {
		return fault.New(fault.Denied, "asset.person")
	}
	kin, err := s.kin(ctx, a, id, approve)
	if err != nil {
		return err
	}
	refused := false
	err = s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		refused = false
		d, err := s.disposal(tx, id)
		if err != nil {
			return err
		}
		q, state := qDisposalDecide, Approved
		switch {
		case !approve && d.AskedBy == a.Account: // taking one's own request back needs nobody else
			q, state = qDisposalTake, Declined
		case !approve:
			state = Declined
		case d.AskedBy == a.Account:
			refused = true
			return s.record(tx, a, verbDecided, "denied", map[string]any{"disposal": id, "why": "same person"})
		case kin != nil:
			return s.record(tx, a, verbDecided, "denied", map[string]any{"disposal": id, "why": "not independent of the asker"})
		}
		n, err := tx.Exec(q, ids.System, id, a.Account, db.Micros(time.Now()), state)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "asset.decided")
		}
		return s.record(tx, a, verbDecided, "ok", map[string]any{"disposal": id, "state": state})
	})
	if err == nil && refused {
		err = fault.New(fault.Denied, "asset.same_person")
	}
	if err == nil {
		err = kin
	}
	return err
}

// kin tells why somebody is no second person beside the asker: a disposal takes two people, not two accounts.
func (s *Service) kin(ctx context.Context, a actor.Actor, id string, approve bool) (refused, err error) {
	var d Disposal
	if err := s.o.DB.View(ctx, ids.System, func(tx *db.Tx) (err error) { d, err = s.disposal(tx, id); return err }); err != nil {
		return nil, err
	}
	if !approve || d.AskedBy == a.Account { // taking it back, or refused with its own words
		return nil, nil
	}
	err = s.o.Second.Check(ctx, actor.Beside{Rule: "asset.decide", By: a, Other: d.AskedBy, Since: d.AskedAt})
	if fault.Is(err, fault.Denied) {
		return err, nil
	}
	return nil, err
}

// lapse ends an approval whose time is over.
func (s *Service) lapse(tx *db.Tx, a actor.Actor, d *Disposal) error {
	if n, err := tx.Exec(qDisposalLapse, ids.System, d.ID); err != nil || n == 0 {
		return err
	}
	return s.record(tx, a, "asset.disposal_lapsed", "ok", map[string]any{"disposal": d.ID, "asset": d.Asset})
}

func (s *Service) disposal(tx *db.Tx, id string) (Disposal, error) {
	d, err := db.One(tx, qDisposal, scanDisposal, ids.System, id)
	if fault.Is(err, fault.Missing) {
		return d, fault.New(fault.Missing, "asset.missing")
	}
	return d, err
}

// Carry carries an approved disposal out, looks at what is left of it and keeps the record. Without an approval it
// is refused and recorded.
func (s *Service) Carry(ctx context.Context, a actor.Actor, id string) (*Disposal, error) {
	if err := s.o.Guard(a, canManage); err != nil {
		return nil, err
	}
	s.wipe.Lock()
	defer s.wipe.Unlock()
	var d Disposal
	err := s.o.DB.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		d, err = s.disposal(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if d.State != Approved {
		err := s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
			return s.record(tx, a, verbDisposed, "denied", map[string]any{"disposal": id, "state": d.State})
		})
		return nil, errors.Join(fault.New(fault.Denied, "asset.not_approved"), err)
	}
	if ok, err := s.approved(ctx, &d); err != nil || !ok {
		if err == nil {
			err = s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
				if err := s.record(tx, a, "integrity.row_refused", "denied", map[string]any{"table": "asset_disposal", "row": id}); err != nil {
					return err
				}
				return s.record(tx, a, verbDisposed, "denied", map[string]any{"disposal": id, "why": "not in the log"})
			})
		}
		return nil, errors.Join(fault.New(fault.Denied, "asset.not_approved"), err)
	}
	if d.Lapsed(time.Now()) {
		err := s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error { return s.lapse(tx, a, &d) })
		return nil, errors.Join(fault.New(fault.Conflict, "asset.lapsed", "days", strconv.Itoa(int(ApprovedFor.Hours()/24))), err)
	}
	path, err := s.file(d.Asset)
	if err != nil {
		return nil, err
	}
	r := &Record{Method: "Clear（上書き）", Tool: "rakudos asset 1", Started: time.Now().UTC().Truncate(time.Microsecond), Operator: string(d.AskedBy), Verifier: string(d.DecidedBy)}
	wiped, err := wipe(ctx, path, s.keep)
	r.Files, r.Bytes, r.Finished = wiped.files, wiped.bytes, time.Now().UTC().Truncate(time.Microsecond)
	d.State, d.DoneAt, d.Record = Done, r.Finished, r
	r.Verified = "消す前に開いた手掛かりから全バイトを読み、0であることを確かめ、名前がなくなったことを確かめました。"
	if err != nil {
		d.State, r.Verified, r.Error = Failed, "", fault.Of(err).Code
	}
	text, e := json.Marshal(r)
	if e != nil {
		return nil, e
	}
	if s.silent {
		text = []byte("{}")
	}
	e = s.o.DB.Tx(context.WithoutCancel(ctx), ids.System, func(tx *db.Tx) error {
		if n, err := tx.Exec(qDisposalEnd, ids.System, id, d.State, db.Micros(r.Finished), string(text)); err != nil {
			return err
		} else if n == 0 { // another process was first: what it has recorded stands
			return fault.New(fault.Conflict, "asset.decided")
		}
		if d.State == Failed {
			return s.record(tx, a, verbDisposed, "failed", map[string]any{"disposal": id, "asset": d.Asset})
		}
		if _, err := tx.Exec(qGone, ids.System, d.Asset, db.Micros(r.Finished)); err != nil {
			return err
		}
		return s.record(tx, a, verbDisposed, "ok", map[string]any{"disposal": id, "asset": d.Asset, "files": r.Files, "bytes": r.Bytes, "method": r.Method})
	})
	if e != nil {
		return nil, e
	}
	if err != nil {
		return &d, fmt.Errorf("asset: dispose: %w", err)
	}
	return &d, nil
}
