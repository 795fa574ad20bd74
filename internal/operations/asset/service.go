package asset

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

// Permissions that the guard is asked for.
const (
	canRead   = "asset.read"
	canManage = "asset.manage"
)

// Keys gives the service's own key; the vault fills it.
type Keys interface {
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Options of a Service.
type Options struct {
	DB         *db.DB
	Keys       Keys
	Log        *audit.Log
	Dir        string // the data directory
	Collectors []Collector
	Plan       []Rule
	Guard      func(a actor.Actor, permission string) error
	Second     actor.Second // refuses an approval by somebody who is not independent of the asker
}

// Service is the ledger and the procedure of disposal.
type Service struct {
	o    Options
	mu   sync.Mutex // one look at a time
	wipe sync.Mutex // one disposal at a time: of two at once the later one finds it done
	late []Collector
	last atomic.Pointer[Difference] // what the newest look found

	dry  bool // a mutant's: what it enters is not kept
	keep bool // a mutant's: what is disposed of is unlinked only, not overwritten

	silent bool // a mutant's: how it was disposed of is not recorded
}

// New binds the service to its engines.
func New(o Options) *Service { return &Service{o: o} }

// Add gives the service a collector that exists only while it runs (listeners).
func (s *Service) Add(c ...Collector) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, c...)
}

// JobLook is the hourly look.
const JobLook = "asset.look"

// Register plans the hourly look.
func (s *Service) Register(q *job.Queue) {
	q.Handle(JobLook, func(ctx context.Context, _ job.Job) error { _, err := s.Look(ctx); return err }, job.Options{})
	q.Schedule(JobLook, job.Every(time.Hour), job.NewestOnly())
}

// View is the ledger with what does not agree.
type View struct {
	Entries    []Entry     `json:"entries"`
	Difference Difference  `json:"difference"`
	Looked     []Kind      `json:"looked"`
	At         time.Time   `json:"at"`
	Disposals  []*Disposal `json:"disposals"`
}

