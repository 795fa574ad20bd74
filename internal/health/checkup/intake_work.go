package checkup

import (
	"bytes"
	"context"
	"maps"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/org"
)

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
		if buf, err = in.s.judgeInto(&x, in.b.id, in.now, k, in.criteria, r.enc, subject(r.person, r.day), buf); err != nil {
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
func (s *Service) judgeInto(x *stored, batch ids.Import, now time.Time, k *vault.Key, c *Criteria, enc []byte, who Subject, buf []byte) ([]byte, error) {
	_, values, err := decodeValues(enc)
	if err != nil {
		return buf, err
	}
	j := c.JudgeAll(values, who)
	at := x.place(batch)
	x.sealed = k.Seal(locResult(at), enc)
	buf = j.appendBrief(buf[:0])
	x.brief = k.Seal(locBrief(at, 1), buf)
	buf = j.appendWhole(buf[:0])
	x.judgement = k.Seal(locJudgement(at, judged{seq: 1, criteria: c.ID, at: now}), buf)
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
		if err := tx.Replan(); err != nil { // every judgement looks up its result
			return err
		}
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
