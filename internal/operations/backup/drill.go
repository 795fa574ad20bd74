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
	RPO      float64   `json:"rpo_seconds,omitempty"` // the age of the newest backup at the drill: measured, no bound
	RTO      float64   `json:"rto_seconds,omitempty"` // from an empty folder to checked databases
	Part     string    `json:"part,omitempty"`        // the file of the set that stopped it
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
	got, err := s.source().unpack(ctx, dir, jst.Date{}, everyRow)
	if e := os.RemoveAll(dir); e != nil {
		err = errors.Join(err, e)
	}
	took := time.Since(start).Seconds()
	if ctx.Err() != nil { // stopped: no result at all
		return nil, ctx.Err()
	}
	if fault.Is(err, fault.Missing) {
		return nil, err
	}
	if err != nil { // it could not be restored: that is a result
		got = &Restored{Bad: []string{code(err) + ": " + err.Error()}}
		got.Set, r.Part = culprit(err)
	}
	r.Restored = *got
	if r.ToPoint, err = s.drillPoint(ctx, start); err != nil {
		return nil, err
	}
	if r.ToPoint != nil {
		for _, b := range r.ToPoint.Bad {
			r.Bad = append(r.Bad, "時刻を指定した復元: "+b)
		}
	}
	if r.OK = len(r.Bad) == 0; r.OK { // what was not restored has taken no time, and nothing can be lost up to it
		r.RTO, r.RPO = took, start.Sub(r.Taken).Seconds()
	}
	return r, s.keepReceipt(context.WithoutCancel(ctx), who, r)
}

// culprit is the set and its file that a restore could not get past, where the fault names them.
func culprit(err error) (set, part string) {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Args["set"], f.Args["piece"]
	}
	return "", ""
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
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	detail := map[string]any{
		"drill": r.ID, "set": r.Set, "day": r.Day.String(), "rows": r.Rows, "tables": r.Tables, "events": r.Events,
		"ledger": r.Ledger, "findings": len(r.Bad), "receipt_sha256": receiptSum(text),
	}
	if r.OK {
		detail["rpo_seconds"], detail["rto_seconds"] = r.RPO, r.RTO
	}
	if r.Part != "" {
		detail["part"] = r.Part
	}
	if p := r.ToPoint; p != nil && p.Why == "" {
		detail["base"], detail["wal_files"], detail["point_rpo_seconds"], detail["point_rto_seconds"] = p.Base, p.Files, p.RPO, p.RTO
	}
	return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := addDrill(tx, r, text); err != nil {
			return err
		}
		_, err := s.o.Log.Append(tx, audit.Event{Verb: verbDrilled, Actor: who, Kind: "backup", Result: result, Detail: detail})
		return err
	})
}
