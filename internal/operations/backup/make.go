package backup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/base/pack"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Made is the result of a run.
type Made struct {
	Generation
	Keys    string   `json:"keys"` // the copy of the key store taken with it
	Parts   []string `json:"parts"`
	Rows    int64    `json:"rows"`
	Plain   int64    `json:"plain_bytes"`
	Took    string   `json:"took"`
	Dropped []string `json:"dropped"` // sets that were too old or too many
	Held    []string `json:"held"`    // too old, but held until the clock is believed
}

// Run makes a backup of now, reads it back, and drops what the ladder no longer wants. When it fails the
// earlier generations stay as they are.
func (s *Service) Run(ctx context.Context, who actor.Actor) (*Made, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.run(ctx, who, time.Now())
}

func (s *Service) run(ctx context.Context, who actor.Actor, now time.Time) (*Made, error) {
	m, err := s.make(ctx, who, now)
	if err = roomless(err, "バックアップの置き場所"); err != nil {
		after := context.WithoutCancel(ctx)
		s.record(after, who, "backup.failed", "failed", map[string]any{"code": code(err), "day": jst.Of(now).String()})
		if e := s.sweep(after); e != nil {
			s.o.Logger.Warn("backup: what the failed run left is still there; the next run removes it", "err", e)
		}
		return nil, err
	}
	if err := s.prune(ctx, who, now, m); err != nil {
		return nil, err
	}
	return m, nil
}

// taking is a backup under way.
type taking struct {
	*Service
	now        time.Time
	data, keys Manifest
	key        *vault.Key // seals the data set
	main, vlt  *db.Snapshot
	sentinel   []byte
}

func (s *Service) make(ctx context.Context, who actor.Actor, now time.Time) (_ *Made, err error) {
	if err := s.sweep(ctx); err != nil {
		return nil, err
	}
	key, err := s.shelf.key(ctx)
	if err != nil {
		return nil, err
	}
	head := Manifest{Format: format, Engine: s.o.Main.Engine(), Build: s.o.Build}
	head.stamp(now)
	t := &taking{Service: s, now: now, key: key, data: head, keys: head}
	t.data.ID, t.data.Kind = newID(now), Data
	t.keys.ID, t.keys.Kind = newID(now), Keys
	t.data.Keys = t.keys.ID
	defer t.close()
	defer func() {
		if err != nil { // also a set that was complete, but did not read back
			after := context.WithoutCancel(ctx)
			err = errors.Join(err, s.shelf.remove(after, Data, t.data.ID), s.shelf.remove(after, Keys, t.keys.ID))
		}
	}()
	for _, step := range []func(context.Context) error{t.setSentinel, t.fix, t.takeMain, t.takeBlobs, t.takeEnvironment} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	// The copy of the key store is complete before the data set counts: without it the data would not open.
	keys, err := t.takeKeys(ctx)
	if err != nil {
		return nil, err
	}
	t.data.Took = time.Since(now).Milliseconds()
	sum, err := s.shelf.putManifest(ctx, &t.data, t.key, nil)
	if err != nil {
		return nil, err
	}
	data, err := s.readBack(ctx, Data, t.data.ID, sum)
	if err != nil {
		return nil, err
	}
	return t.finish(ctx, who, data, keys)
}

// stamp dates a set by the instant at which it was begun; one that runs over midnight belongs to that day.
func (m *Manifest) stamp(now time.Time) {
	m.Day, m.Taken = jst.Of(now), now.UTC().Truncate(time.Microsecond)
}

// done lets go of a state as soon as it is read: whoever erases waits for its readers.
func (t *taking) done(s **db.Snapshot) {
	if *s == nil {
		return
	}
	if err := (*s).Close(); err != nil {
		t.o.Logger.Warn("backup: snapshot", "err", err)
	}
	*s = nil
}

func (t *taking) close() {
	t.done(&t.main)
	t.done(&t.vlt)
}

// setSentinel puts a value into the records that only the key store's key opens.
func (t *taking) setSentinel(ctx context.Context) error {
	t.sentinel = make([]byte, 32)
	rand.Read(t.sentinel)
	sum := sha256.Sum256(t.sentinel)
	t.data.Sentinel = hex.EncodeToString(sum[:])
	sealed := t.key.Seal(sentinelAt(t.data.ID), t.sentinel)
	return t.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if _, err := tx.Exec(qSentinelOld, ids.System, t.data.ID); err != nil {
			return err
		}
		_, err := tx.Exec(qSentinelAdd, ids.System, t.data.ID, sealed)
		return err
	})
}

func sentinelAt(set string) vault.Loc {
	return vault.Loc{Table: "backup_sentinel", ID: set, Column: "sealed"}
}

// fix takes the log's files and the states of both databases as one: nothing is shipped meanwhile, and the
// key store comes after the records, so that no record's key is missing.
func (t *taking) fix(ctx context.Context) error {
	return t.o.Log.Hold(ctx, func(files fs.FS) error {
		var err error
		if t.main, err = t.o.Main.Snapshot(ctx); err != nil {
			return err
		}
		if t.vlt, err = t.o.Keys.Snapshot(ctx); err != nil {
			return err
		}
		t.data.Form, t.data.Schema = t.main.Form(), t.main.Version
		t.keys.Form, t.keys.Schema = t.vlt.Form(), t.vlt.Version
		return t.part(ctx, &t.data, t.key, PartLog, func(w io.Writer) error { return packFolder(w, files) })
	})
}

