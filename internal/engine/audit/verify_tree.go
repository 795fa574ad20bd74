package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
)

// treeState is the transparency log as read from its files.
type treeState struct {
	ok      bool
	signed  uint64   // size that the checkpoint signs
	size    uint64   // size that is integrated; signed ≤ size
	from    uint64   // first leaf that was read; a multiple of 256
	leaves  []leaf   // from on
	nodes   [][]byte // leaf hashes, from on
	uppers  map[compact.NodeID][]byte
	rootAll []byte
}

var ranges = compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// readTree reads the leaves and computes both roots from them.
func (v *verifier) readTree() {
	s := &v.state
	if !v.keyOK {
		return
	}
	var signedRoot []byte
	var err error
	if s.signed, signedRoot, err = v.tree.checkpoint(v.key); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			v.treeBad(Bad{Code: LogMissing, Where: "checkpoint", What: "the checkpoint of the transparency log is gone"})
		} else {
			v.treeBad(Bad{Code: SignatureBad, Where: "checkpoint", What: "the checkpoint does not carry the log's signature: " + err.Error()})
		}
		return
	}
	var integratedRoot []byte
	if s.size, integratedRoot, err = v.tree.state(); err != nil {
		v.treeBad(Bad{Code: LogMissing, Where: ".state/treeState", What: "the state of the transparency log cannot be read: " + err.Error()})
		return
	}
	if s.size < s.signed {
		v.treeBad(Bad{Code: FileAltered, Where: ".state/treeState", What: "the state of the transparency log is older than its checkpoint"})
		return
	}
	if n := v.o.newest; n > 0 && s.signed > n {
		s.from = (s.signed - n) / layout.TileWidth * layout.TileWidth
	}
	rootSigned, ok := v.readLeaves()
	if !ok {
		return
	}
	s.ok = true
	v.report.Leaves, v.report.From = int64(len(s.leaves)), int64(s.from)
	if !bytes.Equal(rootSigned, signedRoot) {
		v.treeBad(Bad{Code: FileAltered, Where: "tile/entries", What: "the entries do not give the root that the checkpoint signs: " + v.blame()})
	}
	if !bytes.Equal(s.rootAll, integratedRoot) {
		v.treeBad(Bad{Code: FileAltered, Where: ".state/treeState", What: "the entries do not give the root that the log's state names"})
	}
}

func (v *verifier) readLeaves() (rootSigned []byte, ok bool) {
	s := &v.state
	s.uppers = map[compact.NodeID][]byte{}
	keep := func(id compact.NodeID, hash []byte) {
		if id.Level%layout.TileHeight == 0 {
			s.uppers[id] = hash
		}
	}
	r, err := v.tree.rangeTo(s.from)
	if err != nil {
		v.treeBad(Bad{Code: FileAltered, Where: "tile", What: "hashes of the older part of the tree cannot be read: " + err.Error()})
		return nil, false
	}
	if s.from == s.signed {
		rootSigned = rootOf(r)
	}
	for i := s.from; i < s.size; {
		index := i / layout.EntryBundleWidth
		// A bundle that ends with the signed tree is not asked for what lies beyond it.
		all, err := v.tree.bundle(index, s.size)
		name := layout.EntriesPath(index, partial(width(0, index, s.size)))
		if err != nil {
			code := FileAltered
			if errors.Is(err, fs.ErrNotExist) {
				code, err = FileMissing, errors.New("the file is gone")
			}
			v.treeBad(Bad{Code: code, Where: name, What: err.Error()})
			return nil, false
		}
		for _, e := range all {
			l, err := readLeaf(e)
			if err != nil {
				v.treeBad(Bad{Code: FileAltered, Where: name, What: fmt.Sprintf("entry %d is not one that the service writes", i)})
			}
			hash := rfc6962.DefaultHasher.HashLeaf(e)
			s.leaves, s.nodes = append(s.leaves, l), append(s.nodes, hash)
			if err := r.Append(hash, keep); err != nil {
				v.treeBad(Bad{Code: FileAltered, Where: name, What: err.Error()})
				return nil, false
			}
			if i++; i == s.signed {
				rootSigned = rootOf(r)
			}
		}
	}
	s.rootAll = rootOf(r)
	return rootSigned, true
}

