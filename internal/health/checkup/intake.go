package checkup

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/org"
)

const (
	chunkRows   = 512     // rows handed on, sealed and written together
	workers     = 2       // seal and judge
	maxReasons  = 200_000 // refused lines keep every reason up to here; beyond, one a line
	progressing = 2000    // rows between two looks at the progress
)

// intake is one pass over a file: parse → match → (seal, judge) → write. Without a writer it is the
// preview; both passes take the same decisions.
type intake struct {
	s        *Service
	b        *batch
	key      *vault.Key // the tenant's
	dir      *org.Directory
	criteria *Criteria
	write    bool
	now      time.Time

	seen    map[personDay]int32
	known   map[int]map[personDay][16]byte // fiscal year → digests of what is visible
	reasons int
	done    atomic.Int64

	mu        sync.Mutex
	out       outcome
	firstErr  error
	cancel    context.CancelFunc
	writeTurn chan struct{}
}

// personDay is small, for there is one for each line.
type personDay struct {
	person uuid.UUID
	day    int32
}

func dayOf(p ids.Person, d jst.Date) (personDay, error) {
	u, err := uuid.Parse(string(p))
	if err != nil {
		return personDay{}, fmt.Errorf("checkup: person: %w", err)
	}
	return personDay{u, dayKey(d)}, nil
}

func dayKey(d jst.Date) int32 { return int32(d.Y*10000 + d.M*100 + d.D) }

// outcome is what a pass found.
type outcome struct {
	info                Info
	accepted, unchanged int
	mac                 [32]byte // over the accepted lines, whatever their order
	detail              detail
	years               map[int]bool // fiscal, of the accepted lines
}

// parsed is a matched row on its way to the workers.
type parsed struct {
	line    int
	person  org.Person
	day     jst.Date
	enc     []byte
	known   [16]byte
	isKnown bool
}

// run reads the file once. open gives the upload from its beginning.
func (s *Service) run(ctx context.Context, b *batch, m *Mapping, write bool, open func() (io.ReadCloser, error)) (*outcome, error) {
	key, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	dir, err := s.people.Directory(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	c, err := s.activeCriteria(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := &intake{
		s: s, b: b, key: key, dir: dir, criteria: c, write: write, now: time.Now(), cancel: cancel,
		seen: map[personDay]int32{}, known: map[int]map[personDay][16]byte{}, writeTurn: make(chan struct{}, 1),
		out: outcome{years: map[int]bool{}},
	}
	chunks := make(chan []parsed, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for rows := range chunks {
				in.fail(in.work(ctx, rows))
			}
		})
	}
	var rows []parsed
	info, perr := Parse(f, m, jst.Of(in.now), func(r *Row) error {
		if err := in.take(ctx, r, &rows); err != nil {
			return err
		}
		if len(rows) >= chunkRows {
			select {
			case chunks <- rows:
			case <-ctx.Done():
				return ctx.Err()
			}
			rows = make([]parsed, 0, chunkRows)
		}
		return nil
	})
	if perr == nil && len(rows) > 0 {
		chunks <- rows
	}
	close(chunks)
	wg.Wait()
	in.out.info = info
	if in.firstErr != nil {
		return &in.out, in.firstErr
	}
	if perr != nil {
		return &in.out, perr
	}
	in.out.detail.Ignored = info.Ignored
	slices.SortFunc(in.out.detail.Unmatched, func(x, y Unmatched) int { return cmp.Compare(x.Line, y.Line) })
	return &in.out, nil
}

