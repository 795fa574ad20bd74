package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/base/pack"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/migrations"
)

// Source is all that a restore needs: the place of the backups and the root key. The service that made
// them may be gone.
type Source struct {
	Target blob.Store
	Root   vault.Root
	Ledger Ledger // nil: there is none yet

	spoil func(dir string) error // sabotage of the mutant: between unpacking and checking
}

// Names in a data directory.
const (
	mainFile = "main.db"
	keysFile = "keys.db"
	logDir   = "log"
	blobDir  = "blobs"
	// EnvironmentDir holds the configuration and versions of the backup, for people to read.
	EnvironmentDir = "restored"
	// InData is the prefix of environment files that belong into the data directory itself.
	InData = "data/"
)

// Restored is what a restore found and checked.
type Restored struct {
	Set    string    `json:"set"`
	Day    jst.Date  `json:"day"`
	Taken  time.Time `json:"taken_at"`
	Keys   string    `json:"keys"`
	Engine db.Engine `json:"engine"` // that was backed up; what is restored is SQLite
	Schema int64     `json:"schema"`
	Tables int       `json:"tables"`
	Rows   int64     `json:"rows"`
	How    string    `json:"compared"` // "bytes", "rows"; "cluster": a cluster that is kept, by its log and its checks alone
	Blobs  int       `json:"files"`
	Events int64     `json:"events"`
	Leaves int64     `json:"leaves"`
	Ledger string    `json:"ledger"` // what the erasure ledger did
	Took   string    `json:"took"`
	Point  *Reached  `json:"point,omitempty"` // when an instant was asked for
	Bad    []string  `json:"findings"`
}

// Restore puts the newest backup of a day or before (zero: the newest) into a directory that is empty or
// does not exist, checks it, and replays the erasure ledger. When anything does not hold, nothing stays.
// A file of SQLite is compared byte by byte with the backup: what its rows add up to, the drill has shown.
func (s Source) Restore(ctx context.Context, to string, at jst.Date) (*Restored, error) {
	if err := emptyDir(to); err != nil {
		return nil, err
	}
	if err := begin(to); err != nil {
		return nil, err
	}
	r, err := s.unpack(ctx, to, at, everyByte)
	if err == nil && len(r.Bad) > 0 {
		err = fault.New(fault.Conflict, "backup.unlike", "set", r.Set, "what", r.Bad[0]).Because(errors.New(strings.Join(r.Bad, "; ")))
	}
	if err != nil {
		return nil, errors.Join(roomless(err, to), empty(to))
	}
	return r, finish(to)
}

func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Invalid, "backup.destination", "dir", dir).Because(err)
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return fault.New(fault.Invalid, "backup.destination", "dir", dir).Because(err)
	}
	if err := Unfinished(dir); err != nil {
		return err
	}
	if len(all) > 0 {
		return fault.New(fault.Conflict, "backup.not_empty", "dir", dir)
	}
	return nil
}

