package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
)

// unfinishedFor is how long a folder without a table of contents may be a backup under way, or wait for the next
// one to sweep it.
const unfinishedFor = 26 * time.Hour

// short are the kinds that live for days only, wherever they lie.
var short = map[Kind]string{Keys: "鍵の写し", Base: "データベース全体の写し"}

// Ageless is how old something counts that bears no date that anybody could check.
var Ageless = time.Unix(0, 0)

// lying is everything that lies in one place of backups.
type lying struct {
	files int
	alien bool // files that belong to no backup
	kinds map[Kind]*contents
	bad   []string
}

// everything looks at every file of a place, whether or not it belongs to a backup: what nobody can read as one
// is kept too, and for longer than anybody knows.
func everything(ctx context.Context, sh *shelf, now time.Time, foreign func(name string) bool) (*lying, error) {
	names, err := sh.store.List(ctx, "")
	if err != nil {
		return nil, err
	}
	l := &lying{files: len(names), kinds: map[Kind]*contents{}}
	for _, n := range names {
		if foreign(n) {
			l.alien = true
			l.bad = append(l.bad, n+": バックアップのものでないファイルがあります。")
		}
	}
	for _, kind := range []Kind{Data, Keys, Base} {
		c, err := sh.list(ctx, kind)
		if err != nil {
			return nil, err
		}
		l.kinds[kind] = c
		for _, b := range c.bad {
			l.bad = append(l.bad, b.String())
		}
		for _, h := range c.sets {
			for _, b := range strangers(h, c.files[h.ID]) {
				l.bad = append(l.bad, b.String())
			}
			if what := short[kind]; what != "" && now.Sub(h.Taken) > DefaultPolicy().KeyLife {
				l.bad = append(l.bad, fmt.Sprintf("%s %s は7日より古いものです。", what, h.ID))
			}
			if !jst.BackupExpiry(h.Taken).After(now) {
				l.bad = append(l.bad, fmt.Sprintf("%s は1年より古いものです。", h.ID))
			}
		}
		for id := range c.partial {
			if at, ok := begun(id); !ok || now.Sub(at) > unfinishedFor {
				l.bad = append(l.bad, top(kind)+id+": 目次のない、いつのものとも確かめられないファイルがあります。")
			}
		}
	}
	return l, nil
}

// begun is when a set was begun, as its name says.
func begun(id string) (time.Time, bool) {
	stamp, _, _ := strings.Cut(id, "-")
	at, err := time.Parse("20060102T150405Z", stamp)
	return at, err == nil
}

