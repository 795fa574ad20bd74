package backup

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

// verifyBases reads every copy of the cluster and every WAL file to its end, and compares them with the tables
// of contents, with what the database remembers, and with each other: a file that is missing between a copy and
// the newest WAL is named.
func (s *Service) verifyBases(ctx context.Context, r *Report) error {
	leave, err := s.enterBases(ctx)
	if err != nil {
		return err
	}
	defer leave()
	known, err := s.registeredBases(ctx)
	if err != nil {
		return err
	}
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return err
	}
	r.Bad = append(r.Bad, c.bad...)
	found, broken := map[string]string{}, map[string]string{}
	for _, b := range c.bad {
		found[b.Set] = ""
	}
	for _, h := range c.sets {
		found[h.ID] = h.sum
		bad, err := s.shelf.check(ctx, h)
		if err != nil {
			return err
		}
		if len(bad) > 0 {
			broken[h.ID] = bad[0].Piece
		}
		r.Bad = append(append(r.Bad, bad...), strangers(h, c.files[h.ID])...)
		r.Sets, r.Pieces, r.Bytes = r.Sets+1, r.Pieces+len(h.Parts[0].Pieces), r.Bytes+h.bytes()+h.own
	}
	for id := range c.partial {
		if !slices.ContainsFunc(known, func(g Generation) bool { return g.ID == id }) {
			r.Notes = append(r.Notes, id+": 途中で止まった、データベース全体の写しの残りです。次の写しのときに消します。")
		}
	}
	r.Bad = append(r.Bad, unlike(known, found)...)
	spoilt, err := s.verifyWAL(ctx, r, c.sets)
	if err != nil {
		return err
	}
	if r.Windows, err = s.shelf.windows(ctx, c.sets, spoilt...); err != nil {
		return err
	}
	for i, w := range r.Windows {
		r.Windows[i].Broken = broken[w.Base]
		if w.Gap != "" {
			r.Bad = append(r.Bad, Finding{Set: w.Base, Piece: w.Gap, What: "この写しに続く WAL のファイルがないか壊れているため、この写しからは、その先の時刻に戻せません。"})
		}
	}
	r.Lost = append(r.Lost, lost(r.Windows)...)
	for _, l := range r.Lost {
		r.Bad = append(r.Bad, Finding{What: l.String() + "の時刻には、もう戻せません。"})
	}
	return nil
}

// verifyWAL opens every file, and holds the whole ones against the hashes that copies of the cluster recorded. It
// names those that cannot be used.
func (s *Service) verifyWAL(ctx context.Context, r *Report, bases []*held) (spoilt []string, err error) {
	want := map[string]Piece{}
	for _, b := range bases {
		for _, p := range b.Base.WAL {
			want[walFolder(b.Base.System)+p.Name] = p
		}
	}
	names, err := s.o.Target.List(ctx, walTop)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		at := strings.LastIndex(name, "/")
		bad := Finding{Set: name[:at], Piece: name[at+1:]}
		err := s.shelf.readSealed(ctx, name, io.Discard)
		if fault.Is(err, fault.Missing) && (strings.HasSuffix(name, partial)) {
			continue // finished meanwhile
		}
		var f *fault.Fault
		if errors.As(err, &f) && f.Code == "backup.damaged" {
			bad.What = "WAL のファイルが壊れているか、書き換えられています。"
		} else if err != nil {
			return nil, err
		} else if p, ok := want[name]; ok {
			if size, sum, err := digest(ctx, s.o.Target, name); err != nil {
				return nil, err
			} else if size != p.Size || sum != p.SHA256 {
				bad.What = "WAL のファイルが、写しの目次に記録したものと違います。"
			}
		}
		if bad.What != "" {
			r.Bad, spoilt = append(r.Bad, bad), append(spoilt, name)
		}
		r.WAL++
	}
	return spoilt, s.verifyReach(ctx, r)
}

// verifyReach holds the newest shipped file against what the database remembers to have shipped: an attacker
// who takes away the end leaves no gap.
func (s *Service) verifyReach(ctx context.Context, r *Report) error {
	b, err := s.lastBeat(ctx)
	if fault.Is(err, fault.Missing) || err == nil && b.last == "" {
		return nil
	}
	if err != nil {
		return err
	}
	n, ok := parseSegment(b.last, 1<<20) // for the timeline: the same whatever the size
	if !ok {
		return nil
	}
	st, err := s.shelf.state(ctx, b.system, n.timeline)
	var f *fault.Fault
	switch {
	case errors.As(err, &f) && f.Code == "backup.damaged":
		return nil // found above
	case err != nil:
		return err
	case st == nil || st.Until.Before(b.until) || st.Last < b.last:
		r.Bad = append(r.Bad, Finding{Set: walTop + b.system, Piece: b.last, What: "送ったはずの WAL が、保管場所にありません（" + jst.StampSec(b.until) + "まで送りました）。"})
	}
	return nil
}

// listBases shows the copies of the cluster with the instants that they restore to, oldest first.
func (s *Service) listBases(ctx context.Context) ([]Generation, error) {
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return nil, err
	}
	all, err := s.shelf.windows(ctx, c.sets)
	if err != nil {
		return nil, err
	}
	out := c.generations()
	for i := range out {
		out[i].Expires, out[i].Restores = out[i].Taken.Add(s.o.Policy.KeyLife), &all[i]
	}
	for _, b := range c.bad {
		out = append(out, Generation{ID: b.Set, Kind: Base, Damaged: true})
	}
	return out, nil
}

// reach is how far point-in-time recovery goes now: the newest copy of this cluster, and the state of its WAL.
func (s *Service) reach(ctx context.Context) (*held, *walState, error) {
	c, err := s.shelf.list(ctx, Base)
	if err != nil || len(c.sets) == 0 {
		return nil, nil, err
	}
	h := c.sets[len(c.sets)-1]
	st, err := s.shelf.state(ctx, h.Base.System, h.Base.Timeline)
	return h, st, err
}

// lag is how much of the records would be lost now, were the server gone.
func (st *walState) lag(now time.Time) time.Duration { return max(now.Sub(st.Until), 0) }