func empty(dir string) error {
	all, err := os.ReadDir(dir)
	for _, e := range all {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// unpack restores into dir and checks. What does not hold is in Bad; an error means that it could not go on.
func (s Source) unpack(ctx context.Context, dir string, at jst.Date, how comparison) (*Restored, error) {
	start := time.Now()
	u := &unpacking{Source: s, dir: dir, r: &Restored{Bad: []string{}}, shelf: shelf{store: s.Target, root: s.Root}, how: how}
	defer u.close()
	for _, step := range []func(context.Context) error{
		u.placeKeys, func(ctx context.Context) error { return u.choose(ctx, at) },
		u.placeMain, u.placeLog, u.placeBlobs, u.placeEnvironment,
		func(context.Context) error {
			if s.spoil != nil {
				return s.spoil(dir)
			}
			return nil
		},
		u.checkMain, u.checkSentinel, u.checkBlobs, u.checkLog, u.replay, u.remark,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	u.r.Took = time.Since(start).Round(time.Millisecond).String()
	return u.r, u.close()
}

type unpacking struct {
	Source
	dir        string
	r          *Restored
	shelf      shelf
	set        *held
	main, keys *db.DB
	vault      *vault.Vault
	key        *vault.Key

	erased int // entries of the ledger

	how   comparison
	wrote *fingerprint // of the records' file, as it was written; nil: it was not copied byte by byte
}

func (u *unpacking) close() (err error) {
	for _, d := range []**db.DB{&u.main, &u.keys} {
		if *d != nil {
			err = errors.Join(err, (*d).Close())
			*d = nil
		}
	}
	return err
}

func (u *unpacking) bad(format string, a ...any) {
	u.r.Bad = append(u.r.Bad, fmt.Sprintf(format, a...))
}

// placeKeys takes the newest copy of the key store, whatever data set follows: keys that were destroyed
// since that set was made stay destroyed.
func (u *unpacking) placeKeys(ctx context.Context) error {
	c, err := u.shelf.list(ctx, Keys)
	if err != nil {
		return err
	}
	if len(c.sets) == 0 {
		if len(c.bad) > 0 {
			return fault.New(fault.Conflict, "backup.keys_closed", "set", c.bad[0].Set)
		}
		return fault.New(fault.Missing, "backup.none")
	}
	set := c.sets[len(c.sets)-1]
	u.r.Keys = set.ID
	file := filepath.Join(u.dir, keysFile)
	err = u.read(ctx, set, PartKeys, func(r io.Reader) error {
		return db.Restore(ctx, set.Form, r, file, migrations.Keys())
	})
	if err != nil {
		return err
	}
	err = u.unpackFiles(ctx, set, PartSigning, func(name string) string { return path.Base(name) })
	if err != nil {
		return err
	}
	if u.keys, err = u.compare(ctx, file, set.Tables, set.Schema); err != nil {
		return err
	}
	if _, err := u.keys.Migrate(ctx, migrations.Keys()); err != nil {
		return err
	}
	if u.vault, err = vault.Open(ctx, u.keys, u.Root); err != nil {
		return err
	}
	u.shelf.key = vaultKey(u.vault)
	u.key, err = u.shelf.key(ctx)
	return err
}

func (u *unpacking) choose(ctx context.Context, at jst.Date) error {
	c, err := u.shelf.list(ctx, Data)
	if err != nil {
		return err
	}
	for _, h := range slices.Backward(c.sets) {
		if at.IsZero() || !h.Day.After(at) {
			u.set = h
			u.r.Set, u.r.Day, u.r.Taken, u.r.Engine, u.r.Schema = h.ID, h.Day, h.Taken, h.Engine, h.Schema
			return nil
		}
	}
	switch {
	case len(c.sets) > 0:
		return fault.New(fault.Missing, "backup.none_at", "day", at.String(), "oldest", c.sets[0].Day.String())
	case len(c.bad) > 0:
		return damaged(c.bad[0].Set, manifestName, nil)
	}
	return fault.New(fault.Missing, "backup.none")
}

// read opens a part and reads it to its end, where its hash and its seal are complete.
func (u *unpacking) read(ctx context.Context, h *held, part string, fn func(io.Reader) error) error {
	p, err := h.part(part)
	if err != nil {
		return err
	}
	r, err := readPart(ctx, u.Target, h.key, folder(h.Kind, h.ID), h.ID, p)
	if err != nil {
		return damaged(h.ID, part, err)
	}
	defer r.Close() //nolint:errcheck // read only
	if err := fn(r); err != nil {
		return explained(h.ID, part, err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return explained(h.ID, part, err)
	}
	return nil
}

// explained keeps faults and says of anything else where it came from.
func explained(set, part string, err error) error {
	var f *fault.Fault
	if errors.As(err, &f) && f.Code != "vault.open" {
		return err
	}
	if errors.As(err, &f) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(set, part, err)
	}
	return fmt.Errorf("backup: restore %s of %s: %w", part, set, err)
}

// unpackFiles writes the entries of a part below the directory; an empty place leaves one out.
func (u *unpacking) unpackFiles(ctx context.Context, h *held, part string, place func(name string) string) error {
	root, err := os.OpenRoot(u.dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // a directory handle
	return u.read(ctx, h, part, func(r io.Reader) error {
		return each(r, func(name string, body io.Reader) error {
			to := place(name)
			if to == "" {
				return nil
			}
			if err := root.MkdirAll(path.Dir(to), 0o700); err != nil {
				return err
			}
			f, err := root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			_, err = io.Copy(f, body)
			return errors.Join(err, f.Close())
		})
	})
}

func each(r io.Reader, fn func(name string, body io.Reader) error) error {
	p := pack.NewReader(r)
	for {
		name, body, err := p.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(name, body); err != nil {
			return err
		}
	}
}

func (u *unpacking) placeMain(ctx context.Context) error {
	return u.read(ctx, u.set, PartMain, func(r io.Reader) error {
		if u.how == everyByte && u.set.Form == db.FormPages {
			u.wrote = newFingerprint()
			r = io.TeeReader(r, u.wrote)
		}
		return db.Restore(ctx, u.set.Form, r, filepath.Join(u.dir, mainFile), migrations.Main())
	})
}

// The schemas from which on rows of accounts and tenants carry MACs, and results are sealed with their days.
const (
	boundSince  = 18
	sealedSince = 19
	// switchesSince is the one from which on providers in use, roles tied to them and lines of reviews are bound.
	switchesSince = 56
)

// remark has the service bind older records when it first opens them, as after an upgrade: they come from a
// backup that has been proven.
func (u *unpacking) remark(ctx context.Context) error {
	for mark, since := range map[vault.Mark]int64{vault.MarkRows: boundSince, vault.MarkResults: sealedSince, vault.MarkSwitches: switchesSince} {
		if u.set.Schema >= since {
			continue
		}
		if err := u.vault.DropMark(ctx, mark); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacking) placeLog(ctx context.Context) error {
	return u.unpackFiles(ctx, u.set, PartLog, func(name string) string { return path.Join(logDir, name) })
}

func (u *unpacking) placeBlobs(ctx context.Context) error {
	store, err := blob.Local(filepath.Join(u.dir, blobDir))
	if err != nil {
		return err
	}
	return u.read(ctx, u.set, PartBlobs, func(r io.Reader) error {
		return each(r, func(name string, body io.Reader) error {
			_, err := store.Put(ctx, name, body)
			u.r.Blobs++
			return err
		})
	})
}

func (u *unpacking) placeEnvironment(ctx context.Context) error {
	return u.unpackFiles(ctx, u.set, PartEnvironment, func(name string) string {
		if own, ok := strings.CutPrefix(name, InData); ok {
			return path.Base(own)
		}
		return path.Join(EnvironmentDir, path.Base(name))
	})
}

// checkSentinel opens the known value with the restored key store.
func (u *unpacking) checkSentinel(ctx context.Context) error {
	var sealed []byte
	err := u.main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		sealed, err = db.Value[[]byte](tx, qSentinel, ids.System, u.set.ID)
		return err
	})
	if missing(err) {
		u.bad("the sentinel is not there")
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := u.key.Open(sentinelAt(u.set.ID), sealed)
	sum := sha256.Sum256(plain)
	if err != nil || hex.EncodeToString(sum[:]) != u.set.Sentinel {
		u.bad("the sentinel does not open to its value")
	}
	return nil
}

// checkBlobs opens every file with the restored key store and reads it to its end, where it is authentic. Those of a
// tenant whose key was destroyed since stay closed. A restore leaves that to the drill.
func (u *unpacking) checkBlobs(ctx context.Context) error {
	if u.how != everyRow {
		return nil
	}
	store, err := blob.Local(filepath.Join(u.dir, blobDir))
	if err != nil {
		return err
	}
	names, err := store.List(ctx, "")
	if err != nil {
		return err
	}
	closed := 0
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		owner, _, _ := strings.Cut(name, "/")
		k, err := u.vault.Tenant(ctx, ids.Tenant(owner))
		if missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		r, err := store.Open(ctx, name)
		if err != nil {
			return err
		}
		plain, err := k.OpenReader(r, vault.FileAt(name))
		if err == nil {
			_, err = io.Copy(io.Discard, plain)
		}
		if err != nil { // its name is nobody's business
			closed++
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	if closed > 0 {
		u.bad("保管ファイル%d個のうち%d個が開きません", len(names), closed)
	}
	return nil
}

func (u *unpacking) checkLog(ctx context.Context) error {
	rep, err := audit.Verify(ctx, u.main, u.vault, audit.Config{Dir: filepath.Join(u.dir, logDir)})
	if err != nil {
		return err
	}
	u.r.Events, u.r.Leaves = rep.Events, rep.Leaves
	if !rep.OK {
		u.bad("audit log: %s", rep.First)
	}
	return nil
}

// replay brings the erasures up to date before anybody opens the databases.
func (u *unpacking) replay(ctx context.Context) error {
	if u.Ledger == nil {
		u.r.Ledger = "台帳なし"
		return nil
	}
	n, err := u.Ledger.Replay(ctx, u.main, u.keys)
	if err != nil {
		return fault.New(fault.Internal, "backup.ledger").Because(err)
	}
	u.r.Ledger, u.erased = fmt.Sprintf("%d件を適用", n), n
	return nil
}