// oldest is the earliest instant that any backup in the place names, unfinished and unreadable ones included.
func (l *lying) oldest() (first time.Time) {
	for _, c := range l.kinds {
		for id := range c.files {
			if at, ok := begun(id); ok && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}

// age is the oldest of everything, or Ageless.
func (l *lying) age() time.Time {
	for _, c := range l.kinds {
		for id := range c.files {
			if _, ok := begun(id); !ok {
				return Ageless
			}
		}
	}
	if l.alien {
		return Ageless
	}
	return l.oldest()
}

func alien(name string) bool { return !hasTop(name) }

func alienInSecond(name string) bool { return alien(name) && !strings.HasPrefix(name, canaryFolder) }

// Oldest is when the oldest of everything that lies in the places of backups was begun; zero: there is nothing; Ageless:
// there is something of which nobody can tell.
func (s *Service) Oldest(ctx context.Context) (time.Time, error) {
	l, err := everything(ctx, &s.shelf, time.Now(), alien)
	if err != nil {
		return time.Time{}, err
	}
	first := l.age()
	if s.o.Second == nil {
		return first, nil
	}
	if l, err = everything(ctx, s.second(), time.Now(), alienInSecond); err != nil {
		return first, err
	}
	if at := l.age(); !at.IsZero() && (first.IsZero() || at.Before(first)) {
		first = at
	}
	return first, nil
}

// OldestKeys is when the oldest of all copies of the key store that lie in the places of backups was taken, one that
// nothing opens any more included; zero: there is none.
func (s *Service) OldestKeys(ctx context.Context) (first time.Time, err error) {
	for _, sh := range []*shelf{&s.shelf, s.second()} {
		if sh.store == nil {
			continue
		}
		c, err := sh.list(ctx, Keys)
		if err != nil {
			return first, err
		}
		taken := map[string]time.Time{}
		for _, h := range c.sets {
			taken[h.ID] = h.Taken
		}
		for id := range c.files {
			at, known := taken[id]
			if !known {
				if at, known = begun(id); !known {
					at = Ageless // without a day in its name it may be of any
				}
			}
			if first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	return first, nil
}

// mostMade bounds how many backups the log is asked for: more than a year of one a day.
const mostMade = 1000

// made are the data sets that the log says were made, oldest first.
func (s *Service) made(ctx context.Context, now time.Time) (out []Generation, err error) {
	since, err := s.since(ctx) // a restored service begins anew: what was made before lies elsewhere
	if err != nil {
		return nil, err
	}
	all, err := s.o.Log.Find(ctx, actor.System(ids.System, "probe"), audit.Filter{Verb: verbMade, From: now.AddDate(0, -14, 0), Limit: mostMade})
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(all) {
		id, _ := e.Detail["set"].(string)
		day, _ := e.Detail["day"].(string)
		at, ok := begun(id)
		d, err := jst.ParseDate(day)
		if ok && err == nil && !d.Before(jst.Of(since)) {
			out = append(out, Generation{ID: id, Kind: Data, Day: d, Taken: at})
		}
	}
	if len(all) == mostMade { // the month of the oldest is not whole: which day of it was its first is not known
		first := out[0].Day
		out = slices.DeleteFunc(out, func(g Generation) bool { return g.Day.Y == first.Y && g.Day.M == first.M })
	}
	return out, nil
}

// rungs tells which days the ladder promises, of all backups that were ever made, and which of them are not there.
func (s *Service) rungs(ctx context.Context, there []Generation, now time.Time) (promised int, gone []jst.Date, err error) {
	made, err := s.made(ctx, now)
	if err != nil {
		return 0, nil, err
	}
	have := map[jst.Date]bool{}
	for _, g := range there {
		have[g.Day] = true
	}
	for _, g := range newestOfDay(s.o.Policy.plan(made, now).Keep) {
		if !g.Expires.After(now.Add(s.o.Policy.Margin)) {
			continue // due to go
		}
		if promised++; !have[g.Day] {
			gone = append(gone, g.Day)
		}
	}
	return promised, gone, nil
}

// probeRetain looks at everything that really lies in the places of the backups, and at what ought to.
func (s *Service) probeRetain(ctx context.Context) (control.Evidence, error) {
	now := time.Now()
	l, err := everything(ctx, &s.shelf, now, alien)
	if err != nil {
		return control.Evidence{}, err
	}
	known, err := s.registered(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	bases, err := s.registeredBases(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	if l.files == 0 && len(known) == 0 {
		return control.Evidence{}, unknown("まだ最初のバックアップを取っていません。")
	}
	e := control.Evidence{OK: true, Failed: l.bad}
	fail := func(format string, a ...any) { e.Failed = append(e.Failed, fmt.Sprintf(format, a...)) }
	found := map[string]string{}
	for _, c := range l.kinds {
		for _, b := range c.bad {
			found[b.Set] = ""
		}
		for _, h := range c.sets {
			found[h.ID] = h.sum
		}
	}
	for _, b := range unlike(slices.Concat(known, bases), found) {
		fail("%s", b)
	}
	data, keys := l.kinds[Data], l.kinds[Keys]
	days := newestOfDay(data.generations())
	if most := s.o.Policy.Daily + s.o.Policy.Weekly + s.o.Policy.Monthly; len(days) > most {
		fail("世代が%d個あり、定めた%d個を超えています。", len(days), most)
	}
	promised, gone, err := s.rungs(ctx, data.generations(), now)
	if err != nil {
		return control.Evidence{}, err
	}
	for _, d := range gone {
		fail("残すはずの %s の世代がありません。", d)
	}
	since, err := s.since(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	if says, err := s.sinceSays(ctx, since); err != nil {
		return control.Evidence{}, err
	} else if says != "" {
		fail("%s", says)
	}
	second, err := s.retainSecond(ctx, now, &e)
	if err != nil {
		return control.Evidence{}, err
	}
	slices.Sort(e.Failed)
	oldest := "なし"
	if at := l.oldest(); !at.IsZero() {
		oldest = jst.Stamp(at)
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"files": l.files, "sets": len(data.sets), "keys": len(keys.sets), "oldest": oldest, "promised": promised, "gone": len(gone)}
	e.Measured = fmt.Sprintf("置き場所の%dファイルすべての名前と目次を見ました。%d世代と鍵の写し%d個があり、最も古いものは%sのものです。作成の記録から残すはずの%d世代のうち、ないものは%d個です。%s問題は%d件です。",
		l.files, len(days), len(keys.sets), oldest, promised, len(gone), second, len(e.Failed))
	return e, nil
}

// retainSecond looks at everything in the second place, if there is one, and says what it looked at.
func (s *Service) retainSecond(ctx context.Context, now time.Time, e *control.Evidence) (string, error) {
	if s.o.Second == nil {
		return "", nil
	}
	l, err := everything(ctx, s.second(), now, alienInSecond)
	if err != nil {
		return "", unknown("二つ目の置き場所に届かないため、そこに古いものがないかを確認できません。")
	}
	for _, b := range l.bad {
		e.Failed = append(e.Failed, "二つ目の置き場所: "+b)
	}
	oldest := "なし"
	if at := l.oldest(); !at.IsZero() {
		oldest = jst.Stamp(at)
	}
	return fmt.Sprintf("二つ目の置き場所の%dファイルのうち、最も古い世代は%sのものです。", l.files, oldest), nil
}