func (t *taking) part(ctx context.Context, m *Manifest, k *vault.Key, name string, fill func(io.Writer) error) error {
	p, err := writePart(ctx, t.o.Target, k, folder(m.Kind, m.ID), m.ID, name, fill)
	if err != nil {
		return err
	}
	m.Parts = append(m.Parts, p)
	return nil
}

// packFolder leaves out lock files and what is still being written. A file that vanishes is a tile that
// the log has outgrown.
func packFolder(w io.Writer, files fs.FS) error {
	p := pack.NewWriter(w)
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() || strings.HasSuffix(name, ".lock") {
			return nil
		}
		if err != nil {
			return err
		}
		f, err := files.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(p.File(name, f), f.Close())
	})
	if err != nil {
		return err
	}
	return p.Close()
}

func (t *taking) takeMain(ctx context.Context) error {
	defer t.done(&t.main)
	return t.part(ctx, &t.data, t.key, PartMain, func(w io.Writer) (err error) {
		t.data.Tables, err = t.main.Dump(ctx, w)
		return err
	})
}

// takeBlobs copies the files as they lie, sealed for their tenants. One that is deleted meanwhile is no
// longer wanted.
func (t *taking) takeBlobs(ctx context.Context) error {
	return t.part(ctx, &t.data, t.key, PartBlobs, func(w io.Writer) error {
		names, err := t.o.Blobs.List(ctx, "")
		if err != nil {
			return err
		}
		p := pack.NewWriter(w)
		for _, name := range names {
			r, err := t.o.Blobs.Open(ctx, name)
			if missing(err) {
				continue
			}
			if err != nil {
				return err
			}
			if err := errors.Join(p.File(name, r), r.Close()); err != nil {
				return err
			}
		}
		return p.Close()
	})
}

func (t *taking) takeEnvironment(ctx context.Context) error {
	files, err := t.o.Environment(ctx)
	if err != nil {
		return err
	}
	return t.part(ctx, &t.data, t.key, PartEnvironment, func(w io.Writer) error { return packFiles(w, files) })
}

func packFiles(w io.Writer, files []File) error {
	p := pack.NewWriter(w)
	for _, f := range files {
		if err := p.File(f.Name, strings.NewReader(string(f.Content))); err != nil {
			return err
		}
	}
	return p.Close()
}

// takeKeys makes the set of the key store, sealed with a key of its own under the root key.
func (t *taking) takeKeys(ctx context.Context) (*held, error) {
	key, wrapped, err := vault.NewWrapped(ctx, t.o.Root, purpose(t.keys.ID))
	if err != nil {
		return nil, err
	}
	err = t.part(ctx, &t.keys, key, PartKeys, func(w io.Writer) (err error) {
		t.keys.Tables, err = t.vlt.Dump(ctx, w)
		return err
	})
	t.done(&t.vlt)
	if err != nil {
		return nil, err
	}
	signing, err := signingKey(t.o.Log)
	if err != nil {
		return nil, err
	}
	err = t.part(ctx, &t.keys, key, PartSigning, func(w io.Writer) error { return packFiles(w, signing) })
	if err != nil {
		return nil, err
	}
	sum, err := t.shelf.putManifest(ctx, &t.keys, key, wrapped)
	if err != nil {
		return nil, err
	}
	return t.readBack(ctx, Keys, t.keys.ID, sum)
}

// readBack reads every byte of a set from its place.
func (s *Service) readBack(ctx context.Context, kind Kind, id, sum string) (*held, error) {
	h, err := s.shelf.get(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	if h.sum != sum {
		return nil, damaged(id, manifestName, nil)
	}
	if bad, err := s.shelf.check(ctx, h); err != nil || len(bad) > 0 {
		if err == nil {
			err = damaged(id, bad[0].Piece, errors.New(bad[0].What))
		}
		return nil, err
	}
	s.passed(id)
	return h, nil
}

func (t *taking) finish(ctx context.Context, who actor.Actor, data, keys *held) (*Made, error) {
	m := &Made{Generation: data.generation(), Keys: keys.ID, Took: time.Since(t.now).Round(time.Millisecond).String(), Dropped: []string{}, Held: []string{}}
	m.Expires = t.o.Policy.expiry(m.Taken)
	for _, p := range slices.Concat(data.Parts, keys.Parts) {
		m.Parts, m.Plain = append(m.Parts, p.Name), m.Plain+p.Plain
	}
	for _, d := range slices.Concat(data.Tables, keys.Tables) {
		m.Rows += d.Rows
	}
	who.Tenant = ids.System
	err := t.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		for _, g := range []Generation{m.Generation, keys.generation()} {
			if err := addSet(tx, g); err != nil {
				return err
			}
		}
		_, err := t.o.Log.Append(tx, audit.Event{Verb: "backup.made", Actor: who, Kind: "backup", Result: "ok", Detail: map[string]any{
			"set": m.ID, "day": m.Day.String(), "manifest": m.Manifest, "bytes": m.Bytes, "rows": m.Rows,
			"keys": keys.ID, "keys_manifest": keys.sum,
		}})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return m, nil
}