func rootOf(r *compact.Range) []byte {
	if r.End() == 0 {
		return rfc6962.DefaultHasher.EmptyRoot()
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		return nil
	}
	return root
}

// rangeTo reads the hashes that stand for the leaves [0, end), end being a multiple of 256, from the
// tiles. They are as trustworthy as the root that they lead to.
func (t tree) rangeTo(end uint64) (*compact.Range, error) {
	var hashes [][]byte
	for _, id := range compact.RangeNodes(0, end, nil) {
		level, index := uint64(id.Level)/layout.TileHeight, id.Index<<(id.Level%layout.TileHeight)
		n := uint64(1) << (id.Level % layout.TileHeight)
		nodes, err := t.nodes(level, index, n, end)
		if err != nil {
			return nil, err
		}
		for len(nodes) > 1 {
			for i := range len(nodes) / 2 {
				nodes[i] = rfc6962.DefaultHasher.HashChildren(nodes[2*i], nodes[2*i+1])
			}
			nodes = nodes[:len(nodes)/2]
		}
		hashes = append(hashes, nodes[0])
	}
	return ranges.NewRange(0, end, hashes)
}

// nodes reads n neighbouring hashes of one tile.
func (t tree) nodes(level, index, n, size uint64) ([][]byte, error) {
	tile := index / layout.TileWidth
	var raw []byte
	err := fs.ErrNotExist
	for w := width(level, tile, size); w <= layout.TileWidth && errors.Is(err, fs.ErrNotExist); w++ {
		raw, err = fs.ReadFile(t.fs, layout.TilePath(level, tile, partial(w)))
	}
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for i := index % layout.TileWidth; i < index%layout.TileWidth+n; i++ {
		if uint64(len(raw)) < (i+1)*32 {
			return nil, fmt.Errorf("tile %d of level %d is too short", tile, level)
		}
		out = append(out, raw[i*32:(i+1)*32])
	}
	return out, nil
}

// blame finds the first bundle whose entries do not fit the hashes kept beside them.
func (v *verifier) blame() string {
	s := &v.state
	for i := s.from; i < s.size; i++ {
		nodes, err := v.tree.nodes(0, i, 1, s.size)
		if err != nil || !bytes.Equal(nodes[0], s.nodes[i-s.from]) {
			l := s.leaves[i-s.from]
			return fmt.Sprintf("entry %d (tenant %s, record %d) in %s or the hash beside it was altered", i, l.tenant, l.seq,
				layout.EntriesPath(i/layout.TileWidth, partial(width(0, i/layout.TileWidth, s.size))))
		}
	}
	return "entries and hashes agree with each other, so both were rewritten, or the checkpoint is of another time"
}

// checkFiles compares every file in tile/ byte by byte with what the leaves give, and looks for those
// that are missing. A part of the tree that was not read is not compared.
func (v *verifier) checkFiles() {
	s := &v.state
	if !s.ok {
		return
	}
	if s.from == 0 {
		if err := v.tree.files(v.checkFile); err != nil {
			v.treeBad(Bad{Code: FileAltered, Where: "tile", What: "the files cannot be read: " + err.Error()})
		}
	}
	for level := uint64(0); s.size>>(level*layout.TileHeight) > 0; level++ {
		first := (s.from >> (level * layout.TileHeight)) / layout.TileWidth
		for i := first; width(level, i, s.size) > 0; i++ {
			w := width(level, i, s.size)
			v.mustExist(spot{level: level, index: i, width: w})
			if level == 0 {
				v.mustExist(spot{entries: true, index: i, width: w})
			}
		}
	}
}

