package job

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// Slotter divides time into named slots.
type Slotter interface {
	// Next is the first slot that begins strictly after an instant, and its name, which no other slot has.
	Next(after time.Time) (at time.Time, slot string)
}

type daily struct{ hour, minute int }

// Daily is a slot a day at a wall-clock time in Japan, named by the day: "2026-11-23".
func Daily(hour, minute int) Slotter { return daily{hour, minute} }

func (d daily) Next(after time.Time) (time.Time, string) {
	day := jst.Of(after)
	if !day.At(d.hour, d.minute).After(after) {
		day = day.AddDays(1)
	}
	return day.At(d.hour, d.minute), day.String()
}

type every time.Duration

// Every is a slot at each whole multiple of d since 1970, named by its instant in UTC.
func Every(d time.Duration) Slotter { return every(d) }

func (e every) Next(after time.Time) (time.Time, string) {
	d := time.Duration(e)
	at := after.UTC().Truncate(d).Add(d)
	return at, at.Format(time.RFC3339)
}

type schedule struct {
	kind       string
	slots      Slotter
	newestOnly bool
	next       time.Time // not before this is there anything to plan
}

// ScheduleOption of one schedule.
type ScheduleOption func(*schedule)

// NewestOnly leaves out, after a downtime, all missed slots but the newest: for measurements, which
// cannot be made good, in contrast to backups and reports.
func NewestOnly() ScheduleOption { return func(s *schedule) { s.newestOnly = true } }

// Schedule makes a job of the system tenant out of each slot, under the unique slot "kind:name", so that
// two nodes make it once and a downtime is caught up. The very first time it begins with the slot that
// is in force. Call it before Run.
func (q *Queue) Schedule(kind string, slots Slotter, opts ...ScheduleOption) {
	s := &schedule{kind: kind, slots: slots}
	for _, o := range opts {
		o(s)
	}
	q.schedules = append(q.schedules, s)
}

// planChunk bounds how many slots one transaction makes good.
const planChunk = 500

// plan enqueues the slots that have begun and returns when the next one does.
func (q *Queue) plan(ctx context.Context, s *schedule) (time.Time, error) {
	now := time.Now()
	if s.next.After(now) {
		return s.next, nil
	}
	var next time.Time
	err := q.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		last, err := db.Value[int64](tx, qScheduleAt, ids.System, s.kind)
		from := db.Time(last)
		if fault.Is(err, fault.Missing) {
			from = beforeCurrent(s.slots, now)
		} else if err != nil {
			return err
		}
		var due []slotAt
		due, next = s.begun(from, now)
		for _, d := range due {
			if _, err := q.Enqueue(tx, ids.System, s.kind, nil, EnqueueOptions{Slot: s.kind + ":" + d.name, RunAt: d.at}); err != nil {
				return err
			}
		}
		if len(due) == 0 {
			return nil
		}
		_, err = tx.Exec(qScheduleMove, ids.System, s.kind, db.Micros(due[len(due)-1].at))
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	s.next = next
	return next, nil
}

type slotAt struct {
	at   time.Time
	name string
}

// begun lists the slots in (from, now], at most planChunk, and the instant of the one after them.
func (s *schedule) begun(from, now time.Time) (due []slotAt, next time.Time) {
	at, name := s.slots.Next(from)
	for !at.After(now) && len(due) < planChunk {
		if s.newestOnly {
			due = due[:0]
		}
		due = append(due, slotAt{at, name})
		at, name = s.slots.Next(at)
	}
	return due, at
}

// beforeCurrent finds an instant whose next slot is the one in force at now: the search goes back in
// doubling steps until a slot has begun, then forward to the last that has.
func beforeCurrent(s Slotter, now time.Time) time.Time {
	for back := time.Second; back < 500*24*time.Hour; back *= 2 {
		from := now.Add(-back)
		at, _ := s.Next(from)
		if at.After(now) {
			continue
		}
		for {
			following, _ := s.Next(at)
			if following.After(now) {
				return from
			}
			from, at = at, following
		}
	}
	return now
}
