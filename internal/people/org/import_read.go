package org

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/base/tabular"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const (
	maxRows      = 500_000
	maxWrong     = 20_000 // wrong lines after which a file is not worth reading on
	progressRows = 5_000
)

// tally is what one pass over a file found.
type tally struct {
	counts
	rejected  []savedLine
	unmatched []savedLine
	sites     []*bookedSite
	depts     []Dept
	named     map[string]struct{} // of a full list: every number in it, refused lines included
	absent    []ids.Person
	absentN   int
}

// pass reads the file, plans every line against the directory and hands the accepted ones to each.
func (s *Service) pass(ctx context.Context, t ids.Tenant, r *record, dir *Directory, tk *vault.Key, reach actor.Reach, progress func(int64) error, each func(step) error) (*tally, error) {
	file, err := s.blobs.Open(ctx, t, blobKey(r.id))
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	tab, err := tabular.NewReader(file, tabular.Options{Context: ctx})
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	_, cells, err := tab.Next()
	if errors.Is(err, io.EOF) {
		return nil, fault.New(fault.Invalid, "org.file_empty")
	}
	if err != nil {
		return nil, err
	}
	cols, err := mapColumns(cells)
	if err != nil {
		return nil, err
	}
	day := jst.Of(r.created)
	rows := rowReader{cols: cols, today: day}
	p := newPlanner(dir, day, reach, r.unitID(tk), r.personID(tk))
	out := &tally{}
	if r.full {
		out.named = map[string]struct{}{}
	}
	for {
		line, cells, err := tab.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if blank(cells) {
			continue
		}
		if err := out.take(p, &rows, rows.read(line, cells), each); err != nil {
			return nil, err
		}
		if out.rows%progressRows == 0 {
			if err := progress(tab.Offset()); err != nil {
				return nil, err
			}
		}
	}
	out.depts = p.depts.made
	if reach.All { // whoever has single sites makes and renames none
		out.sites = p.sites.fresh()
	}
	return out, nil
}

// take counts one row and passes it on when it is accepted.
func (t *tally) take(p *planner, rows *rowReader, r row, each func(step) error) error {
	if t.rows++; t.rows > maxRows {
		return fault.New(fault.TooLarge, "org.too_many_rows", "limit", strconv.Itoa(maxRows))
	}
	if t.named != nil && r.number != "" {
		t.named[strings.Clone(FoldNumber(r.number))] = struct{}{}
	}
	var st step
	kind, code := rejected, ""
	if len(rows.errors) == 0 {
		st, kind, code = p.plan(&r, rows.refuse)
	}
	switch kind {
	case accepted:
		t.accepted++
		if st.isNew {
			t.added++
		} else {
			t.changed++
		}
		return each(st)
	case unchanged:
		t.unchanged++
	case unmatched:
		t.unmatched = append(t.unmatched, savedLine{r.line, []savedError{{Code: code}}})
	case rejected:
		l := savedLine{Line: r.line}
		for _, e := range rows.errors {
			l.Errors = append(l.Errors, savedError{e.Column, e.Code, e.Args})
		}
		t.rejected = append(t.rejected, l)
	}
	if len(t.rejected)+len(t.unmatched) > maxWrong {
		return fault.New(fault.Invalid, "org.too_many_wrong", "limit", strconv.Itoa(maxWrong))
	}
	return nil
}

func blank(cells []string) bool {
	for _, c := range cells {
		if clean(c) != "" {
			return false
		}
	}
	return true
}

// personID gives the identifiers of an import's new people: version 7 of the import's instant, ascending
// by line, the rest derived under the tenant's key. A repeated plan gives the same ones, so that a crash
// leaves no keys of nobody behind.
func (r *record) personID(tk *vault.Key) func(line int) ids.Person {
	return func(line int) ids.Person {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(line))
		mac := binary.BigEndian.Uint64(tk.MAC("person.id", []byte(r.id), n[:]))
		return ids.Person(uuid7(r.created, uint16(line>>20), uint64(line)<<42|mac&(1<<42-1)))
	}
}

func (r *record) unitID(tk *vault.Key) func(kind, key string) string {
	return func(kind, key string) string {
		mac := tk.MAC("unit.id", []byte(r.id), []byte(kind), []byte(key))
		return uuid7(r.created, binary.BigEndian.Uint16(mac), binary.BigEndian.Uint64(mac[2:]))
	}
}

