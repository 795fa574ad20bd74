package asset

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// OfProbe tells the resources that a probe makes for a moment.
func OfProbe(id string) bool {
	return strings.HasPrefix(id, "store:"+sweepName) || strings.HasPrefix(id, strayID+sweepName)
}

// Two people of the probe: they hold no account and exist only while it looks.
func pair() (one, two actor.Actor) {
	who := func() actor.Actor {
		return actor.Actor{Kind: actor.Human, Tenant: ids.System, Account: ids.New[ids.Account](), Roles: []actor.Role{actor.ITSM}, Purpose: "probe"}
	}
	return who(), who()
}

const volumeSize = 256 << 10

// volume is a folder of the probes with a file below it.
type volume struct {
	id, path, mark string
	handle         *os.File
}

// volume makes a file full of a text that can be recognised, and holds it open as somebody who kept a handle.
func (s *Service) volume() (v volume, err error) {
	random := make([]byte, 16)
	rand.Read(random)
	v.mark = hex.EncodeToString(random)
	name := s.canaryName()
	v.id, v.path = "store:"+name, filepath.Join(s.o.Dir, name)
	file := filepath.Join(v.path, "a", "volume")
	err = errors.Join(
		os.MkdirAll(filepath.Dir(file), 0o700),
		os.WriteFile(file, bytes.Repeat([]byte(v.mark+"\n"), volumeSize/(len(v.mark)+1)), 0o600))
	if err == nil {
		v.handle, err = os.Open(file)
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(v.path))
	}
	return v, err
}

func (v volume) take() error { return errors.Join(v.handle.Close(), os.RemoveAll(v.path)) }

// trusting takes the probe's second person for independent of the first: nobody stands behind invented people, so the
// service would refuse every approval of theirs. It is used for that one approval alone; the card says so.
func (s *Service) trusting() *Service {
	m := &Service{o: s.o}
	m.o.Second = func(context.Context, actor.Beside) error { return nil }
	return m
}

// probeDispose takes a canary resource through the procedure: without an approval, with an approval by the same
// person, and as it should be. What the medium holds afterwards is read through a handle opened before.
func (s *Service) probeDispose(ctx context.Context) (e control.Evidence, err error) {
	v, err := s.volume()
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, v.take()) }()
	one, two := pair()
	if err := s.Claim(ctx, one, v.id, Internal, "SRE"); err != nil {
		return e, err
	}
	d, err := s.Ask(ctx, one, v.id, "自己点検のための処分")
	if err != nil {
		return e, err
	}
	fail := func(why string) { e.Failed = append(e.Failed, why) }
	if _, err := s.Carry(ctx, one, d.ID); !fault.Is(err, fault.Denied) {
		fail("承認のない処分が行われた")
	}
	if err := s.Decide(ctx, one, d.ID, true); !fault.Is(err, fault.Denied) {
		fail("申請した人自身の承認が通った")
	}
	if len(e.Failed) > 0 {
		return e, nil
	}
	if err := s.trusting().Decide(ctx, two, d.ID, true); err != nil {
		return e, err
	}
	done, err := s.Carry(ctx, one, d.ID)
	if err != nil {
		if done == nil {
			return e, err
		}
		fail("処分が最後まで行われなかった")
	}
	left, err := s.leftovers(v)
	if err != nil {
		return e, err
	}
	if left > 0 {
		fail("処分した領域から前のデータが読めた")
	}
	if _, err := os.Lstat(v.path); !errors.Is(err, os.ErrNotExist) {
		fail("処分した資源の名前が残っている")
	}
	results, kept, err := s.noted(ctx, d.ID, d.AskedAt)
	if err != nil {
		return e, err
	}
	if !kept || !slices.Equal(results, []string{"denied", "ok"}) {
		fail("処分と、断った処分の記録が残っていない")
	}
	if done != nil && done.Record != nil {
		e.Facts = map[string]any{"bytes": done.Record.Bytes, "left_bytes": left, "refused": 2}
	}
	e.OK = len(e.Failed) == 0
	e.Measured = fmt.Sprintf("検査用の資源（%d KiB）で、承認のない処分と申請者自身の承認が断られることを確かめ、別の人の承認で処分しました。処分の前から開いていた手掛かりで全体を読み、残っていた前のデータは%dバイトでした。断ったことと処分したことの記録を、台帳と監査ログから読み直しました。",
		volumeSize>>10, left)
	return e, nil
}

func (s *Service) leftovers(v volume) (int, error) {
	b, err := io.ReadAll(io.NewSectionReader(v.handle, 0, volumeSize))
	return bytes.Count(b, []byte(v.mark)) * len(v.mark), err
}

