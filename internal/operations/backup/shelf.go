package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/vault"
)

// shelf is the place where sets are kept: "sets/<id>/…" and "keys/<id>/…", each with a sealed table of
// contents that is written last. A folder without one is what a broken run left.
type shelf struct {
	store blob.Store
	root  vault.Root
	key   func(context.Context) (*vault.Key, error) // of the system tenant; seals data sets
}

const (
	manifestName = "manifest"
	maxManifest  = 16 << 20
)

func top(k Kind) string {
	switch k {
	case Keys:
		return "keys/"
	case Base:
		return "bases/"
	}
	return "sets/"
}

func folder(k Kind, id string) string { return top(k) + id + "/" }

func purpose(id string) string { return "backup " + id }

// vaultKey gives the key of the system tenant.
func vaultKey(v *vault.Vault) func(context.Context) (*vault.Key, error) {
	return func(ctx context.Context) (*vault.Key, error) { return v.Tenant(ctx, ids.System) }
}

// putManifest closes a set. A copy of the key store carries the key that seals it, wrapped under the root.
func (s *shelf) putManifest(ctx context.Context, m *Manifest, k *vault.Key, wrapped []byte) (sum string, err error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	var b []byte
	if m.Kind == Keys {
		b = append(binary.BigEndian.AppendUint16(nil, uint16(len(wrapped))), wrapped...)
	}
	b = k.AppendSeal(b, place(m.ID, manifestName), plain)
	_, err = s.store.Put(ctx, folder(m.Kind, m.ID)+manifestName, strings.NewReader(string(b)))
	return hexSum(b), err
}

func hexSum(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }

// held is a set as found on the shelf.
type held struct {
	Manifest
	sum string // of the sealed manifest
	own int64  // bytes of the manifest itself
	key *vault.Key
}

func (h *held) generation() Generation {
	return Generation{ID: h.ID, Kind: h.Kind, Day: h.Day, Taken: h.Taken, Bytes: h.bytes() + h.own, Manifest: h.sum}
}

// get reads a set's table of contents. One that was changed in any bit is fault.Conflict "backup.damaged".
func (s *shelf) get(ctx context.Context, kind Kind, id string) (*held, error) {
	r, err := s.store.Open(ctx, folder(kind, id)+manifestName)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	h := &held{sum: hexSum(b), own: int64(len(b))}
	if kind == Keys {
		if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
			return nil, damaged(id, manifestName, nil)
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		h.key, err = vault.OpenWrapped(ctx, s.root, purpose(id), b[2:n])
		b = b[n:]
	} else {
		h.key, err = s.key(ctx)
	}
	if fault.Is(err, fault.Busy) || fault.Is(err, fault.Denied) {
		return nil, err // the key service is away or refuses: that says nothing of the set
	}
	if err == nil {
		b, err = h.key.Open(place(id, manifestName), b)
	}
	if err != nil {
		return nil, damaged(id, manifestName, err)
	}
	if err := json.Unmarshal(b, &h.Manifest); err != nil || h.ID != id || h.Kind != kind || h.Format != format || (h.Base != nil) != (kind == Base) {
		return nil, damaged(id, manifestName, errors.Join(err, fmt.Errorf("backup: format %d", h.Format)))
	}
	return h, nil
}

// contents is what lies on the shelf of one kind.
type contents struct {
	sets    []*held             // oldest first
	partial map[string][]string // folders without a table of contents: their files
	files   map[string][]string // files of each set, below its folder
	bad     []Finding           // tables of contents that do not open
}

func (c *contents) generations() []Generation {
	out := make([]Generation, len(c.sets))
	for i, h := range c.sets {
		out[i] = h.generation()
	}
	return out
}

// list reads every table of contents.
func (s *shelf) list(ctx context.Context, kind Kind) (*contents, error) {
	names, err := s.store.List(ctx, top(kind))
	if err != nil {
		return nil, err
	}
	c := &contents{partial: map[string][]string{}, files: map[string][]string{}}
	for _, name := range names {
		id, file, _ := strings.Cut(strings.TrimPrefix(name, top(kind)), "/")
		c.files[id] = append(c.files[id], file)
	}
	for id, files := range c.files {
		if !slices.Contains(files, manifestName) {
			c.partial[id] = files
			continue
		}
		h, err := s.get(ctx, kind, id)
		var f *fault.Fault
		switch {
		case errors.As(err, &f) && f.Code == "backup.damaged":
			c.bad = append(c.bad, Finding{Set: id, Piece: manifestName, What: "目次が壊れているか、書き換えられています。"})
		case errors.As(err, &f) && f.Code == "vault.kms_version":
			c.bad = append(c.bad, Finding{Set: id, Piece: manifestName, What: "ルート鍵の古い版で包まれていて、その版で開くことを鍵管理サービスが許していません。"})
		case err != nil:
			return nil, err
		default:
			c.sets = append(c.sets, h)
		}
	}
	slices.SortFunc(c.sets, func(a, b *held) int { return compare(a.generation(), b.generation()) })
	return c, nil
}

// remove deletes a set, its table of contents first: what a crash leaves then is only a partial one.
func (s *shelf) remove(ctx context.Context, kind Kind, id string) error {
	names, err := s.store.List(ctx, folder(kind, id))
	if err != nil {
		return err
	}
	slices.SortFunc(names, func(a, b string) int {
		return order(b) - order(a)
	})
	var errs []error
	for _, name := range names {
		errs = append(errs, s.store.Delete(ctx, name))
	}
	return errors.Join(errs...)
}

func order(name string) int {
	if strings.HasSuffix(name, "/"+manifestName) {
		return 1
	}
	return 0
}
