package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup/pgtool"
	"rakudos/migrations"
)

// Point is an instant to which a PostgreSQL service is brought back.
type Point struct {
	At      time.Time
	Cluster string // folder that keeps the recovered PostgreSQL cluster, ready to start; empty: it is thrown away
}

// Reached is what a recovery to an instant went through.
type Reached struct {
	Asked   time.Time `json:"asked"`
	Commit  time.Time `json:"last_commit"` // the newest that was replayed
	Base    string    `json:"base"`
	Files   int       `json:"wal_files"`
	Leaves  int64     `json:"leaves_regrown"` // of the transparency log, added to the daily set's files
	Cluster string    `json:"cluster,omitempty"`
}

// RestorePoint is Restore for an instant: the records are those of a copy of the cluster, brought forward by
// the shipped WAL to exactly that instant or not at all. Files come from the newest daily set before it.
func (s Source) RestorePoint(ctx context.Context, to string, p Point) (*Restored, error) {
	if p.Cluster != "" {
		if err := emptyDir(p.Cluster); err != nil {
			return nil, err
		}
	}
	if err := emptyDir(to); err != nil {
		return nil, err
	}
	r, err := s.unpackPoint(ctx, to, p)
	if err == nil && len(r.Bad) > 0 {
		err = fault.New(fault.Conflict, "backup.unlike", "set", r.Set, "what", r.Bad[0]).Because(errors.New(strings.Join(r.Bad, "; ")))
	}
	if err != nil {
		err = errors.Join(err, empty(to))
		if p.Cluster != "" {
			err = errors.Join(err, empty(p.Cluster))
		}
		return nil, err
	}
	if p.Cluster != "" { // it takes their place, with the key store that is in use
		for _, name := range []string{mainFile, keysFile} {
			for _, tail := range []string{"", "-wal", "-shm"} {
				if e := os.Remove(filepath.Join(to, name+tail)); e != nil && !errors.Is(e, os.ErrNotExist) {
					return nil, e
				}
			}
		}
	}
	return r, nil
}

// pointing is an unpacking to an instant.
type pointing struct {
	*unpacking
	p      Point
	base   *held
	later  bool    // the daily set is from after the instant
	stop   segment // the last WAL file that can be needed
	hole   error   // why the WAL ends before it, when it does
	work   string  // the cluster and its WAL, unless the cluster is kept
	server *pgtool.Opened
	pg     *db.DB
}

