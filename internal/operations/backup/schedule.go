package backup

import (
	"context"
	"errors"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
)

// Kinds of jobs. The slot of a backup is "backup:2026-11-23".
const (
	JobRun   = "backup"
	JobDrill = "backup.drill"
	JobCopy  = "backup.copy"
)

// drillHour is when the newest backup is tried, in Japan: after the patch window has closed.
const drillHour = 4

// copyHour is when the second place gets what was tried before.
const copyHour = 5

// Register puts the daily work into the queue; call it before the queue runs. A place that cannot be
// reached is tried again with growing pauses, for more than a day; the next day's slot follows anyway.
func (s *Service) Register(q *job.Queue) {
	q.Handle(JobRun, func(ctx context.Context, j job.Job) error {
		slot := jst.Of(time.Now()).AddDays(-1) // without a slot: unless there is one of today
		if j.Slot != "" {
			var err error
			if slot, err = jst.ParseDate(strings.TrimPrefix(j.Slot, JobRun+":")); err != nil {
				return job.Permanent(err)
			}
		}
		return again(s.Daily(ctx, slot))
	}, job.Options{MaxAttempts: 40})
	q.Handle(JobDrill, func(ctx context.Context, _ job.Job) error {
		_, err := s.Drill(ctx, nightly)
		if missing(err) {
			return nil // nothing to try yet; the first backup is followed by a drill
		}
		return again(err)
	}, job.Options{MaxAttempts: 10})
	if s.o.Second != nil {
		q.Handle(JobCopy, func(ctx context.Context, _ job.Job) error {
			_, err := s.CopySecond(ctx, nightly)
			return again(err)
		}, job.Options{MaxAttempts: 40})
		q.Schedule(JobCopy, job.Daily(copyHour, 0), job.NewestOnly())
	}
	q.Schedule(JobRun, job.Daily(s.o.Policy.Hour, s.o.Policy.Minute))
	q.Schedule(JobDrill, job.Daily(drillHour, 0), job.NewestOnly())
}

var nightly = actor.System(ids.System, "backup")

// again keeps the queue from giving up: what is missing or damaged in the place today may be there tomorrow.
func again(err error) error {
	if f := fault.Of(err); f != nil && errors.As(err, &f) {
		return fault.New(fault.Busy, f.Code).Because(err)
	}
	return err
}

// Daily does the work of one slot: it tells of the days that went by without a backup, and makes today's
// when the slot still wants one. The very first backup is tried at once.
func (s *Service) Daily(ctx context.Context, slot jst.Date) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	now := time.Now()
	all, err := s.registeredData(ctx)
	if err != nil {
		return err
	}
	if err := s.tellMissed(ctx, all, now); err != nil {
		return err
	}
	if !s.o.Policy.due(slot, all, now) {
		return nil
	}
	if _, err := s.run(ctx, nightly, now); err != nil {
		return err
	}
	if _, err := s.NewestDrill(ctx); undrilled(err) {
		_, err := s.drill(ctx, nightly)
		return err
	}
	return nil
}

func (s *Service) registeredData(ctx context.Context) ([]Generation, error) {
	all, err := s.registered(ctx)
	var data []Generation
	for _, g := range all {
		if g.Kind == Data {
			data = append(data, g)
		}
	}
	return data, err
}

func (s *Service) since(ctx context.Context) (time.Time, error) {
	var us int64
	err := s.o.Main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		us, err = db.Value[int64](tx, qSince, ids.System)
		return err
	})
	return db.Time(us), err
}

// tellMissed records each day without a backup once, and has people told of it. Days that the ladder has dropped since
// are told apart by looking only at those after the newest backup.
func (s *Service) tellMissed(ctx context.Context, all []Generation, now time.Time) error {
	since, err := s.since(ctx)
	if err != nil {
		return err
	}
	days := newestOfDay(all)
	if n := len(days); n > 0 && days[n-1].Taken.After(since) {
		since = days[n-1].Day.AddDays(1).Start()
	}
	var told []jst.Date
	for _, day := range s.o.Policy.missed(since, all, now) {
		n := int64(0)
		err := s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) (err error) {
			if n, err = tx.Exec(qMissedAdd, ids.System, day.String(), db.Micros(now)); err != nil || n == 0 {
				return err
			}
			_, err = s.o.Log.Append(tx, audit.Event{Verb: "backup.missed", Actor: nightly, Kind: "backup", Result: "failed", Detail: map[string]any{"day": day.String()}})
			return err
		})
		if err != nil {
			return err
		}
		s.o.Logger.Error("backup: a day has none", "day", day.String())
		if n > 0 {
			told = append(told, day)
		}
	}
	if len(told) > 0 && s.o.Missed != nil {
		s.o.Missed(ctx, told)
	}
	return nil
}
