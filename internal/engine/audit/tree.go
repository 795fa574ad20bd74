package audit

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	flog "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/fault"
)

// tree reads the files of the transparency log (the tlog-tiles layout) without Tessera.
type tree struct{ fs fs.FS }

// integrated is how many leaves the tree holds, published or not. A directory without any state is an
// empty log; one that has lost its state but not its checkpoint is damaged.
func (t tree) integrated() (uint64, error) {
	size, _, err := t.state()
	if !errors.Is(err, fs.ErrNotExist) {
		return size, err
	}
	if _, err := fs.Stat(t.fs, layout.CheckpointPath); err == nil {
		return 0, fault.New(fault.Internal, "audit.log_behind")
	}
	return 0, nil
}

// state reads Tessera's own note of the integrated tree.
func (t tree) state() (size uint64, root []byte, err error) {
	raw, err := fs.ReadFile(t.fs, ".state/treeState")
	if err != nil {
		return 0, nil, err
	}
	var s struct {
		Size uint64 `json:"size"`
		Root []byte `json:"root"`
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return 0, nil, fault.New(fault.Internal, "audit.log_behind").Because(err)
	}
	return s.Size, s.Root, nil
}

// openNote opens a signed checkpoint of which every byte counts: exactly one signature, by this key, in its only
// spelling.
func openNote(raw []byte, v note.Verifier) (*note.Note, error) {
	n, err := note.Open(raw, note.VerifierList(v))
	if err != nil {
		return nil, err
	}
	sig := n.Sigs[0]
	plain, err := base64.StdEncoding.Strict().DecodeString(sig.Base64)
	if err != nil {
		return nil, err
	}
	line := "— " + sig.Name + " " + base64.StdEncoding.EncodeToString(plain) + "\n"
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 || string(raw) != n.Text+"\n"+line {
		return nil, errors.New("the checkpoint has been added to")
	}
	return n, nil
}

// checkpoint reads the published checkpoint. Every byte of the file counts: exactly one signature, by
// this key, in its only spelling.
func (t tree) checkpoint(k key) (size uint64, root []byte, err error) {
	raw, err := fs.ReadFile(t.fs, layout.CheckpointPath)
	if err != nil {
		return 0, nil, err
	}
	n, err := openNote(raw, k.verifier)
	if err != nil {
		return 0, nil, err
	}
	var cp flog.Checkpoint
	rest, err := cp.Unmarshal([]byte(n.Text))
	if err != nil {
		return 0, nil, err
	}
	if cp.Origin != k.name || len(rest) != 0 {
		return 0, nil, errors.New("the checkpoint is of another log")
	}
	return cp.Size, cp.Hash, nil
}

// width is how many nodes the tile or bundle at a place has when the tree has size leaves.
func width(level, index, size uint64) uint64 {
	nodes := size >> (level * layout.TileHeight)
	if nodes <= index*layout.TileWidth {
		return 0
	}
	return min(nodes-index*layout.TileWidth, layout.TileWidth)
}

// partial is the file name's part for a width: 0 for a full tile.
func partial(w uint64) uint8 { return uint8(w % layout.TileWidth) }

// bundle reads the entries of one bundle as far as size goes, from the file of that size or, in a log
// that has grown meanwhile, from a later one.
func (t tree) bundle(index, size uint64) ([][]byte, error) {
	w := width(0, index, size)
	var raw []byte
	var err error
	for try := w; try <= layout.TileWidth; try++ {
		if raw, err = fs.ReadFile(t.fs, layout.EntriesPath(index, partial(try))); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	all, err := entries(raw)
	if err != nil {
		return nil, err
	}
	if uint64(len(all)) < w {
		return nil, fmt.Errorf("holds %d entries instead of %d", len(all), w)
	}
	return all[:w], nil
}

// entries splits a bundle: each entry has its length in two bytes before it.
func entries(raw []byte) ([][]byte, error) {
	var out [][]byte
	for len(raw) > 0 {
		if len(raw) < 2 {
			return nil, errors.New("ends inside an entry")
		}
		n := int(binary.BigEndian.Uint16(raw))
		if len(raw) < 2+n {
			return nil, errors.New("ends inside an entry")
		}
		out, raw = append(out, raw[2:2+n]), raw[2+n:]
	}
	return out, nil
}

// leaves reads the leaves [from, to).
func (t tree) leaves(from, to uint64) ([]leaf, error) {
	var out []leaf
	for i := from; i < to; {
		index := i / layout.EntryBundleWidth
		all, err := t.bundle(index, to)
		if err != nil {
			return nil, err
		}
		for _, e := range all[i%layout.EntryBundleWidth:] {
			l, err := readLeaf(e)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
			i++
		}
	}
	return out, nil
}

// spot is the place that a file name in tile/ stands for.
type spot struct {
	entries      bool // a bundle of entries; else a tile of hashes
	level, index uint64
	width        uint64
}

// parseSpot reads a path like tile/entries/x001/067.p/8; ok is false for a name that the layout lacks.
func parseSpot(name string) (s spot, ok bool) {
	kind, rest, found := strings.Cut(strings.TrimPrefix(name, "tile/"), "/")
	if !found {
		return s, false
	}
	if kind == "entries" {
		s.entries = true
	} else {
		level, err := strconv.ParseUint(kind, 10, 6)
		if err != nil {
			return s, false
		}
		s.level = level
	}
	index, p, err := layout.ParseTileIndexPartial(rest)
	if err != nil {
		return s, false
	}
	s.index, s.width = index, layout.TileWidth
	if p > 0 {
		s.width = uint64(p)
	}
	return s, s.path() == name
}

func (s spot) path() string {
	if s.entries {
		return layout.EntriesPath(s.index, partial(s.width))
	}
	return layout.TilePath(s.level, s.index, partial(s.width))
}

// files calls fn for every file in tile/. A missing folder is an empty one.
func (t tree) files(fn func(name string) error) error {
	return fs.WalkDir(t.fs, "tile", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // no tile yet, or swept away under our eyes
		}
		if err != nil || d.IsDir() {
			return err
		}
		return fn(path.Clean(name))
	})
}
