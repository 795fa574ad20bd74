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
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// OfProbe tells the resources that a probe makes for a moment.
func OfProbe(id string) bool { return strings.HasPrefix(id, "store:"+sweepName) }

// Two people of the probe: they hold no account and exist only while it looks.
func pair() (one, two actor.Actor) {
	who := func() actor.Actor {
		return actor.Actor{Kind: actor.Human, Tenant: ids.System, Account: ids.New[ids.Account](), Roles: []actor.Role{actor.ITSM}, Purpose: "probe"}
	}
	return who(), who()
}

const volumeSize = 256 << 10

// volume makes a file full of a text that can be recognised, and holds it open as somebody who kept a handle.
func (s *Service) volume() (id, mark string, handle *os.File, err error) {
	random := make([]byte, 16)
	rand.Read(random)
	mark = hex.EncodeToString(random)
	name := s.canaryName()
	path := filepath.Join(s.o.Dir, name)
	if err := os.WriteFile(path, bytes.Repeat([]byte(mark+"\n"), volumeSize/(len(mark)+1)), 0o600); err != nil {
		return "", "", nil, err
	}
	handle, err = os.Open(path)
	return "store:" + name, mark, handle, err
}

// probeDispose takes a canary resource through the procedure: without an approval, with an approval by the same
// person, and as it should be. What the medium holds afterwards is read through a handle opened before.
func (s *Service) probeDispose(ctx context.Context) (e control.Evidence, err error) {
	id, mark, handle, err := s.volume()
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, handle.Close(), os.RemoveAll(handle.Name())) }()
	one, two := pair()
	if err := s.Claim(ctx, one, id, Internal, "SRE"); err != nil {
		return e, err
	}
	d, err := s.Ask(ctx, one, id, "自己点検のための処分")
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
	if err := s.Decide(ctx, two, d.ID, true); err != nil {
		return e, err
	}
	done, err := s.Carry(ctx, one, d.ID)
	if err != nil {
		if done == nil {
			return e, err
		}
		fail("処分が最後まで行われなかった")
	}
	left, err := s.leftovers(handle, mark)
	if err != nil {
		return e, err
	}
	if left > 0 {
		fail("処分した領域から前のデータが読めた")
	}
	if _, err := os.Lstat(handle.Name()); !errors.Is(err, os.ErrNotExist) {
		fail("処分した資源の名前が残っている")
	}
	if done != nil && done.Record != nil {
		e.Facts = map[string]any{"bytes": done.Record.Bytes, "left_bytes": left, "refused": 2}
	}
	e.OK = len(e.Failed) == 0
	e.Measured = fmt.Sprintf("検査用の資源（%d KiB）で、承認のない処分と申請者自身の承認が断られることを確かめ、別の人の承認で処分しました。処分の前から開いていた手掛かりで全体を読み、残っていた前のデータは%dバイトでした。",
		volumeSize>>10, left)
	return e, nil
}

func (s *Service) leftovers(f *os.File, mark string) (int, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, volumeSize))
	return bytes.Count(b, []byte(mark)) * len(mark), err
}

// probeReuse gives a volume back, and looks at the very same place before it is used again; and looks for a deleted
// row in the bytes of the database.
func (s *Service) probeReuse(ctx context.Context) (e control.Evidence, err error) {
	_, mark, handle, err := s.volume()
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, handle.Close(), os.RemoveAll(handle.Name())) }()
	if _, err := wipe(ctx, handle.Name(), s.keep); err != nil {
		return e, err
	}
	left, err := s.leftovers(handle, mark)
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
		e.Measured += fmt.Sprintf("データベースの行を消し、ファイルの中に残っていた内容は%d件でした。", rows)
	}
	e.OK = len(e.Failed) == 0
	return e, nil
}

// deletedRow writes a marked row, deletes it, and counts how often the mark still stands in the database file.
func (s *Service) deletedRow(ctx context.Context) (int, error) {
	random := make([]byte, 64)
	rand.Read(random)
	id := ids.New[string]()
	for _, act := range []func(*db.Tx) error{
		func(tx *db.Tx) error { _, err := tx.Exec(qCanaryAdd, ids.System, id, random); return err },
		func(tx *db.Tx) error { _, err := tx.Exec(qCanaryDrop, ids.System, id); return err },
	} {
		if err := s.o.DB.Tx(ctx, ids.System, act); err != nil {
			return 0, err
		}
		if err := s.o.DB.Checkpoint(ctx); err != nil {
			return 0, err
		}
	}
	return count(ctx, s.o.DB.Path(), random)
}

// count streams a file and counts how often needle stands in it.
func count(ctx context.Context, path string, needle []byte) (n int, err error) {
	f, err := os.Open(path)
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
