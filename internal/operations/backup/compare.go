package backup

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/migrations"
)

// comparison says how thoroughly restored records are held against the backup.
type comparison int

const (
	// everyRow adds up each table again, holds it against what the records added up to when the backup was made, and
	// has the database check its structure: the drill does, every night.
	everyRow comparison = iota
	// everyByte reads the file again and holds it against the stream that came out of the sealed backup. It shows that
	// the restore changed nothing; that the backup itself was right, the drill of its night has shown.
	everyByte
)

// fingerprint is the length and a 64-bit hash of a file, good within this process only.
type fingerprint struct {
	n int64
	h maphash.Hash
}

// seed is one for all fingerprints, which are compared with each other.
var seed = maphash.MakeSeed()

func newFingerprint() *fingerprint {
	f := &fingerprint{}
	f.h.SetSeed(seed)
	return f
}

func (f *fingerprint) Write(p []byte) (int, error) {
	f.n += int64(len(p))
	return f.h.Write(p)
}

func (f *fingerprint) same(o *fingerprint) bool { return f.n == o.n && f.h.Sum64() == o.h.Sum64() }

// compareBytes reads the records' file, which nobody has opened yet, and opens it.
func (u *unpacking) compareBytes(ctx context.Context) (*db.DB, error) {
	path := filepath.Join(u.dir, mainFile)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	read := newFingerprint()
	_, err = io.CopyBuffer(struct{ io.Writer }{read}, struct{ io.Reader }{f}, make([]byte, 1<<18))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if !read.same(u.wrote) {
		return nil, fault.New(fault.Conflict, "backup.unlike", "set", u.set.ID, "what", mainFile)
	}
	for _, t := range u.set.Tables {
		u.count(t)
	}
	return db.Open(ctx, db.Config{Engine: db.SQLite, Path: path, Readers: 2})
}

func (u *unpacking) count(d db.Digest) { u.r.Tables, u.r.Rows = u.r.Tables+1, u.r.Rows+d.Rows }

// compare opens a restored database and holds its tables against the digests of the snapshot.
func (u *unpacking) compare(ctx context.Context, file string, want []db.Digest, version int64) (*db.DB, error) {
	d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: file, Readers: 2})
	if err != nil {
		return nil, err
	}
	s, err := d.Snapshot(ctx)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	sound := make(chan error, 1)
	go func() { sound <- d.Sound(ctx) }()
	got, err := s.Digests(ctx)
	if e := <-sound; e != nil {
		u.bad("%s: %v", filepath.Base(file), e)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	for _, diff := range db.Differences(want, got) {
		u.bad("%s: %s", filepath.Base(file), diff)
	}
	if s.Version != version {
		u.bad("%s: schema %d instead of %d", filepath.Base(file), s.Version, version)
	}
	for _, g := range got {
		u.count(g)
	}
	return d, nil
}

func (u *unpacking) checkMain(ctx context.Context) (err error) {
	if u.wrote != nil {
		u.r.How = "bytes"
		u.main, err = u.compareBytes(ctx)
	} else {
		u.r.How = "rows"
		u.main, err = u.compare(ctx, filepath.Join(u.dir, mainFile), u.set.Tables, u.set.Schema)
	}
	if err != nil {
		return err
	}
	_, err = u.main.Migrate(ctx, migrations.Main())
	return err
}
