package backup

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// Receipt is the result of a trial restore.
type Receipt struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	OK       bool      `json:"ok"`
	RPO      float64   `json:"rpo_seconds"` // what would be lost now: the age of the newest backup
	RTO      float64   `json:"rto_seconds"` // from an empty folder to checked databases
	Restored           // what was restored and found

	ToPoint *PointReceipt `json:"to_point,omitempty"` // a recovery to an instant, where there is PostgreSQL
}

// Drill restores the newest backup into a sandbox, checks it as a real restore would, and keeps the
// receipt: a backup counts only when it was restored.
func (s *Service) Drill(ctx context.Context, who actor.Actor) (*Receipt, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.drill(ctx, who)
}

func (s *Service) drill(ctx context.Context, who actor.Actor) (*Receipt, error) {
	start := time.Now()
	if err := os.MkdirAll(s.o.Temp, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.o.Temp, tempName)
	if err != nil {
		return nil, err
	}
	r := &Receipt{ID: newID(start), At: start.UTC().Truncate(time.Microsecond)}
	got, err := s.source().unpack(ctx, dir, jst.Date{})
	if e := os.RemoveAll(dir); e != nil {
		err = errors.Join(err, e)
	}
	if ctx.Err() != nil { // stopped: no result at all
		return nil, ctx.Err()
	}
	if fault.Is(err, fault.Missing) {
		return nil, err
	}
	if err != nil { // it could not be restored: that is a result
		got = &Restored{Bad: []string{code(err) + ": " + err.Error()}}
	}
	r.Restored = *got
	r.RTO = time.Since(start).Seconds()
	if !r.Taken.IsZero() {
		r.RPO = start.Sub(r.Taken).Seconds()
	}
	if r.ToPoint, err = s.drillPoint(ctx, start); err != nil {
		return nil, err
	}
	if r.ToPoint != nil {
		for _, b := range r.ToPoint.Bad {
			r.Bad = append(r.Bad, "point in time: "+b)
		}
	}
	r.OK = len(r.Bad) == 0
	return r, s.keepReceipt(context.WithoutCancel(ctx), who, r)
}

func (s *Service) source() Source {
	return Source{Target: s.o.Target, Root: s.o.Root, Ledger: s.o.Ledger, spoil: s.spoil}
}

func (s *Service) keepReceipt(ctx context.Context, who actor.Actor, r *Receipt) error {
	result := "ok"
	if !r.OK {
		result = "failed"
	}
	who.Tenant = ids.System
	detail := map[string]any{
		"drill": r.ID, "set": r.Set, "day": r.Day.String(), "rows": r.Rows, "tables": r.Tables, "events": r.Events,
		"rpo_seconds": r.RPO, "rto_seconds": r.RTO, "ledger": r.Ledger, "findings": len(r.Bad),
	}
	if p := r.ToPoint; p != nil && p.Why == "" {
		detail["base"], detail["wal_files"], detail["point_rpo_seconds"], detail["point_rto_seconds"] = p.Base, p.Files, p.RPO, p.RTO
	}
	return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := addDrill(tx, r); err != nil {
			return err
		}
		_, err := s.o.Log.Append(tx, audit.Event{Verb: "backup.drilled", Actor: who, Kind: "backup", Result: result, Detail: detail})
		return err
	})
}

// NewestDrill is the last receipt; fault.Missing when there was no drill yet.
func (s *Service) NewestDrill(ctx context.Context) (*Receipt, error) {
	var text string
	err := s.o.Main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		text, err = db.Value[string](tx, qDrill, ids.System)
		return err
	})
	if err != nil {
		return nil, err
	}
	r := &Receipt{}
	return r, json.Unmarshal([]byte(text), r)
}
