package handover

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/people/access"
)

const (
	permAsk  = "handover.ask"  // have a file made; shows nothing of what is in it
	permTake = "handover.take" // download it: only who may see the values

	jobMake = "handover.make"
	jobTidy = "handover.tidy"

	codeBroken = "handover.broken" // the making stopped without a word
)

// Recorder writes events; audit.Log is one.
type Recorder interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
}

// Deps are what the service stands on.
type Deps struct {
	DB     *db.DB
	Blobs  *blob.SealedStore
	Jobs   *job.Queue
	Log    Recorder
	Source Source
	Guard  func(a actor.Actor, permission string) error
	// Name of a tenant, for the file.
	Name    func(ctx context.Context, t ids.Tenant) (string, error)
	Service string
	Temp    string // folder for what is being written; see About
}

// Service makes and keeps hand-overs.
type Service struct{ Deps }

// New makes the service; Register must follow where jobs are to run.
func New(d Deps) *Service { return &Service{d} }

// Register names the jobs to the queue.
func (s *Service) Register() {
	s.Jobs.Handle(jobMake, func(ctx context.Context, j job.Job) error { return s.make(ctx, j) }, job.Options{MaxAttempts: 3, Timeout: 2 * time.Hour})
	s.Jobs.Handle(jobTidy, func(ctx context.Context, _ job.Job) error { return s.Tidy(ctx) }, job.Options{})
	s.Jobs.Schedule(jobTidy, job.Every(10*time.Minute), job.NewestOnly())
}

func blobKey(id string) string { return "handover/" + id + ".zip" }

// perDay is how many files a customer may ask for in 24 hours: each goes into every backup while it waits.
const perDay = 5

// Ask has a file made in the background. While one is being made another is fault.Conflict
// "handover.making"; more than a few a day are "handover.many".
func (s *Service) Ask(ctx context.Context, a actor.Actor) (string, error) {
	if err := s.Guard(a, permAsk); err != nil {
		return "", err
	}
	id := ids.New[string]()
	err := s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		making, err := db.Column[string](tx, qMaking, a.Tenant)
		if err != nil {
			return err
		}
		for _, other := range making {
			alive, err := s.giveUp(tx, a.Tenant, other)
			if err != nil {
				return err
			}
			if alive {
				return fault.New(fault.Conflict, "handover.making")
			}
		}
		now := time.Now()
		n, err := db.Value[int](tx, qToday, a.Tenant, db.Micros(now.Add(-24*time.Hour)))
		if err != nil {
			return err
		}
		if n >= perDay {
			return fault.New(fault.Conflict, "handover.many", "most", strconv.Itoa(perDay))
		}
		if _, err := tx.Exec(qInsert, a.Tenant, id, a.Account, db.Micros(now)); err != nil {
			return err
		}
		if _, err := s.Jobs.Enqueue(tx, a.Tenant, jobMake, []byte(id), job.EnqueueOptions{Slot: slot(id)}); err != nil {
			return err
		}
		return s.event(tx, a, "handover.asked", map[string]any{"handover": id})
	})
	if err == nil {
		s.Jobs.Wake()
	}
	return id, err
}

func slot(id string) string { return jobMake + ":" + id }

// giveUp marks a file failed whose job is no longer there to finish it (its process died under it too often), so
// that it can be asked for again; alive tells that the job is still to come or under way.
func (s *Service) giveUp(tx *db.Tx, t ids.Tenant, id string) (alive bool, err error) {
	if alive, err = s.Jobs.Alive(tx, t, slot(id)); err != nil || alive {
		return alive, err
	}
	n, err := tx.Exec(qFailed, t, id, codeBroken)
	if err != nil || n == 0 {
		return false, err
	}
	return false, s.event(tx, actor.System(t, "handover"), "handover.failed", map[string]any{"handover": id, "code": codeBroken})
}

func (s *Service) event(tx *db.Tx, a actor.Actor, verb string, detail map[string]any) error {
	_, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "handover", Detail: detail})
	return err
}

// make writes the file. It may be run again: the file is replaced whole.
func (s *Service) make(ctx context.Context, j job.Job) error {
	id, t := string(j.Payload), j.Tenant
	f, err := s.one(ctx, t, id)
	if err != nil || f.State != Making {
		return err
	}
	size, digest, m, err := s.write(ctx, t, id)
	if err != nil {
		if hopeless(err) || j.Attempt >= 3 {
			code := fault.Of(err).Code
			return errors.Join(err, s.change(ctx, t, "handover.failed", map[string]any{"handover": id, "code": code}, qFailed, t, id, code))
		}
		return err
	}
	now := time.Now()
	if err := s.change(ctx, t, "handover.ready", map[string]any{"handover": id, "digest": digest, "bytes": size, "rows": m.Rows()},
		qReady, t, id, db.Micros(now), db.Micros(now.Add(Life)), size, m.Rows(), digest); err != nil {
		return err
	}
	return s.expire(ctx, t, qOlder, t, id) // one that is ready takes the place of those before
}

// hopeless errors do not go away by trying: a person has to do something first.
func hopeless(err error) bool {
	c := fault.Of(err).Code
	return c == "paper.font" || c == "blob.full"
}

func (s *Service) change(ctx context.Context, t ids.Tenant, verb string, detail map[string]any, q db.Query, args ...any) error {
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		n, err := tx.Exec(q, args...)
		if err != nil || n == 0 {
			return err
		}
		return s.event(tx, actor.System(t, "handover"), verb, detail)
	})
}