func (v *verifier) mustExist(s spot) {
	for ; s.width <= layout.TileWidth; s.width++ {
		if _, err := fs.Stat(v.tree.fs, s.path()); err == nil {
			return
		}
		if v.report.Sealed { // nothing has grown since, so no wider one can stand for it
			break
		}
	}
	s.width = width(s.level, s.index, v.state.size)
	v.treeBad(Bad{Code: FileMissing, Where: s.path(), What: "the file was removed"})
}

func (v *verifier) checkFile(name string) error {
	at, ok := parseSpot(name)
	if !ok {
		v.extra(name, "the file does not belong to the transparency log", "公開ログのものでないファイルです")
		return nil
	}
	w := width(at.level, at.index, v.state.size)
	got, err := fs.ReadFile(v.tree.fs, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // swept away while the service runs; mustExist looks for those that are needed
	}
	if err != nil {
		return err
	}
	want, err := v.expected(at, min(w, at.width))
	if err != nil {
		return err
	}
	switch {
	case at.width > w && !bytes.HasPrefix(got, want):
		v.treeBad(Bad{Code: FileAltered, Where: name, What: "the file was altered: " + v.difference(at, got, want)})
	case at.width > w:
		v.extra(name, "the file goes beyond the tree", "公開ログの終わりより先のファイルです")
	case !bytes.Equal(got, want):
		v.treeBad(Bad{Code: FileAltered, Where: name, What: "the file was altered: " + v.difference(at, got, want)})
	case at.width < w && v.report.Sealed:
		v.extra(name, "the file is an older state that a clean stop removes", "古い途中の状態のファイルです")
	}
	return nil
}

// extra files are left by a crash or a running service; after a clean stop there are none.
func (v *verifier) extra(name, what, note string) {
	if v.report.Sealed {
		v.treeBad(Bad{Code: FileExtra, Where: name, What: what})
		return
	}
	v.note("%s: %s。サービスが止まる直前に残ったもので、次に起動したときに消えます。", name, note)
}

// expected is the content that a tile or bundle of w nodes must have.
func (v *verifier) expected(at spot, w uint64) ([]byte, error) {
	if at.entries {
		all, err := v.tree.bundle(at.index, v.state.size)
		if err != nil || uint64(len(all)) < w {
			return nil, err
		}
		var b []byte
		for _, e := range all[:w] {
			b = append(append(b, byte(len(e)>>8), byte(len(e))), e...)
		}
		return b, nil
	}
	var b []byte
	for i := range w {
		n := at.index*layout.TileWidth + i
		if at.level == 0 {
			b = append(b, v.state.nodes[n]...)
			continue
		}
		b = append(b, v.state.uppers[compact.NewNodeID(uint(at.level*layout.TileHeight), n)]...)
	}
	return b, nil
}

// difference says which entry or hash of a file differs, and whose record that is.
func (v *verifier) difference(at spot, got, want []byte) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	if at.level > 0 {
		return fmt.Sprintf("byte %d differs from what the entries give", i)
	}
	n := at.index * layout.TileWidth
	if at.entries {
		for size := 0; n < v.state.size; n++ {
			if size += 2 + len(v.state.leaves[n].bytes()); size > i {
				break
			}
		}
	} else {
		n += uint64(i) / 32
	}
	n = min(n, v.state.size-1)
	l := v.state.leaves[n]
	return fmt.Sprintf("byte %d, entry %d (tenant %s, record %d)", i, n, l.tenant, l.seq)
}

// slackLeaves bounds how many leaves a crash can leave unrecorded: one batch.
const slackLeaves = shipRows

