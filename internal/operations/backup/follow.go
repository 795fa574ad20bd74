package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup/pgtool"
)

// follower is one connection that streams WAL, and what was shipped of it.
type follower struct {
	*Service
	copying
	dir   string // where pg_receivewal writes
	sent  map[string]bool
	until time.Time // every commit before has been shipped
	last  string    // the newest shipped file
	marks []mark    // how far single files reach
	beats int       // since this connection began

	busyBase atomic.Bool // a copy of the cluster is being made beside
	busyCopy atomic.Bool // the second place is being brought up to date beside
	work     sync.WaitGroup
}

const (
	look        = time.Second      // how often whole files are looked for
	restarts    = time.Second      // before the first restart of the receiver
	restartMost = 5 * time.Minute  // between restarts, and until what may not be copied is asked about again
	ackWithin   = 30 * time.Second // how long the receiver may take for what was committed
)

// lateAfter is how long shipping may stand still before it is told; a test makes it short.
var lateAfter = 15 * time.Minute

// Follow streams the cluster's WAL into the place of the backups until ctx ends, and has a copy of the cluster
// made once a day. A receiver that dies is told and started again; where the cluster may not be copied, or does
// not let itself, the reason is told and asked for again later.
func (s *Service) Follow(ctx context.Context) error {
	if s.o.Physical == nil {
		return nil
	}
	pause := restarts
	for ctx.Err() == nil {
		began := time.Now()
		err := s.attend(ctx)
		if ctx.Err() != nil {
			break
		}
		s.broken(ctx, err)
		if time.Since(began) > restartMost {
			pause = restarts
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, restartMost)
	}
	return nil
}

// broken tells, once for each reason, that no WAL arrives.
func (s *Service) broken(ctx context.Context, err error) {
	was, _ := s.Standing()
	if !s.stand(false, code(err), time.Now()) {
		return
	}
	if !was.Made {
		s.o.Logger.Warn("backup: the PostgreSQL cluster is not copied, so there is no point-in-time recovery; the daily backups are made", "code", code(err), "err", err)
		s.record(ctx, nightly, "backup.wal_none", "denied", map[string]any{"code": code(err)})
		return
	}
	s.o.Logger.Error("backup: no WAL arrives; point-in-time recovery reaches only up to what was shipped", "code", code(err), "err", err)
	s.record(ctx, nightly, "backup.wal_broken", "failed", map[string]any{"code": code(err)})
}

// attend looks after one connection. It returns why there is none, or why it ended.
func (s *Service) attend(ctx context.Context) error {
	c, err := s.eligible(ctx)
	if err != nil {
		return err
	}
	if err := s.tidyFolder(c.cluster.System); err != nil {
		return err
	}
	f := &follower{Service: s, copying: c, dir: filepath.Join(s.o.Physical.Dir, c.cluster.System), sent: map[string]bool{}}
	if err := f.mend(); err != nil {
		return err
	}
	if err := f.slot(ctx); err != nil {
		return pgtool.Refused(err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	received := make(chan error, 1)
	go func() {
		defer close(received)
		received <- c.tools.Receive(ctx, c.conn, f.dir)
	}()
	err = f.ship(ctx, received)
	stop()
	<-received
	f.work.Wait()
	return err
}

// tidyFolder removes what is left of another cluster: readable WAL does not lie about.
func (s *Service) tidyFolder(system string) error {
	all, err := os.ReadDir(s.o.Physical.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range all {
		if e.Name() != system {
			err = errors.Join(err, os.RemoveAll(filepath.Join(s.o.Physical.Dir, e.Name())))
		}
	}
	return err
}

// mend removes a file under way that a killed receiver was still making room for: nothing is in it yet, and no
// receiver goes on behind one of a wrong length.
func (f *follower) mend() error {
	all, err := filepath.Glob(filepath.Join(f.dir, "*"+partial))
	for _, name := range all {
		info, e := os.Stat(name)
		if e == nil && info.Size() != f.cluster.Segment {
			e = os.Remove(name)
		}
		err = errors.Join(err, e)
	}
	return err
}

// slot makes sure of the replication slot. One that the server has given up means lost WAL: what was received
// is shipped, and the stream begins anew; the gap shows in the windows.
func (f *follower) slot(ctx context.Context) error {
	p, err := f.o.Main.Position(ctx, pgtool.Slot)
	if err != nil {
		return err
	}
	if p.Slot == "lost" {
		f.record(ctx, nightly, "backup.wal_gap", "failed", map[string]any{"system": f.cluster.System})
		f.o.Logger.Error("backup: the server no longer keeps WAL that was not received; a new copy of the cluster is made")
		if err := f.shipWhole(ctx); err != nil {
			return err
		}
		if err := errors.Join(f.tools.DropSlot(ctx, f.conn), os.RemoveAll(f.dir)); err != nil {
			return err
		}
	}
	return f.tools.MakeSlot(ctx, f.conn)
}

// ship is the work beside the receiver.
func (f *follower) ship(ctx context.Context, received chan error) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	var next, pruned, based time.Time
	good := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-received:
			return streamEnded(err)
		case <-tick.C:
		}
		err := f.shipWhole(ctx)
		if now := time.Now(); err == nil && !now.Before(next) {
			next = now.Add(f.o.Physical.Beat)
			err = f.beat(ctx)
		}
		switch {
		case ctx.Err() != nil:
		case err == nil:
			good = time.Now()
		case time.Since(good) > lateAfter || f.beats == 0:
			return err
		default:
			f.o.Logger.Warn("backup: WAL was not shipped; it is tried again", "err", err)
		}
		now := time.Now()
		if f.beats > 0 && err == nil && now.Sub(pruned) > time.Hour {
			pruned = now
			f.tidy(ctx)
			if f.busyCopy.CompareAndSwap(false, true) {
				f.work.Go(func() { f.carryOn(ctx); f.busyCopy.Store(false) })
			}
		}
		if f.beats > 0 && now.Sub(based) > basePause {
			based = now
			if f.busyBase.CompareAndSwap(false, true) {
				f.work.Go(func() { f.baseIfDue(ctx); f.busyBase.Store(false) })
			}
		}
	}
}