// write streams the archive into the sealed store.
func (s *Service) write(ctx context.Context, t ids.Tenant, id string) (size int64, digest string, m *Manifest, err error) {
	tables, err := s.Source.Tables(ctx, t)
	if err != nil {
		return 0, "", nil, err
	}
	name, err := s.Name(ctx, t)
	if err != nil {
		return 0, "", nil, err
	}
	pr, pw := io.Pipe()
	h := sha256.New()
	done := make(chan error, 1)
	go func() {
		err := func() (err error) {
			defer fault.Caught(&err) // the job's own net does not reach into this goroutine
			m, err = Write(ctx, io.MultiWriter(pw, h), About{s.Service, name, time.Now(), s.Temp}, tables)
			return err
		}()
		_ = pw.CloseWithError(err) // nil is a clean end
		done <- err
	}()
	size, err = s.Blobs.Put(ctx, t, blobKey(id), pr)
	_ = pr.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	if written := <-done; written != nil {
		err = written // the cause; the store saw only a broken pipe
	}
	return size, hex.EncodeToString(h.Sum(nil)), m, err
}

func (s *Service) one(ctx context.Context, t ids.Tenant, id string) (f File, err error) {
	err = s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		f, err = db.One(tx, qOne, scan, t, id)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return f, fault.New(fault.Missing, "handover.missing")
	}
	return f, err
}

// List gives the newest files of the actor's tenant, to who may ask or take.
func (s *Service) List(ctx context.Context, a actor.Actor) (out []File, err error) {
	if s.Guard(a, permAsk) != nil {
		if err := s.Guard(a, permTake); err != nil {
			return nil, err
		}
	}
	err = s.DB.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qList, scan, a.Tenant)
		return err
	})
	return out, err
}

// Take opens a file for download. The download is recorded before the first byte leaves.
func (s *Service) Take(ctx context.Context, a actor.Actor, id string) (io.ReadCloser, File, error) {
	if err := s.Guard(a, permTake); err != nil {
		return nil, File{}, err
	}
	if !access.ReachOf(a, access.Permission(permTake)).All { // the file holds every site's values
		return nil, File{}, s.refused(ctx, a, id)
	}
	f, err := s.one(ctx, a.Tenant, id)
	if err != nil {
		return nil, f, err
	}
	now := time.Now()
	if f.State != Ready || !now.Before(f.Expires) {
		return nil, f, fault.New(fault.Conflict, "handover.not_ready")
	}
	r, err := s.Blobs.Open(ctx, a.Tenant, blobKey(id))
	if err != nil {
		return nil, f, err
	}
	err = s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qTaken, a.Tenant, id, db.Micros(now))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "handover.not_ready")
		}
		return s.event(tx, a, "handover.taken", map[string]any{"handover": id, "digest": f.Digest})
	})
	if err != nil {
		return nil, f, errors.Join(err, r.Close())
	}
	return r, f, nil
}

// refused records that somebody wanted more than the own sites.
func (s *Service) refused(ctx context.Context, a actor.Actor, id string) error {
	if _, err := s.one(ctx, a.Tenant, id); err != nil {
		return err
	}
	err := s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		_, err := s.Log.Append(tx, audit.Event{Verb: "handover.taken", Actor: a, Kind: "handover", Result: "denied", Detail: map[string]any{"handover": id, "why": "sites"}})
		return err
	})
	return errors.Join(fault.New(fault.Denied, "handover.narrow"), err)
}

// Newest is the newest file that is, or was, ready; ok is false when there is none.
func (s *Service) Newest(ctx context.Context, t ids.Tenant) (f File, ok bool, err error) {
	var all []File
	err = s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		all, err = db.All(tx, qList, scan, t)
		return err
	})
	for _, f := range all {
		if f.State == Ready || f.State == Expired {
			return f, true, nil
		}
	}
	return File{}, false, err
}

// Tidy removes what has waited too long, and gives up what nobody is making any more.
func (s *Service) Tidy(ctx context.Context) error {
	all, err := s.found(ctx, db.Global, qBegun)
	for _, d := range all {
		err = errors.Join(err, s.DB.Tx(ctx, d.t, func(tx *db.Tx) error {
			_, err := s.giveUp(tx, d.t, d.id)
			return err
		}))
	}
	return errors.Join(err, s.expire(ctx, db.Global, qDue, db.Micros(time.Now())))
}

// Withdraw removes every waiting file of a tenant: somebody in it was erased. It can be made anew without them.
func (s *Service) Withdraw(ctx context.Context, t ids.Tenant) error {
	return s.expire(ctx, t, qWaiting, t)
}

type due struct {
	t  ids.Tenant
	id string
}

func (s *Service) found(ctx context.Context, scope ids.Tenant, q db.Query, args ...any) (all []due, err error) {
	err = s.DB.View(ctx, scope, func(tx *db.Tx) (err error) {
		all, err = db.All(tx, q, func(s db.Scanner) (d due, err error) { return d, s.Scan(&d.t, &d.id) }, args...)
		return err
	})
	return all, err
}

func (s *Service) expire(ctx context.Context, scope ids.Tenant, q db.Query, args ...any) error {
	all, err := s.found(ctx, scope, q, args...)
	for _, d := range all {
		if e := s.Blobs.Delete(ctx, d.t, blobKey(d.id)); e != nil {
			err = errors.Join(err, e)
			continue
		}
		err = errors.Join(err, s.change(ctx, d.t, "handover.expired", map[string]any{"handover": d.id}, qExpired, d.t, d.id))
	}
	return err
}