// uuid7 is RFC 9562 §5.7 with the given instant, 12 and 62 bits.
func uuid7(at time.Time, a uint16, b uint64) string {
	var u uuid.UUID
	ms := uint64(at.UnixMilli())
	binary.BigEndian.PutUint64(u[:8], ms<<16|0x7000|uint64(a&0xfff))
	binary.BigEndian.PutUint64(u[8:], b&(1<<62-1)|1<<63)
	return u.String()
}

// read makes the preview of an import. What is wrong with the file ends the import; any other error is
// for the caller to try again.
func (s *Service) read(ctx context.Context, t ids.Tenant, id ids.Import) error {
	r, err := s.get(ctx, t, id)
	if err != nil || r.state != Reading {
		return err
	}
	tk, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return err
	}
	h, err := r.openHead(tk)
	if err != nil {
		return err
	}
	dir, err := s.Directory(ctx, t)
	if err != nil {
		return err
	}
	r.full = h.Full
	reach := s.guard.Reach(h.By, permImport)
	got, err := s.pass(ctx, t, &r, dir, tk, reach,
		func(n int64) error { return s.progress(ctx, t, id, n) },
		func(step) error { return nil })
	if f := fault.Of(err); f != nil && (f.Kind == fault.Invalid || f.Kind == fault.TooLarge) {
		return s.end(ctx, t, id, Failed, f)
	}
	if err != nil {
		return err
	}
	if r.full {
		got.absent, got.absentN = dir.absent(got.named, reach)
	}
	sealed, err := sealJSON(tk, reportAt(string(id)), got.report())
	if err != nil {
		return err
	}
	s.step("read")
	return s.db.Tx(ctx, t, func(tx *db.Tx) error {
		n, err := tx.Exec(qImportPreview, t, id, db.Micros(time.Now()), dir.Revision(), got.rows, got.accepted, got.unchanged, got.added, got.changed, sealed)
		if err != nil || n == 0 { // 0: withdrawn meanwhile
			return err
		}
		return s.append(tx, acting(h.By, t), "roster.read", nil, map[string]any{
			"import": id, "rows": got.rows, "accepted": got.accepted, "unchanged": got.unchanged, "rejected": len(got.rejected), "unmatched": len(got.unmatched), "absent": got.absentN,
		})
	})
}

func (t *tally) report() report {
	out := report{Rejected: t.rejected, Unmatched: t.unmatched, Absent: t.absent, AbsentN: t.absentN}
	for _, x := range t.sites {
		if x.isNew {
			out.NewSites = append(out.NewSites, x.Name)
		}
	}
	for _, d := range t.depts {
		out.NewDepts = append(out.NewDepts, d.Name)
	}
	return out
}

func (s *Service) progress(ctx context.Context, t ids.Tenant, id ids.Import, done int64) error {
	return s.db.Tx(ctx, t, func(tx *db.Tx) error {
		_, err := tx.Exec(qImportDone, t, id, done, db.Micros(time.Now()))
		return err
	})
}

// acting is the stored actor; the tenant is always the import's own.
func acting(a actor.Actor, t ids.Tenant) actor.Actor {
	a.Tenant = t
	return a
}

// end closes an import that was not applied. With a fault it is told why.
func (s *Service) end(ctx context.Context, t ids.Tenant, id ids.Import, to State, f *fault.Fault) error {
	tk, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return err
	}
	var rep report
	code := ""
	if f != nil {
		code, rep.Args = f.Code, f.Args
	}
	sealed, err := sealJSON(tk, reportAt(string(id)), rep)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, t, func(tx *db.Tx) error {
		r, err := getIn(tx, t, id)
		if err != nil {
			return err
		}
		n, err := tx.Exec(qImportEnd, t, id, string(to), code, db.Micros(time.Now()), sealed)
		if err != nil || n == 0 {
			return err
		}
		h, err := r.openHead(tk)
		if err != nil {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{
			Verb: "roster." + string(to), Actor: acting(h.By, t), Kind: "person", Result: "failed",
			Detail: map[string]any{"import": id, "code": code},
		})
		return err
	})
	if err != nil {
		return err
	}
	_ = s.tidy(ctx, t, id) // what stays is swept later
	return nil
}
