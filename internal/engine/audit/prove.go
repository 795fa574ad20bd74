package audit

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	flog "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Proof shows to anybody who holds the log's public key, and nothing else, that one event stands in the
// transparency log: what the event says, how it is linked, and the path from it to a signed checkpoint. It
// carries the event's opened body, so it is made only of events that may be shown to the reader.
type Proof struct {
	Tenant     ids.Tenant `json:"tenant"`
	Seq        int64      `json:"seq"`
	ID         string     `json:"id"`
	At         int64      `json:"at"` // UTC microseconds
	Verb       string     `json:"verb"`
	Prev       []byte     `json:"prev"`
	Body       []byte     `json:"body"` // salt and JSON
	Index      int64      `json:"index"`
	Path       [][]byte   `json:"path"`
	Checkpoint string     `json:"checkpoint"` // signed note
}

// Prove makes the proof of an event of the service itself. While the event is on its way into the
// published tree it is fault.Busy "audit.not_published".
func (l *Log) Prove(ctx context.Context, ref Ref) (Proof, error) {
	var r row
	err := l.db.View(ctx, ref.Tenant, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qOne, scanRow, ref.Tenant, ref.Seq)
		return err
	})
	if err != nil {
		return Proof{}, err
	}
	waits := fault.New(fault.Busy, "audit.not_published").After(2 * time.Second)
	if r.index == nil {
		return Proof{}, waits
	}
	salted, err := l.sealer.OpenAudit(ctx, r.tenant, r.place(), r.sealed)
	if err != nil {
		return Proof{}, err
	}
	text, size, err := l.tree.signed(l.key)
	if err != nil || uint64(*r.index) >= size {
		return Proof{}, waits.Because(err)
	}
	path, err := l.tree.path(uint64(*r.index), size)
	if err != nil {
		return Proof{}, fault.New(fault.Internal, "audit.log_damaged").Because(err)
	}
	return Proof{
		Tenant: r.tenant, Seq: r.seq, ID: r.id, At: r.at, Verb: r.verb, Prev: r.prev,
		Body: salted, Index: *r.index, Path: path, Checkpoint: text,
	}, nil
}

// signed is the published checkpoint as it is written, and its size.
func (t tree) signed(k key) (text string, size uint64, err error) {
	raw, err := fs.ReadFile(t.fs, layout.CheckpointPath)
	if err != nil {
		return "", 0, err
	}
	cp, _, err := openCheckpoint(string(raw), k.verifier)
	return string(raw), cp.Size, err
}

// path gathers the hashes from a leaf to the root, computing those that no tile holds.
func (t tree) path(index, size uint64) ([][]byte, error) {
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		if hashes[i], err = t.node(id, size); err != nil {
			return nil, err
		}
	}
	return nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
}

// node is the hash of a whole subtree: the tiles keep every eighth level, the ones between are computed.
func (t tree) node(id compact.NodeID, size uint64) ([]byte, error) {
	level, between := uint64(id.Level)/layout.TileHeight, id.Level%layout.TileHeight
	hashes, err := t.nodes(level, id.Index<<between, 1<<between, size)
	if err != nil {
		return nil, err
	}
	for len(hashes) > 1 {
		for i := range len(hashes) / 2 {
			hashes[i] = rfc6962.DefaultHasher.HashChildren(hashes[2*i], hashes[2*i+1])
		}
		hashes = hashes[:len(hashes)/2]
	}
	return hashes[0], nil
}

func openCheckpoint(text string, v note.Verifier) (cp flog.Checkpoint, rest []byte, err error) {
	n, err := openNote([]byte(text), v)
	if err != nil {
		return cp, nil, err
	}
	if rest, err = cp.Unmarshal([]byte(n.Text)); err != nil {
		return cp, nil, err
	}
	if cp.Origin != v.Name() {
		return cp, nil, errors.New("the checkpoint is of another log")
	}
	return cp, rest, nil
}

// Proven is what a proof shows.
type Proven struct {
	At     time.Time
	Verb   string
	Detail map[string]any
	Index  int64
	Size   uint64 // leaves of the tree whose checkpoint was signed
}

// Check verifies the proof with the log's public key (a note verifier key) alone.
func (p Proof) Check(publicKey string) (Proven, error) {
	v, err := note.NewVerifier(publicKey)
	if err != nil {
		return Proven{}, fault.New(fault.Invalid, "audit.proof_key").Because(err)
	}
	bad := func(err error) error { return fault.New(fault.Invalid, "audit.proof_broken").Because(err) }
	cp, rest, err := openCheckpoint(p.Checkpoint, v)
	if err != nil || len(rest) != 0 {
		return Proven{}, bad(err)
	}
	r := row{tenant: p.Tenant, seq: p.Seq, id: p.ID, at: p.At, verb: p.Verb, prev: p.Prev, commitment: commit(p.Body)}
	r.hash = r.link()
	hash := rfc6962.DefaultHasher.HashLeaf(r.leaf().bytes())
	if p.Index < 0 {
		return Proven{}, bad(errors.New("the index is negative"))
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.Index), cp.Size, hash, p.Path, cp.Hash); err != nil {
		return Proven{}, bad(err)
	}
	var b body
	if len(p.Body) < saltSize || json.Unmarshal(p.Body[saltSize:], &b) != nil {
		return Proven{}, bad(errors.New("the event cannot be read"))
	}
	return Proven{At: db.Time(p.At), Verb: p.Verb, Detail: b.Detail, Index: p.Index, Size: cp.Size}, nil
}