// streamEnded is why the stream ended.
func streamEnded(err error) error {
	if e := pgtool.Refused(err); err != nil && fault.Of(e).Code != "backup.pitr_error" {
		return e
	}
	return fault.New(fault.Busy, "backup.pitr_receiver").Because(err)
}

// basePause is between looks whether a copy of the cluster is due, and between attempts.
var basePause = time.Minute

// tidy drops what is a week old, also while no new copy can be made.
func (f *follower) tidy(ctx context.Context) {
	leave, err := f.enterBases(ctx)
	if err != nil {
		return
	}
	defer leave()
	if err := f.pruneBases(ctx, nightly, time.Now()); err != nil && ctx.Err() == nil {
		f.o.Logger.Warn("backup: old copies of the cluster are still there", "err", err)
	}
}

// baseIfDue makes a copy of the cluster when one is wanted and a daily set stands below it: files, log and keys
// come from there.
func (f *follower) baseIfDue(ctx context.Context) {
	daily, err := f.registeredData(ctx)
	if err != nil || len(daily) == 0 {
		return
	}
	due, err := f.due(ctx)
	if err != nil || !due {
		if err != nil && ctx.Err() == nil {
			f.o.Logger.Warn("backup: copies of the cluster", "err", err)
		}
		return
	}
	if _, err := f.base(ctx, nightly, f.copying); err != nil && ctx.Err() == nil {
		f.o.Logger.Error("backup: no copy of the cluster was made; it is tried again", "code", code(err), "err", err)
	}
}

func (f *follower) due(ctx context.Context) (bool, error) {
	c, err := f.shelf.list(ctx, Base)
	if err != nil {
		return false, err
	}
	taken := map[string]time.Time{}
	var own []*held
	for _, h := range c.sets {
		if h.Base.System == f.cluster.System && h.Base.Timeline == f.cluster.Timeline {
			taken[h.ID], own = h.Taken, append(own, h)
		}
	}
	all, err := f.shelf.windows(ctx, own)
	return f.o.Policy.baseDue(all, taken, time.Now()), err
}

// beat commits a mark, waits until the receiver has it on its disk, and ships the file that it is in.
func (f *follower) beat(ctx context.Context) error {
	before, err := f.o.Main.Position(ctx, pgtool.Slot)
	if err != nil {
		return err
	}
	err = f.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := tx.Durable(); err != nil {
			return err
		}
		_, err := tx.Exec(qBeat, ids.System, f.cluster.System, db.Micros(before.Clock), db.Micros(f.until), f.last)
		return err
	})
	if err != nil {
		return err
	}
	after, err := f.o.Main.Position(ctx, pgtool.Slot)
	if err != nil {
		return err
	}
	if err := f.acknowledged(ctx, after.Flushed); err != nil {
		return err
	}
	if err := f.shipWhole(ctx); err != nil {
		return err
	}
	last := segmentAt(f.cluster.Timeline, after.Flushed-1, f.cluster.Segment).name(f.cluster.Segment)
	if err := f.shipPartial(ctx, last); err != nil {
		return err
	}
	if err := f.keepKeys(ctx); err != nil {
		return err
	}
	if f.beats == 0 {
		st, err := f.shelf.state(ctx, f.cluster.System, f.cluster.Timeline)
		if err != nil && !codeIn(err, "backup.damaged") {
			return err
		}
		if st != nil {
			f.marks = st.Marks
		}
	}
	f.marks = marked(f.marks, mark{last, before.Clock}, before.Clock.Add(-f.o.Policy.KeyLife))
	err = f.shelf.putState(ctx, walState{
		System: f.cluster.System, Timeline: f.cluster.Timeline, Segment: f.cluster.Segment, Last: last, Until: before.Clock, Shipped: time.Now().UTC(),
		Marks: f.marks,
	})
	if err != nil {
		return err
	}
	f.until, f.last = before.Clock, last
	if f.beats++; f.beats == 1 {
		f.stand(true, "", time.Now())
		f.record(ctx, nightly, "backup.wal_on", "ok", map[string]any{"system": f.cluster.System, "file": last})
	}
	return nil
}

func (f *follower) acknowledged(ctx context.Context, lsn uint64) error {
	end := time.Now().Add(ackWithin)
	for {
		p, err := f.o.Main.Position(ctx, pgtool.Slot)
		if err != nil || p.Received >= lsn {
			return err
		}
		if time.Now().After(end) {
			return fault.New(fault.Busy, "backup.pitr_behind")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