// Ledger shows everything to who may see it.
func (s *Service) Ledger(ctx context.Context, a actor.Actor) (*View, error) {
	if err := s.o.Guard(a, canRead); err != nil {
		return nil, err
	}
	v, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	err = s.o.DB.View(ctx, ids.System, func(tx *db.Tx) error {
		all, err := db.All(tx, qDisposals, scanDisposal, ids.System)
		for i := range all {
			v.Disposals = append(v.Disposals, &all[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, s.openReasons(ctx, v.Disposals)
}

// Attention is what of the ledger waits for somebody.
type Attention struct {
	Difference Difference // of the newest look, which is made every hour and with each opening of the ledger
	Disposals  []Disposal // asked for and not decided, or approved and not carried out
}

// Attention tells it without looking anew: a look walks through every folder.
func (s *Service) Attention(ctx context.Context, a actor.Actor) (out Attention, err error) {
	if err := s.o.Guard(a, canRead); err != nil {
		return out, err
	}
	if d := s.last.Load(); d != nil {
		out.Difference = *d
		out.Difference.Orphans = slices.DeleteFunc(slices.Clone(d.Orphans), func(f Found) bool { return OfProbe(f.ID) })
	}
	return out, s.o.DB.View(ctx, ids.System, func(tx *db.Tx) error {
		all, err := db.All(tx, qDisposals, scanDisposal, ids.System)
		for _, d := range all {
			if (d.State == Asked || d.State == Approved) && !OfProbe(d.Asset) {
				out.Disposals = append(out.Disposals, d)
			}
		}
		return err
	})
}

// Look asks every collector, enters what the plan foresees, marks what was seen and compares.
func (s *Service) Look(ctx context.Context) (*View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, looked, err := s.collect(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	v := &View{Looked: looked, At: now}
	err = s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := s.enter(tx, found, now); err != nil {
			return err
		}
		if v.Entries, err = db.All(tx, qEntries, scanEntry, ids.System); err != nil {
			return err
		}
		if err := s.retire(tx, v, found, now); err != nil || !s.dry {
			return err
		}
		return errDry
	})
	if err != nil && !errors.Is(err, errDry) {
		return nil, fmt.Errorf("asset: look: %w", err)
	}
	told, err := s.told(ctx)
	if err != nil {
		return nil, err
	}
	v.Entries = s.believed(v.Entries, told)
	v.Difference = Compare(slices.DeleteFunc(slices.Clone(v.Entries), s.unanswered), found, looked)
	s.last.Store(&v.Difference)
	return v, nil
}

func (s *Service) collect(ctx context.Context) (found []Found, looked []Kind, err error) {
	for _, c := range slices.Concat(s.o.Collectors, s.late) {
		f, err := c.Collect(ctx)
		if err != nil {
			return nil, nil, err
		}
		found, looked = append(found, f...), append(looked, c.Kinds...)
	}
	return found, looked, nil
}

// enter writes planned resources into the ledger when they are seen first, and the newest figures of known ones.
func (s *Service) enter(tx *db.Tx, found []Found, now time.Time) error {
	for _, f := range found {
		if f.Passing {
			continue
		}
		if rule, ok := planned(s.o.Plan, f.ID); ok {
			e := Entry{ID: f.ID, Kind: f.Kind, Name: f.Name, Location: f.Location, Facts: f.Facts, Class: rule.Class, Owner: rule.Owner, Disposal: rule.Disposal, CreatedBy: "service"}
			added, err := addEntry(tx, e, now)
			if err != nil {
				return err
			}
			if added {
				if err := s.record(tx, actor.System(ids.System, "assets"), "asset.entered", "ok", map[string]any{"asset": f.ID}); err != nil {
					return err
				}
			}
			if rule.Optional { // it may be made anew after it was disposed of
				if _, err := tx.Exec(qBack, ids.System, f.ID, db.Micros(now)); err != nil {
					return err
				}
			}
		}
		if _, err := tx.Exec(qSeen, ids.System, f.ID, f.Name, f.Location, f.Facts, db.Micros(now)); err != nil {
			return err
		}
	}
	return nil
}

// unanswered are lines that the service entered by itself under a plan of an earlier version that foresaw more: nobody
// answers for what they name, so that it is an orphan again while it is there.
func (s *Service) unanswered(e Entry) bool {
	_, ok := planned(s.o.Plan, e.ID)
	return !ok && e.CreatedBy == "service"
}

// retire closes the lines of planned resources that come and go by themselves.
func (s *Service) retire(tx *db.Tx, v *View, found []Found, now time.Time) error {
	there := map[string]bool{}
	for _, f := range found {
		there[f.ID] = true
	}
	for i, e := range v.Entries {
		rule, ok := planned(s.o.Plan, e.ID)
		if !(ok && rule.Optional || s.unanswered(e)) || e.Gone() || there[e.ID] || !slices.Contains(v.Looked, e.Kind) {
			continue
		}
		if _, err := tx.Exec(qGone, ids.System, e.ID, db.Micros(now)); err != nil {
			return err
		}
		if err := s.record(tx, actor.System(ids.System, "assets"), "asset.ended", "ok", map[string]any{"asset": e.ID}); err != nil {
			return err
		}
		v.Entries[i].DisposedAt = now
	}
	return nil
}

func (s *Service) record(tx *db.Tx, who actor.Actor, verb, result string, detail map[string]any) error {
	who.Tenant = ids.System
	_, err := s.o.Log.Append(tx, audit.Event{Verb: verb, Actor: who, Kind: "asset", Result: result, Detail: detail})
	return err
}

// Claim enters an orphan: somebody answers for it from now on.
func (s *Service) Claim(ctx context.Context, a actor.Actor, id string, class Class, owner string) error {
	if err := s.o.Guard(a, canManage); err != nil {
		return err
	}
	owner = strings.TrimSpace(owner)
	if !slices.Contains([]Class{Sensitive, Confidential, Internal, Published}, class) || owner == "" || utf8.RuneCountInString(owner) > 50 || glyph.AnyHidden(owner) {
		return fault.New(fault.Invalid, "asset.claim")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, _, err := s.collect(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(f Found) bool { return f.ID == id })
	if i < 0 {
		return fault.New(fault.Missing, "asset.missing")
	}
	f := found[i]
	return s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		e := Entry{ID: f.ID, Kind: f.Kind, Name: f.Name, Location: f.Location, Facts: f.Facts, Class: class, Owner: owner, Disposal: byOverwrite, CreatedBy: string(a.Account)}
		added, err := addEntry(tx, e, time.Now())
		if err != nil {
			return err
		}
		if !added {
			return fault.New(fault.Conflict, "asset.known")
		}
		return s.record(tx, a, verbClaimed, "ok", map[string]any{"asset": f.ID, "class": string(class)})
	})
}

// file is the path of a resource that is a file or folder of the data directory; only those that no plan foresees
// may be disposed of here.
func (s *Service) file(id string) (string, error) {
	name, ok := strings.CutPrefix(id, "store:")
	if _, own := planned(s.o.Plan, id); !ok || own || name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return "", fault.New(fault.Denied, "asset.in_use")
	}
	return filepath.Join(s.o.Dir, name), nil
}

var errDry = errors.New("asset: only a look")

var errUnread = errors.New("asset: the medium still shows what was to be destroyed")
