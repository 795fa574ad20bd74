package backup

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

const offlineSays = "消すことのできない写しを、別の権限の場所に少なくとも一つ持ちます。"

// offline is BK-OFFLINE: without a second place it says why it cannot look.
func (s *Service) offline() control.Control {
	c := control.Control{
		ID: "BK-OFFLINE", Grades: []control.Grade{control.Real}, Owner: "SRE", Says: offlineSays,
		NotProven: "最新の写しの読み直しは20時間に1回です（写したときにもすべて読み直します）。それより前の写しは、数と日付だけを見ています。鍵の写しは、鍵を破棄したときにすぐ消せるよう、消せる形で置いています。置き場所の物理的な管理と、その管理者の権限はクラウド事業者と契約によります。",
	}
	if s.o.Second == nil {
		c.Pending = "別の権限で守られた二つ目の置き場所が設定されていないため、消せない写しがあることを確認できません。"
		return c
	}
	c.Every, c.Fresh = every, fresh
	c.Probe = s.probeOffline
	c.Mutant = func(ctx context.Context) (out control.Evidence, err error) {
		for _, place := range []Second{lockless{s.o.Second}, lossy{s.o.Second}} {
			m := &Service{o: s.o, shelf: s.shelf, busy: s.busy, checked: s.allRead()} // what was read is not fetched again
			m.o.Second = place
			e, err := m.probeOffline(ctx)
			if err != nil || e.OK {
				return e, err
			}
			out.Measured, out.Failed = e.Measured, append(out.Failed, e.Failed...)
		}
		return out, nil
	}
	return c
}

// lossy is the mutant's place in which a file of every copy is lost.
type lossy struct{ Second }

func (l lossy) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := l.Second.List(ctx, prefix)
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "/"+PartBlobs+".00001") }), err
}

// lockless is the mutant's place: it writes, but locks nothing.
type lockless struct{ Second }

func (l lockless) PutLocked(ctx context.Context, key string, r io.Reader, _ time.Time) (int64, error) {
	return l.Put(ctx, strings.Replace(key, canaryFolder, canaryFolder+"mutant-", 1), r)
}

func (l lockless) Erase(ctx context.Context, key string) error {
	return l.Second.Erase(ctx, strings.Replace(key, canaryFolder, canaryFolder+"mutant-", 1))
}

func (l lockless) LockedUntil(context.Context, string) (time.Time, error) { return time.Time{}, nil }

const canaryFolder = "canary/"

// probeOffline tries to destroy a canary with the service's own credentials, and looks whether the newest set in the
// second place is complete, unchanged, recent, and locked file by file.
func (s *Service) probeOffline(ctx context.Context) (control.Evidence, error) {
	now := time.Now()
	e := control.Evidence{Failed: []string{}}
	key := canaryFolder + jst.Of(now).String()
	if names, err := s.o.Second.List(ctx, key); err != nil {
		return e, unknown("二つ目の置き場所に届かないため、確認できません。")
	} else if len(names) == 0 {
		if _, err := s.o.Second.PutLocked(ctx, key, strings.NewReader(key), now.Add(24*time.Hour)); err != nil {
			return e, err
		}
	}
	if err := s.o.Second.Erase(ctx, key); fault.Of(err) == nil || fault.Of(err).Code != "blob.locked" {
		e.Failed = append(e.Failed, "消せないはずの検査用の写しを消せた")
	}
	there, err := s.second().list(ctx, Data)
	if err != nil {
		return e, err
	}
	for _, b := range there.bad {
		e.Failed = append(e.Failed, b.String())
	}
	if len(there.sets) == 0 {
		if len(e.Failed) == 0 {
			return e, unknown("二つ目の置き場所に、まだ写しがありません。")
		}
		return e, nil
	}
	newest := there.sets[len(there.sets)-1]
	if age := now.Sub(newest.Taken); age > 2*24*time.Hour {
		e.Failed = append(e.Failed, fmt.Sprintf("最後の写しは%sのもので、2日を超えています。", jst.Stamp(newest.Taken)))
	}
	bad, err := s.whole(ctx, newest, there.files[newest.ID])
	if err != nil {
		return e, err
	}
	for _, b := range bad {
		e.Failed = append(e.Failed, b.String())
	}
	if keys, err := s.second().list(ctx, Keys); err != nil {
		return e, err
	} else if len(keys.sets) == 0 {
		e.Failed = append(e.Failed, "二つ目の置き場所に、写しを開くための鍵の写しがありません。")
	}
	open := 0
	for _, file := range there.files[newest.ID] {
		until, err := s.o.Second.LockedUntil(ctx, folder(Data, newest.ID)+file)
		if err != nil {
			return e, err
		}
		if !until.After(now) && newest.Taken.Add(s.o.Policy.Lock).After(now) {
			open++
		}
	}
	base, err := s.openBase(ctx, now)
	if err != nil {
		return e, err
	}
	open += base
	if open > 0 {
		e.Failed = append(e.Failed, fmt.Sprintf("守られていないファイルが%d個ある", open))
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"sets": len(there.sets), "newest": newest.ID, "files": len(there.files[newest.ID]), "unlocked": open}
	e.Measured = fmt.Sprintf("二つ目の置き場所に%d世代があり、最新は%sのものです。サービス自身の資格情報で検査用の写しを消そうとし、最新の世代の%dファイルがそろっているかと、その期限を調べて、問題は%d件でした。",
		len(there.sets), jst.Stamp(newest.Taken), len(there.files[newest.ID]), len(e.Failed))
	if at, ok := s.readAt(inSecond(newest.ID)); ok {
		e.Measured += "すべてのバイトを読み直したのは" + jst.Stamp(at) + "です。"
	}
	return e, nil
}

// whole tells what a copy in the second place lacks of its table of contents, and reads it to its last byte unless that
// was done a short while ago.
func (s *Service) whole(ctx context.Context, h *held, files []string) (bad []Finding, err error) {
	for _, p := range h.Parts {
		for _, f := range p.Pieces {
			if !slices.Contains(files, f.Name) {
				bad = append(bad, Finding{Set: h.ID, Day: h.Day.String(), Part: p.Name, Piece: f.Name, What: partWords[p.Name] + "のファイルがありません。"})
			}
		}
	}
	if at, ok := s.readAt(inSecond(h.ID)); len(bad) > 0 || ok && time.Since(at) < rereading {
		return bad, nil
	}
	if bad, err = s.second().check(ctx, h); err == nil && len(bad) == 0 {
		s.passed(inSecond(h.ID))
	}
	return bad, err
}

// inSecond is what remembers that a set was read in the second place.
func inSecond(id string) string { return "second/" + id }

// openBase counts the files of the newest copy of the cluster in the second place that ought to be locked and are not.
func (s *Service) openBase(ctx context.Context, now time.Time) (open int, err error) {
	there, err := s.second().list(ctx, Base)
	if err != nil || len(there.sets) == 0 {
		return 0, err
	}
	newest := there.sets[len(there.sets)-1]
	if !s.o.Policy.lockBase(newest, now).After(now) {
		return 0, nil
	}
	for _, file := range there.files[newest.ID] {
		until, err := s.o.Second.LockedUntil(ctx, folder(Base, newest.ID)+file)
		if err != nil {
			return 0, err
		}
		if !until.After(now) {
			open++
		}
	}
	return open, nil
}