func (s Source) unpackPoint(ctx context.Context, dir string, p Point) (_ *Restored, err error) {
	start := time.Now()
	u := &pointing{unpacking: &unpacking{Source: s, dir: dir, r: &Restored{Bad: []string{}}, shelf: shelf{store: s.Target, root: s.Root}}, p: p}
	u.r.Point = &Reached{Asked: p.At.UTC(), Cluster: p.Cluster}
	defer func() { err = errors.Join(err, u.close(), u.end()) }()
	for _, step := range []func(context.Context) error{
		u.placeKeys, u.chooseBase, u.chooseBelow, u.unpackBase, u.fetchWAL, u.recover, u.carryOver,
		u.placeLog, u.placeBlobs, u.placeEnvironment,
		u.checkMain, u.regrow, u.checkLog, u.replay, u.replayCluster, u.remark,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	u.r.Took = time.Since(start).Round(time.Millisecond).String()
	return u.r, nil
}

// end stops the server and removes what was only needed on the way.
func (u *pointing) end() (err error) {
	if u.pg != nil {
		err = u.pg.Close()
		u.pg = nil
	}
	if u.server != nil {
		err = errors.Join(err, u.server.Close())
		u.server = nil
	}
	if u.work != "" {
		err = errors.Join(err, os.RemoveAll(u.work))
	}
	return err
}

// chooseBase takes the newest copy of the cluster that was finished before the instant.
func (u *pointing) chooseBase(ctx context.Context) error {
	c, err := u.shelf.list(ctx, Base)
	if err != nil {
		return err
	}
	if len(c.sets) == 0 {
		if len(c.bad) > 0 {
			return damaged(c.bad[0].Set, manifestName, nil)
		}
		return fault.New(fault.Missing, "backup.pitr_none")
	}
	all, err := u.shelf.windows(ctx, c.sets)
	if err != nil {
		return err
	}
	for i, h := range slices.Backward(c.sets) {
		if h.Base.Ended.After(u.p.At) {
			continue
		}
		if w := all[i]; w.Gap == "" && !w.holds(u.p.At) {
			break
		}
		u.base = h
		st, err := u.shelf.state(ctx, h.Base.System, h.Base.Timeline)
		if err != nil {
			return err
		}
		if st == nil {
			break
		}
		u.stop, _ = parseSegment(st.Last, h.Base.Segment)
		for _, later := range c.sets[i+1:] { // the instant lies before it was finished
			if e, ok := parseSegment(later.Base.End, h.Base.Segment); ok && later.Base.System == h.Base.System && e.timeline == u.stop.timeline {
				u.stop = e
				break
			}
		}
		u.r.Point.Base = h.ID
		return nil
	}
	from, until := all[0].From, time.Time{}
	for _, w := range all {
		if w.Until.After(until) {
			until = w.Until
		}
	}
	return fault.New(fault.Missing, "backup.pitr_outside", "at", jst.StampSec(u.p.At), "from", jst.StampSec(from), "until", jst.StampSec(until))
}

// chooseBelow takes the newest daily set that was complete before the instant. On the very first day there may be
// only later ones, since of each day the newest stays: then the oldest gives the files, and the log grows from
// nothing.
func (u *pointing) chooseBelow(ctx context.Context) error {
	c, err := u.shelf.list(ctx, Data)
	if err != nil {
		return err
	}
	for i, h := range slices.Backward(c.sets) {
		if u.later = h.Taken.Add(time.Duration(h.Took) * time.Millisecond).After(u.p.At); u.later && i > 0 {
			continue
		}
		set := *h // its table of contents is changed below
		u.set = &set
		u.r.Set, u.r.Day, u.r.Taken, u.r.Engine = h.ID, h.Day, h.Taken, h.Engine
		return nil
	}
	return fault.New(fault.Missing, "backup.none")
}

// placeLog takes the log's files of the daily set, unless they are from after the instant.
func (u *pointing) placeLog(ctx context.Context) error {
	if u.later {
		return os.MkdirAll(filepath.Join(u.dir, logDir), 0o700)
	}
	return u.unpacking.placeLog(ctx)
}

// recover brings the cluster to the instant, or says which WAL file it lacks.
func (u *pointing) recover(ctx context.Context) error {
	b := u.base.Base
	t, err := pgtool.FindServer(ctx, b.Major)
	if err != nil {
		return err
	}
	u.server, err = t.Recover(ctx, pgtool.Recovery{
		Data: u.p.Cluster, WAL: u.wal(), Until: u.p.At, Timeline: b.Timeline, Role: b.Role, Database: b.Database,
	})
	if err != nil {
		return errors.Join(u.hole, err)
	}
	if u.pg, err = db.Open(ctx, db.Config{Engine: db.Postgres, DSN: u.server.DSN, Schema: b.Schema, Readers: 4}); err != nil {
		return err
	}
	if u.r.Point.Commit, err = u.pg.Reached(ctx); err != nil {
		return err
	}
	if u.r.Point.Commit.After(u.p.At) {
		u.bad("the recovery went beyond the instant, to %s", jst.StampSec(u.r.Point.Commit))
	}
	return nil
}

// carryOver reads the recovered records as a daily set reads them, into the file that a daily set gives.
func (u *pointing) carryOver(ctx context.Context) error {
	snap, err := u.pg.Snapshot(ctx)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	dumped := make(chan error, 1)
	go func() {
		var err error
		u.set.Tables, err = snap.Dump(ctx, w)
		_ = w.CloseWithError(err)
		dumped <- err
	}()
	err = db.Restore(ctx, snap.Form(), r, filepath.Join(u.dir, mainFile), migrations.Main())
	_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	err = errors.Join(err, <-dumped, snap.Close())
	u.set.Schema, u.set.Form = snap.Version, snap.Form()
	u.r.Schema = snap.Version
	return err
}

// regrow brings the transparency log from the daily set forward to what the records say is in it.
func (u *pointing) regrow(ctx context.Context) (err error) {
	u.r.Point.Leaves, err = audit.Regrow(ctx, u.main, audit.Config{Dir: filepath.Join(u.dir, logDir)})
	return err
}

// replayCluster erases in a cluster that is kept what was erased since, before anybody opens it, has it forget
// backups that lie elsewhere, as any restored database does, and has the tables written anew without what went.
func (u *pointing) replayCluster(ctx context.Context) error {
	if u.r.Point.Cluster == "" {
		return nil
	}
	if u.Ledger != nil {
		if _, err := u.Ledger.Replay(ctx, u.pg, u.keys); err != nil {
			return fault.New(fault.Internal, "backup.ledger").Because(err)
		}
	}
	log, err := audit.Open(ctx, u.pg, u.vault, audit.Config{Dir: filepath.Join(u.dir, logDir)})
	if err != nil {
		return err
	}
	who := actor.HostOperator(ids.System, "backup")
	err = u.pg.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := startAnew(tx, time.Now()); err != nil {
			return err
		}
		_, err := log.Append(tx, restoredEvent(who, u.r))
		return err
	})
	if err == nil {
		err = log.Seal(ctx)
	}
	if err = errors.Join(err, log.Close()); err != nil {
		return err
	}
	return u.pg.Rewrite(ctx)
}
