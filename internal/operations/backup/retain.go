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

// lying is everything that lies in one place of backups.
type lying struct {
	files int
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

// Oldest is when the oldest of everything that lies in the places of backups was begun; zero: there is nothing.
func (s *Service) Oldest(ctx context.Context) (time.Time, error) {
	l, err := everything(ctx, &s.shelf, time.Now(), func(string) bool { return false })
	if err != nil {
		return time.Time{}, err
	}
	first := l.oldest()
	if s.o.Second == nil {
		return first, nil
	}
	if l, err = everything(ctx, s.second(), time.Now(), func(string) bool { return false }); err != nil {
		return first, err
	}
	if at := l.oldest(); !at.IsZero() && (first.IsZero() || at.Before(first)) {
		first = at
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
	all, err := s.o.Log.Find(ctx, actor.System(ids.System, "probe"), audit.Filter{Verb: "backup.made", From: now.AddDate(0, -14, 0), Limit: mostMade})
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
	l, err := everything(ctx, &s.shelf, now, func(name string) bool { return !hasTop(name) })
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
	for _, g := range keys.generations() {
		if now.Sub(g.Taken) > DefaultPolicy().KeyLife {
			fail("鍵の写し %s は7日より古いものです。", g.ID)
		}
	}
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
	l, err := everything(ctx, s.second(), now, func(name string) bool { return !hasTop(name) && !strings.HasPrefix(name, canaryFolder) })
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