func (in *intake) fail(err error) {
	if err == nil {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.firstErr == nil {
		in.firstErr = err
	}
	in.cancel()
}

// take sorts a row: rejected, unmatched, or on to the workers.
func (in *intake) take(ctx context.Context, r *Row, rows *[]parsed) error {
	if done := in.done.Add(1); done%progressing == 0 && !in.write {
		in.s.progress.set(in.b.id, int(done))
	}
	if len(r.Errors) > 0 {
		in.reject(r.Line, r.Errors)
		return nil
	}
	p, why := match(in.dir, r)
	if why != "" {
		in.unmatched(r.Line, why)
		return nil
	}
	pd, err := dayOf(p.ID, r.Day)
	if err != nil {
		return err
	}
	if earlier, dup := in.seen[pd]; dup {
		in.reject(r.Line, []CellError{{Column: "社員番号", Code: codeDuplicate, Args: map[string]string{"line": strconv.Itoa(int(earlier))}}})
		return nil
	}
	in.seen[pd] = int32(r.Line)
	year := jst.FiscalYear(r.Day)
	known, ok := in.known[year]
	if !ok {
		if known, err = in.s.digests(ctx, in.b.tenant, year); err != nil {
			return err
		}
		in.known[year] = known
	}
	x := parsed{line: r.Line, person: p, day: r.Day, enc: r.AppendValues(make([]byte, 0, 256))}
	x.known, x.isKnown = known[pd]
	*rows = append(*rows, x)
	return nil
}

// reject keeps the reasons of a line; a file that is wrong throughout does not fill the memory with them.
func (in *intake) reject(line int, errs []CellError) {
	if in.reasons > maxReasons {
		errs = errs[:1]
	}
	in.reasons += len(errs)
	in.out.detail.Rejected = append(in.out.detail.Rejected, Rejected{line, slices.Clone(errs)})
}

func (in *intake) unmatched(line int, code string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.out.detail.Unmatched = append(in.out.detail.Unmatched, Unmatched{Line: line, Code: code})
}

// work decides which rows are new and, when writing, judges, seals and stores them.
func (in *intake) work(ctx context.Context, rows []parsed) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	people := make([]ids.Person, len(rows))
	for i := range rows {
		people[i] = rows[i].person.ID
	}
	keys, err := in.s.vault.Persons(ctx, in.b.tenant, people)
	if err != nil {
		return err
	}
	var ready []stored
	var mac [32]byte
	accepted, unchanged := 0, 0
	years := map[int]bool{}
	var buf []byte
	for i := range rows {
		r := &rows[i]
		k := keys[r.person.ID]
		if k == nil {
			in.unmatched(r.line, codeErased)
			continue
		}
		day := r.day.String()
		digest := in.key.MAC("checkup.result", []byte(r.person.ID), []byte(day), r.enc)
		if r.isKnown && bytes.Equal(digest[:16], r.known[:]) {
			unchanged++
			continue
		}
		accepted++
		years[jst.FiscalYear(r.day)] = true
		for n := range mac {
			mac[n] ^= digest[n]
		}
		if !in.write {
			continue
		}
		x := stored{id: ids.New[ids.Result](), person: r.person.ID, year: jst.FiscalYear(r.day), day: r.day, digest: digest[:16]}
		if buf, err = in.s.judgeInto(&x, k, in.criteria, r.enc, subject(r.person, r.day), buf); err != nil {
			return err
		}
		ready = append(ready, x)
	}
	if err := in.store(ctx, ready); err != nil {
		return err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.out.accepted += accepted
	in.out.unchanged += unchanged
	maps.Copy(in.out.years, years)
	for n := range mac {
		in.out.mac[n] ^= mac[n]
	}
	return nil
}

// subject is the person as the criteria see them on the day of the examination.
func subject(p org.Person, day jst.Date) Subject {
	s := Subject{Sex: toSex(p.Sex), Age: -1}
	if !p.Birth.IsZero() {
		s.Age = jst.AgeOn(p.Birth, day)
	}
	return s
}

// judgeInto judges encoded values and seals everything with the person's key.
func (s *Service) judgeInto(x *stored, k *vault.Key, c *Criteria, enc []byte, who Subject, buf []byte) ([]byte, error) {
	_, values, err := decodeValues(enc)
	if err != nil {
		return buf, err
	}
	j := c.JudgeAll(values, who)
	x.sealed = k.Seal(locResult(x.id), enc)
	buf = j.appendBrief(buf[:0])
	x.brief = k.Seal(locJudgement(x.id, 1, "brief"), buf)
	buf = j.appendWhole(buf[:0])
	x.judgement = k.Seal(locJudgement(x.id, 1, "sealed"), buf)
	return buf, nil
}

// store writes one chunk under the unpublished batch. One worker at a time: the database has one writer.
func (in *intake) store(ctx context.Context, rows []stored) error {
	if len(rows) == 0 {
		return nil
	}
	select {
	case in.writeTurn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-in.writeTurn }()
	err := in.s.db.Tx(ctx, in.b.tenant, func(tx *db.Tx) error {
		if err := insertAll(tx, in.b.tenant, in.b.id, in.criteria.ID, db.Micros(in.now), rows); err != nil {
			return err
		}
		_, err := tx.Exec(qBatchDone, in.b.tenant, in.b.id, in.done.Load())
		return err
	})
	if err == nil {
		in.s.progress.set(in.b.id, int(in.done.Load()))
		in.s.at("chunk")
	}
	return err
}

// digests gives what is visible of a year.
func (s *Service) digests(ctx context.Context, t ids.Tenant, year int) (map[personDay][16]byte, error) {
	out := map[personDay][16]byte{}
	err := s.db.View(ctx, t, func(tx *db.Tx) error {
		clear(out)
		return db.Each(tx, qDigests, func(sc db.Scanner) error {
			var p ids.Person
			var day string
			var digest []byte
			if err := sc.Scan(&p, &day, &digest); err != nil {
				return err
			}
			d, err := jst.ParseDate(day)
			if err != nil || len(digest) != 16 {
				return fault.New(fault.Internal, "internal").Because(err)
			}
			pd, err := dayOf(p, d)
			out[pd] = [16]byte(digest)
			return err
		}, t, year)
	})
	return out, err
}