// noted tells how often the log tells of a disposal and with which result, and whether its line keeps the record.
func (s *Service) noted(ctx context.Context, id string, since time.Time) (results []string, kept bool, err error) {
	all, err := s.o.Log.Find(ctx, actor.System(ids.System, "probe"), audit.Filter{Verb: verbDisposed, From: since, Limit: 1000})
	if err != nil {
		return nil, false, err
	}
	for _, e := range slices.Backward(all) {
		if e.Detail["disposal"] == id {
			results = append(results, e.Result)
		}
	}
	err = s.o.DB.View(ctx, ids.System, func(tx *db.Tx) error {
		d, err := s.disposal(tx, id)
		r := d.Record
		kept = r != nil && d.State == Done && r.Bytes > 0 && r.Operator == string(d.AskedBy) && r.Verifier == string(d.DecidedBy) && r.Verified != ""
		return err
	})
	return results, kept, err
}

// probeReuse gives a volume back, and looks at the very same place before it is used again; and looks for a deleted
// row in the bytes of the database.
func (s *Service) probeReuse(ctx context.Context) (e control.Evidence, err error) {
	v, err := s.volume()
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, v.take()) }()
	if _, err := wipe(ctx, v.path, s.keep); err != nil {
		return e, err
	}
	left, err := s.leftovers(v)
	if err != nil {
		return e, err
	}
	if left > 0 {
		e.Failed = append(e.Failed, "返した領域から前のデータが読めた")
	}
	e.Facts = map[string]any{"left_bytes": left}
	e.Measured = fmt.Sprintf("%d KiBの領域を返し、再利用の前に同じ場所を読んで、残っていた前のデータは%dバイトでした。", volumeSize>>10, left)
	if s.o.DB.Engine() == db.SQLite {
		rows, err := s.deletedRow(ctx)
		if err != nil {
			return e, err
		}
		if rows > 0 {
			e.Failed = append(e.Failed, "消した行の内容がデータベースのファイルに残っている")
		}
		e.Facts["rows_left"] = rows
		e.Measured += fmt.Sprintf("データベースの行がファイルにあることを確かめてから消し、消去のときと同じく変更の控え（WAL）も空にして、両方のファイルに残っていた内容は%d件でした。", rows)
	}
	if e.OK = len(e.Failed) == 0; e.OK && s.o.DB.Engine() != db.SQLite {
		return e, unseen("PostgreSQLのサーバーのファイルはこの検査から読めないため、消した行の場所が空白になったことを確認できません。ファイルの領域は確認できました。")
	}
	return e, nil
}

// unseen is why a probe could not decide, for the reader of the statement.
type unseen string

func (u unseen) Error() string  { return "asset: " + string(u) }
func (u unseen) Reason() string { return string(u) }

// deletedRow writes a marked row, sees it in the database's file, deletes it as an erasure does, and counts how often the
// mark still stands there or in the write-ahead log.
func (s *Service) deletedRow(ctx context.Context) (int, error) {
	random := make([]byte, 64)
	rand.Read(random)
	id := ids.New[string]()
	if err := s.o.DB.Tx(ctx, ids.System, func(tx *db.Tx) error { _, err := tx.Exec(qCanaryAdd, ids.System, id, random); return err }); err != nil {
		return 0, err
	}
	if err := s.o.DB.Checkpoint(ctx); err != nil {
		return 0, err
	}
	before, err := count(ctx, s.o.DB.Path(), random)
	if err == nil && before == 0 { // a look that never finds anything proves nothing
		err = errors.New("asset: the row of the probe does not stand in the database's file")
	}
	drop := s.o.DB.Tx(context.WithoutCancel(ctx), ids.System, func(tx *db.Tx) error { _, err := tx.Exec(qCanaryDrop, ids.System, id); return err })
	if err = errors.Join(err, drop); err != nil {
		return 0, err
	}
	if err := s.o.DB.Scrub(ctx); err != nil {
		return 0, err
	}
	left := 0
	for _, file := range []string{"", "-wal"} {
		n, err := count(ctx, s.o.DB.Path()+file, random)
		if left += n; err != nil && !errors.Is(err, os.ErrNotExist) {
			return left, err
		}
	}
	return left, nil
}

// count streams a file and counts how often needle stands in it.
func count(ctx context.Context, path string, needle []byte) (n int, err error) {
	f, err := db.Peek(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // read only
	buf, keep := make([]byte, 1<<20), 0
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := f.Read(buf[keep:])
		n += bytes.Count(buf[:keep+k], needle)
		tail := min(len(needle)-1, keep+k)
		copy(buf, buf[keep+k-tail:keep+k])
		keep = tail
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
