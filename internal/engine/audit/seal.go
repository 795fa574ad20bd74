package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Seal is the clean stop: it appends "audit.sealed", signs the heads of all chains, ships everything,
// waits for the checkpoint and leaves exactly the files of the published tree. After it the log is
// closed, and `audit verify` finds any record cut from the end of anything. Whatever writes must have
// stopped before.
func (l *Log) Seal(ctx context.Context) error {
	if l.closed.Load() {
		return errors.New("audit: already closed")
	}
	if err := l.sealHeads(ctx); err != nil {
		return err
	}
	if err := l.shipAll(ctx); err != nil {
		return err
	}
	l.closed.Store(true)
	if err := l.finish(ctx); err != nil {
		return fmt.Errorf("audit: checkpoint: %w", err)
	}
	l.stop()
	size, err := l.tree.integrated()
	if err == nil {
		err = sweep(l.cfg.Dir, size, true)
	}
	return errors.Join(err, l.Close())
}

func (l *Log) sealHeads(ctx context.Context) error {
	signer, err := note.NewSigner(l.key.private)
	if err != nil {
		return err
	}
	return l.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		r, err := l.append(tx, Event{Verb: verbSealed, Actor: actor.System(ids.System, "service")})
		if err != nil {
			return err
		}
		heads, err := db.All(tx, qHeads, scanHead)
		if err != nil {
			return err
		}
		s := sealRow{tenant: r.tenant, seq: r.seq, at: r.at, heads: packHeads(heads)}
		if s.signature, err = signer.Sign(s.message()); err != nil {
			return err
		}
		_, err = tx.Exec(qSealAdd, s.tenant, s.seq, s.at, s.heads, s.signature)
		return err
	})
}

// message is what a seal signs. It cannot be taken for a checkpoint, whose first line is the log's name.
func (s sealRow) message() []byte {
	b := []byte("rakudos audit seal 1\x00")
	b = appendField(b, []byte(s.tenant))
	b = binary.BigEndian.AppendUint64(b, uint64(s.seq))
	b = binary.BigEndian.AppendUint64(b, uint64(s.at))
	return appendField(b, s.heads)
}

func packHeads(heads []head) []byte {
	var b []byte
	for _, h := range heads {
		b = appendField(b, []byte(h.tenant))
		b = binary.BigEndian.AppendUint64(b, uint64(h.seq))
		b = appendField(b, h.hash)
	}
	return b
}

func unpackHeads(b []byte) ([]head, error) {
	var out []head
	take := func(n uint64) (f []byte, ok bool) {
		if uint64(len(b)) < n {
			return nil, false
		}
		f, b = b[:n], b[n:]
		return f, true
	}
	field := func() (f []byte, ok bool) {
		n, ok := take(4)
		if !ok {
			return nil, false
		}
		return take(uint64(binary.BigEndian.Uint32(n)))
	}
	for len(b) > 0 {
		tenant, ok1 := field()
		seq, ok2 := take(8)
		hash, ok3 := field()
		if !ok1 || !ok2 || !ok3 {
			return nil, errors.New("audit: broken list of heads")
		}
		out = append(out, head{ids.Tenant(tenant), int64(binary.BigEndian.Uint64(seq)), hash})
	}
	return out, nil
}
