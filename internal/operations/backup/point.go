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
	Commit  time.Time `json:"last_commit"` // the newest that was replayed; zero: none lay between the copy and the instant
	Base    string    `json:"base"`
	Skipped []string  `json:"skipped,omitempty"` // newer copies that are damaged
	Files   int       `json:"wal_files"`
	FilesOf time.Time `json:"files_of"`       // when the daily set was taken whose files these are
	Leaves  int64     `json:"leaves_regrown"` // of the transparency log, added to the daily set's files
	Open    float64   `json:"open_seconds"`   // from the beginning until the cluster was open at the instant
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
	if err := begin(to); err != nil {
		return nil, err
	}
	r, err := s.unpackPoint(ctx, to, p)
	if err == nil && len(r.Bad) > 0 {
		err = fault.New(fault.Conflict, "backup.unlike", "set", r.Set, "what", r.Bad[0]).Because(errors.New(strings.Join(r.Bad, "; ")))
	}
	if err != nil {
		err = errors.Join(roomless(err, to), empty(to))
		if p.Cluster != "" {
			err = errors.Join(err, empty(p.Cluster))
		}
		return nil, err
	}
	if p.Cluster != "" { // it goes with the key store that is in use
		for _, tail := range []string{"", "-wal", "-shm"} {
			if e := os.Remove(filepath.Join(to, keysFile+tail)); e != nil && !errors.Is(e, os.ErrNotExist) {
				return nil, e
			}
		}
	}
	return r, finish(to)
}

// pointing is an unpacking to an instant.
type pointing struct {
	*unpacking
	p      Point
	begun  time.Time
	bases  []able  // that may serve, the best first
	base   *held   // that serves
	later  bool    // the daily set is from after the instant
	stop   segment // the last WAL file that can be needed
	hole   error   // why the WAL ends before it, when it does
	work   string  // the cluster and its WAL, unless the cluster is kept
	server *pgtool.Opened
	pg     *db.DB
}

func (s Source) unpackPoint(ctx context.Context, dir string, p Point) (_ *Restored, err error) {
	start := time.Now()
	u := &pointing{unpacking: &unpacking{Source: s, dir: dir, r: &Restored{Bad: []string{}}, shelf: shelf{store: s.Target, root: s.Root}}, p: p, begun: start}
	u.r.Point = &Reached{Asked: p.At.UTC(), Cluster: p.Cluster}
	defer func() { err = errors.Join(err, u.close(), u.end()) }()
	steps := []func(context.Context) error{
		u.placeKeys, u.chooseBases, u.chooseBelow, u.unpackBase, u.fetchWAL, u.recover, u.carryOver,
		u.placeLog, u.placeBlobs, u.placeEnvironment, u.checkMain, u.regrow, u.checkLog, u.replay, u.remark,
	}
	if p.Cluster != "" {
		steps = []func(context.Context) error{
			u.placeKeys, u.chooseBases, u.chooseBelow, u.unpackBase, u.fetchWAL, u.recover, u.adopt,
			u.placeLog, u.placeBlobs, u.placeEnvironment, u.regrow, u.checkLog, u.replay, u.settle, u.remark,
		}
	}
	for _, step := range steps {
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

// able is a copy of the cluster that may be brought to the instant.
type able struct {
	*held
	later []*held // copies that were made after it
}

// chooseBases lists the copies of the cluster that were finished before the instant, the newest first: those whose
// WAL reaches it, and after them those whose WAL may, up to a gap.
func (u *pointing) chooseBases(ctx context.Context) error {
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
	var perhaps []able
	for i, h := range slices.Backward(c.sets) {
		switch w := all[i]; {
		case w.holds(u.p.At):
			u.bases = append(u.bases, able{h, c.sets[i+1:]})
		case w.Gap != "" && !u.p.At.Before(w.From) && u.p.At.Before(w.Shipped):
			perhaps = append(perhaps, able{h, c.sets[i+1:]})
		}
	}
	if u.bases = append(u.bases, perhaps...); len(u.bases) == 0 {
		for i, w := range all {
			if strings.HasPrefix(w.Gap, "state-") { // how far the WAL reaches does not open
				return damaged(strings.TrimSuffix(walFolder(c.sets[i].Base.System), "/"), w.Gap, nil)
			}
		}
		return fault.New(fault.Missing, "backup.pitr_outside", "at", jst.StampSec(u.p.At), "reach", reachWords(all))
	}
	return nil
}

// take decides for one of them.
func (u *pointing) take(ctx context.Context, b able) error {
	u.base, u.r.Point.Base = b.held, b.ID
	st, err := u.shelf.state(ctx, b.Base.System, b.Base.Timeline)
	if err != nil {
		return err
	}
	if st == nil {
		return fault.New(fault.Missing, "backup.pitr_none")
	}
	u.stop, _ = parseSegment(st.Last, b.Base.Segment)
	for _, later := range b.later { // the instant lies before it was finished
		if !later.Base.Ended.After(u.p.At) {
			continue // this is an older one in its place
		}
		if e, ok := parseSegment(later.Base.End, b.Base.Segment); ok && later.Base.System == b.Base.System && e.timeline == u.stop.timeline {
			u.stop = e
			break
		}
	}
	return nil
}

// reachWithout says to which instants one can go without a WAL file.
func (u *pointing) reachWithout(ctx context.Context, stored string) (string, error) {
	c, err := u.shelf.list(ctx, Base)
	if err != nil {
		return "", err
	}
	all, err := u.shelf.windows(ctx, c.sets, walFolder(u.base.Base.System)+stored)
	return reachWords(all), err
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
		u.r.Point.FilesOf = h.Taken
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
		Data: u.p.Cluster, WAL: u.wal(), Until: u.p.At, Timeline: b.Timeline, Role: b.Role, Database: b.Database, Keep: u.r.Point.Cluster != "",
	})
	if err != nil {
		return errors.Join(u.hole, err)
	}
	u.r.Point.Open = time.Since(u.begun).Seconds()
	if u.pg, err = db.Open(ctx, db.Config{Engine: db.Postgres, DSN: u.server.DSN, Schema: b.Schema, Readers: 4}); err != nil {
		return err
	}
	// The server opens only at its target: without a commit since, the copy itself is the state of that instant.
	if u.r.Point.Commit, err = u.pg.Reached(ctx); err != nil && !missing(err) {
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

// adopt takes the recovered cluster itself for the records. Reading every table of it shows that its pages hold; there
// is no copy to compare it with.
func (u *pointing) adopt(ctx context.Context) error {
	u.main, u.pg = u.pg, nil
	snap, err := u.main.Snapshot(ctx)
	if err != nil {
		return err
	}
	u.r.How, u.set.Schema, u.r.Schema = "cluster", snap.Version, snap.Version
	u.r.Tables, u.r.Rows, err = snap.Count(ctx)
	return errors.Join(err, snap.Close())
}

// settle has a cluster that is kept forget backups that lie elsewhere, as any restored database does, and, where the
// ledger has erased anything, has its tables written anew without it.
func (u *pointing) settle(ctx context.Context) error {
	log, err := audit.Open(ctx, u.main, u.vault, audit.Config{Dir: filepath.Join(u.dir, logDir)})
	if err != nil {
		return err
	}
	who := actor.HostOperator(ids.System, "backup")
	err = u.main.Tx(ctx, ids.System, func(tx *db.Tx) error {
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
	if u.erased == 0 {
		return nil
	}
	return u.main.Rewrite(ctx)
}