// compare holds leaves against events.
func (v *verifier) compare() {
	s, c := &v.state, &v.chains
	if !s.ok {
		return
	}
	last := len(c.seen) - 1 // the newest leaf that an event names
	for last >= 0 && !c.seen[last] {
		last--
	}
	for i := range s.leaves {
		if c.seen[i] {
			continue
		}
		l, at := s.leaves[i], s.from+uint64(i)
		if bytes.Equal(c.misplaced[spotOf{l.tenant, l.seq}], l.hash[:]) {
			v.acrossBad(Bad{IndexAltered, "audit_event", l.tenant, l.seq, fmt.Sprintf("the record names another place in the transparency log than its own, %d", at)})
			continue
		}
		hash, waits := c.waiting[spotOf{l.tenant, l.seq}]
		if !waits || !bytes.Equal(hash, l.hash[:]) {
			v.acrossBad(Bad{EventRemoved, "audit_event", l.tenant, l.seq, fmt.Sprintf("the transparency log holds this record as its entry %d, but the database does not: it was removed or replaced", at)})
			continue
		}
		delete(c.waiting, spotOf{l.tenant, l.seq})
		if v.covered(spotOf{l.tenant, l.seq}) || i < last || len(s.leaves)-i > slackLeaves {
			v.acrossBad(Bad{IndexAltered, "audit_event", l.tenant, l.seq, fmt.Sprintf("the record's place in the transparency log, %d, was erased", at)})
		}
	}
	v.compareWaiting()
}

func (v *verifier) compareWaiting() {
	s, c := &v.state, &v.chains
	n := 0
	for _, at := range sortedSpots(c.waiting) {
		if v.covered(at) {
			v.acrossBad(Bad{EventUnlogged, "audit_event", at.tenant, at.seq, "the record was there at a clean stop, but the transparency log does not hold it"})
		} else {
			n++
		}
	}
	if n > 0 {
		v.note("記録 %d 件は、まだ公開ログに載っていません。サービスが動いているか、途中で止まっています。", n)
	}
	if len(c.ahead) > 0 {
		grown, _, err := v.tree.state()
		if err != nil || grown <= c.highest {
			v.acrossBad(Bad{LogBehind, "audit_event", c.ahead[0].tenant, c.ahead[0].seq, fmt.Sprintf("the record's place lies beyond the transparency log, which has %d entries: the log directory was put back to an earlier state, or the place was altered", s.size)})
		} else {
			v.note("確かめている間に、記録 %d 件が増えました。", len(c.ahead))
		}
	}
	if v.report.Sealed && s.size != s.signed {
		v.treeBad(Bad{Code: LogBehind, Where: "checkpoint", What: fmt.Sprintf("the checkpoint signs %d entries, but after the clean stop there are %d", s.signed, s.size)})
	}
}

// covered: the newest seal was made when the record was there.
func (v *verifier) covered(at spotOf) bool {
	h, ok := v.chains.final[at.tenant]
	return ok && at.seq <= h.seq
}

// checkPlace holds the record's place against the leaf there.
func (v *verifier) checkPlace(r *row) {
	s, c := &v.state, &v.chains
	at := spotOf{r.tenant, r.seq}
	if r.index == nil {
		c.waiting[at] = r.hash
		return
	}
	i := uint64(*r.index)
	switch {
	case !s.ok || *r.index >= 0 && i < s.from:
	case *r.index < 0:
		v.acrossBad(Bad{IndexAltered, "audit_event", r.tenant, r.seq, "the record's place in the transparency log is impossible"})
	case i >= s.size:
		c.ahead, c.highest = append(c.ahead, at), max(c.highest, i)
		c.misplaced[at] = r.hash
	default:
		l := s.leaves[i-s.from]
		if l.tenant != r.tenant || l.seq != r.seq || !bytes.Equal(l.hash[:], r.hash) || c.seen[i-s.from] {
			c.misplaced[at] = r.hash
			v.acrossBad(Bad{IndexAltered, "audit_event", r.tenant, r.seq, fmt.Sprintf("entry %d of the transparency log is not this record (it is tenant %s, record %d)", i, l.tenant, l.seq)})
			return
		}
		c.seen[i-s.from] = true
	}
}
