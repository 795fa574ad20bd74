package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"rakudos/internal/engine/blob"
)

// Report is the result of reading every byte of every backup.
type Report struct {
	OK     bool      `json:"ok"`
	Sets   int       `json:"sets"`
	Pieces int       `json:"pieces"`
	Bytes  int64     `json:"bytes"`
	WAL    int       `json:"wal_files"`
	Bad    []Finding `json:"findings"`
	Notes  []string  `json:"notes"`

	Windows []Window `json:"restores"`    // of each copy of the cluster: to which instants
	Lost    []Span   `json:"unreachable"` // instants of which copies and WAL were made, and that cannot be had any more
}

// Verify reads everything in the place of the backups and compares it with the tables of contents, and
// these with what the database remembers: a changed bit, a missing, exchanged or foreign file is named.
func (s *Service) Verify(ctx context.Context) (*Report, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	r := &Report{Bad: []Finding{}, Notes: []string{}, Windows: []Window{}, Lost: []Span{}}
	known, err := s.registered(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, kind := range []Kind{Data, Keys} {
		c, err := s.shelf.list(ctx, kind)
		if err != nil {
			return nil, err
		}
		r.Bad = append(r.Bad, c.bad...)
		for _, b := range c.bad {
			found[b.Set] = ""
		}
		for _, h := range c.sets {
			found[h.ID] = h.sum
			bad, err := s.shelf.check(ctx, h)
			if err != nil {
				return nil, err
			}
			bad = append(bad, strangers(h, c.files[h.ID])...)
			if len(bad) == 0 {
				s.passed(h.ID)
			}
			r.Bad = append(r.Bad, bad...)
			r.Sets, r.Bytes = r.Sets+1, r.Bytes+h.bytes()+h.own
			for _, p := range h.Parts {
				r.Pieces += len(p.Pieces)
			}
		}
		for id := range c.partial {
			if !slices.ContainsFunc(known, func(g Generation) bool { return g.ID == id }) {
				r.Notes = append(r.Notes, id+": 途中で止まったバックアップの残りです。次のバックアップのときに消します。")
			}
		}
	}
	r.Bad = append(r.Bad, unlike(known, found)...)
	if err := s.verifyUnknown(ctx, r, known, found); err != nil {
		return nil, err
	}
	if err := s.verifyBases(ctx, r); err != nil {
		return nil, err
	}
	stray, err := s.stray(ctx)
	if err != nil {
		return nil, err
	}
	r.Bad = append(r.Bad, stray...)
	if r.Sets == 0 && len(r.Bad) == 0 {
		r.Bad = append(r.Bad, Finding{What: "バックアップが一つもありません。"})
	}
	r.OK = len(r.Bad) == 0
	return r, nil
}

// unlike holds what is there against what the database remembers.
func unlike(known []Generation, found map[string]string) (bad []Finding) {
	for _, g := range known {
		sum, there := found[g.ID]
		switch {
		case !there:
			bad = append(bad, Finding{Set: g.ID, Day: g.Day.String(), What: "作ったはずのバックアップが、保管場所にありません。"})
		case sum != "" && sum != g.Manifest:
			bad = append(bad, Finding{Set: g.ID, Day: g.Day.String(), Piece: manifestName, What: "目次が、作ったときのものと違います。"})
		}
	}
	return bad
}

// strangers are files in a set's folder that its table of contents does not know.
func strangers(h *held, files []string) (bad []Finding) {
	own := map[string]bool{manifestName: true}
	for _, p := range h.Parts {
		for _, f := range p.Pieces {
			own[f.Name] = true
		}
	}
	for _, f := range files {
		if !own[f] {
			bad = append(bad, Finding{Set: h.ID, Day: h.Day.String(), Piece: f, What: "目次にないファイルがあります。"})
		}
	}
	return bad
}

// stray are files outside of every set.
func (s *Service) stray(ctx context.Context) (bad []Finding, err error) {
	names, err := s.o.Target.List(ctx, "")
	for _, n := range names {
		if !hasTop(n) {
			bad = append(bad, Finding{Piece: n, What: "バックアップのものでないファイルがあります。"})
		}
	}
	return bad, err
}

func hasTop(name string) bool {
	for _, t := range []string{top(Data), top(Keys), top(Base)} {
		if len(name) > len(t) && name[:len(t)] == t {
			return true
		}
	}
	return isWAL(name)
}

var partWords = map[string]string{
	PartMain: "データベース", PartLog: "監査ログ", PartBlobs: "保管ファイル", PartEnvironment: "環境",
	PartCluster: "データベース全体の写し",
	PartKeys:    "鍵データベース", PartSigning: "ログの署名鍵",
}

// check reads every piece of a set. An error means that it could not look.
func (s *shelf) check(ctx context.Context, h *held) (bad []Finding, err error) {
	for _, p := range h.Parts {
		for _, f := range p.Pieces {
			size, sum, err := digest(ctx, s.store, folder(h.Kind, h.ID)+f.Name)
			what := ""
			switch {
			case missing(err):
				what = "がありません。"
			case err != nil:
				return nil, err
			case size != f.Size:
				what = "の長さが違います。"
			case sum != f.SHA256:
				what = "が壊れているか、書き換えられています。"
			}
			if what != "" {
				bad = append(bad, Finding{Set: h.ID, Day: h.Day.String(), Part: p.Name, Piece: f.Name, What: partWords[p.Name] + "のファイル" + what})
			}
		}
	}
	return bad, nil
}

func digest(ctx context.Context, store blob.Store, name string) (int64, string, error) {
	r, err := store.Open(ctx, name)
	if err != nil {
		return 0, "", err
	}
	h := sha256.New()
	n, err := io.Copy(h, r)
	return n, hex.EncodeToString(h.Sum(nil)), errors.Join(err, r.Close())
}

// passed remembers that every byte of a set was read just now.
func (s *Service) passed(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked[id] = time.Now()
}

// readAt is when every byte of a set was read last in this process.
func (s *Service) readAt(id string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.checked[id]
	return at, ok
}

// allRead is when every set was read last in this process.
func (s *Service) allRead() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.checked)
}
