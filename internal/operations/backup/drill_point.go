package backup

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// PointReceipt is the result of a trial recovery to an instant.
type PointReceipt struct {
	Why    string    `json:"why,omitempty"` // why there was none; nothing else is set then
	At     time.Time `json:"at"`            // the instant
	RPO    float64   `json:"rpo_seconds"`   // the age of the newest shipped commit at the drill: measured, no bound
	RTO    float64   `json:"rto_seconds"`
	Base   string    `json:"base"`
	Files  int       `json:"wal_files"`
	Rows   int64     `json:"rows"`
	Events int64     `json:"events"`
	Ledger string    `json:"ledger"`
	Bad    []string  `json:"findings"`
}

// drillPoint restores to the newest instant that the shipped WAL reaches, as a real recovery would. nil: this
// service has no PostgreSQL cluster.
func (s *Service) drillPoint(ctx context.Context, now time.Time) (*PointReceipt, error) {
	if s.o.Main.Engine() != db.Postgres {
		return nil, nil
	}
	if s.o.Physical == nil {
		return &PointReceipt{Why: "このホストでは設定されていません"}, nil
	}
	leave, err := s.enterBases(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	h, st, err := s.reach(ctx)
	if err != nil {
		return &PointReceipt{At: now, Bad: []string{code(err) + ": " + err.Error()}}, nil
	}
	at := time.Time{}
	if st != nil {
		at = st.Until.Add(-time.Microsecond)
	}
	if h == nil || at.Before(h.Base.Ended) {
		if now, _ := s.Standing(); !now.Made && now.Why != "" {
			return &PointReceipt{Why: why(now.Why)}, nil
		}
		return &PointReceipt{Why: "データベース全体の写しと、それに続く WAL が、まだそろっていません"}, nil
	}
	r := &PointReceipt{At: at, RPO: st.lag(now).Seconds(), Base: h.ID, Bad: []string{}}
	start := time.Now()
	got, err := s.tryPoint(ctx, at)
	r.RTO = time.Since(start).Seconds()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case codeIn(err, "backup.pitr_tools", "backup.pitr_version", "backup.pitr_root"):
		return &PointReceipt{Why: "このホストに、同じ版の PostgreSQL サーバーのプログラムがありません（WAL と写しは取れています）"}, nil
	case err != nil:
		r.Bad = []string{code(err) + ": " + err.Error()}
	default:
		r.Base, r.Files, r.Rows, r.Events, r.Ledger, r.Bad = got.Point.Base, got.Point.Files, got.Rows, got.Events, got.Ledger, got.Bad
		for _, id := range got.Point.Skipped {
			r.Bad = append(r.Bad, id+": この写しは壊れているため、前の写しから戻しました")
		}
	}
	return r, nil
}

func (s *Service) tryPoint(ctx context.Context, at time.Time) (*Restored, error) {
	dir, err := os.MkdirTemp(s.o.Temp, tempName)
	if err != nil {
		return nil, err
	}
	got, err := s.source().unpackPoint(ctx, dir, Point{At: at})
	return got, errors.Join(err, os.RemoveAll(dir))
}

func codeIn(err error, codes ...string) bool {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return false
	}
	for _, c := range codes {
		if f.Code == c {
			return true
		}
	}
	return false
}

// Says is the receipt's sentence in the statement.
func (r *PointReceipt) Says() string {
	switch {
	case r == nil:
		return ""
	case r.Why != "":
		return "任意の時刻への復元は未確認です（" + r.Why + "）。"
	case len(r.Bad) > 0:
		return "任意の時刻への復元に失敗しました: " + strings.Join(r.Bad[:min(3, len(r.Bad))], "、") + "。"
	}
	return "任意の時刻への復元も、" + jst.StampSec(r.At) + "の状態に戻して確かめました（訓練のとき、届いていた最後の変更は" + span(r.RPO) + "前のものでした。戻すのにかかった時間は" + span(r.RTO) + "です）。"
}
