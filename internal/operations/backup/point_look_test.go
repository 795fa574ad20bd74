package backup

import (
	"bytes"
	"io"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var tWrapped = db.Q("backup_test.wrapped", `select wrapped from key_tenant where tenant_id = $1`)

// wrapped is a tenant's key as the key store holds it.
func (r *river) wrapped(t ids.Tenant) (out []byte) {
	r.t.Helper()
	r.must(r.e.Keys.View(r.t.Context(), t, func(tx *db.Tx) (err error) {
		out, err = db.Value[[]byte](tx, tWrapped, t)
		return err
	}))
	return out
}

// sieve looks for a needle in a stream.
type sieve struct {
	needle, tail []byte
	found        bool
}

func (s *sieve) Write(p []byte) (int, error) {
	s.tail = append(s.tail, p...)
	s.found = s.found || bytes.Contains(s.tail, s.needle)
	s.tail = bytes.Clone(s.tail[max(len(s.tail)-len(s.needle), 0):])
	return len(p), nil
}

// inCopies opens every copy of the cluster and every WAL file, and looks for bytes in what they hold.
func (r *river) inCopies(needle []byte) bool {
	r.t.Helper()
	ctx := r.t.Context()
	c, err := r.shelf.list(ctx, Base)
	r.must(err)
	if len(c.sets) == 0 {
		r.t.Fatal("no copy to look into")
	}
	found := false
	look := func(read func(io.Writer) error) {
		s := &sieve{needle: needle}
		r.must(read(s))
		found = found || s.found
	}
	for _, h := range c.sets {
		look(func(w io.Writer) error {
			p, err := readPart(ctx, r.o.Target, h.key, folder(Base, h.ID), h.ID, h.Parts[0])
			if err != nil {
				return err
			}
			_, err = io.Copy(w, p)
			return err
		})
	}
	names, err := r.o.Target.List(ctx, walTop)
	r.must(err)
	for _, n := range names {
		if !strings.Contains(n, "state-") {
			look(func(w io.Writer) error { return r.shelf.readSealed(ctx, n, w) })
		}
	}
	return found
}
