package checkup

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/org"
)

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

// parsed is a matched row on its way to the workers.
type parsed struct {
	line    int
	person  org.Person
	day     jst.Date
	enc     []byte
	known   [16]byte
	isKnown bool
}

// take sorts a row: rejected, unmatched, or on to the workers.
func (in *intake) take(ctx context.Context, r *Row, rows *[]parsed) error {
	if done := in.done.Add(1); done%progressing == 0 && !in.write {
		in.s.progress.set(in.b.id, int(done))
	}
	if len(r.Errors) > 0 {
		in.reject(r.Line, r.Errors)
		return in.enough()
	}
	p, why := match(in.dir, in.b.reach(), r)
	if why != "" {
		in.unmatched(r.Line, why)
		return in.enough()
	}
	pd, err := dayOf(p.ID, r.Day)
	if err != nil {
		return err
	}
	if earlier, dup := in.seen[pd]; dup {
		in.reject(r.Line, []CellError{{Column: "社員番号", Code: codeDuplicate, Args: map[string]string{"line": strconv.Itoa(int(earlier))}}})
		return in.enough()
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

// reject keeps the reasons of a line; a file that is wrong throughout does not fill the memory with them, neither
// now nor of everybody who looks at it later.
func (in *intake) reject(line int, errs []CellError) {
	in.mu.Lock()
	defer in.mu.Unlock()
	d := &in.out.detail
	if in.full() {
		d.RejectedMore++
		return
	}
	if in.reasons > maxReasons {
		d.ReasonsMore += len(errs) - 1
		errs = errs[:1]
	}
	in.reasons += len(errs)
	d.Rejected = append(d.Rejected, Rejected{line, slices.Clone(errs)})
}

// full tells that no further line is kept.
func (in *intake) full() bool {
	return len(in.out.detail.Rejected)+len(in.out.detail.Unmatched) >= maxLines
}

func (in *intake) unmatched(line int, code string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.full() {
		in.out.detail.UnmatchedMore++
		return
	}
	in.out.detail.Unmatched = append(in.out.detail.Unmatched, Unmatched{Line: line, Code: code})
}

// enough stops at a file of which so many lines are wrong that nobody would read them: a small one may have millions.
func (in *intake) enough() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.out.detail.rejected()+in.out.detail.unmatched() <= maxWrong {
		return nil
	}
	return fault.New(fault.Invalid, "checkup.too_many_wrong", "limit", strconv.Itoa(maxWrong))
}
