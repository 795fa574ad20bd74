package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/transparency-dev/tessera"
	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Seal is the clean stop. It ships everything and the event "audit.sealed", waits for the checkpoint,
// leaves exactly the files of the published tree, and last of all, in one transaction, records the event's
// place and signs the heads of all chains. So where a seal stands, nothing may be missing at any end, and
// a crash in the middle of stopping looks like a crash. Whatever writes must have stopped before; the log
// is closed afterwards.
func (l *Log) Seal(ctx context.Context) error {
	if l.closed.Load() {
		return errors.New("audit: already closed")
	}
	if err := l.shipAll(ctx); err != nil {
		return err
	}
	l.ship.Lock()
	defer l.ship.Unlock()
	var last row
	err := l.db.Tx(ctx, db.Global, func(tx *db.Tx) (err error) {
		last, err = l.append(tx, Event{Verb: verbSealed, Actor: actor.System(ids.System, "service")})
		return err
	})
	if err = errors.Join(err, l.pass("appended")); err != nil {
		return err
	}
	at, err := await(ctx, l.appender.Add(ctx, tessera.NewEntry(last.leaf().bytes())))
	if err = errors.Join(err, l.pass("added")); err != nil {
		return err
	}
	l.closed.Store(true)
	if err := l.finish(ctx); err != nil {
		return fmt.Errorf("audit: checkpoint: %w", err)
	}
	l.stop()
	if err := l.pass("published"); err != nil {
		return err
	}
	if err := sweep(l.cfg.Dir, at+1, true); err != nil {
		return err
	}
	if err := l.pass("swept"); err != nil {
		return err
	}
	return errors.Join(l.sealHeads(ctx, last, at), l.Close())
}

// pass lets a test stop the log between two steps.
func (l *Log) pass(step string) error {
	if l.crash == nil {
		return nil
	}
	return l.crash(step)
}

func (l *Log) sealHeads(ctx context.Context, last row, at uint64) error {
	signer, err := note.NewSigner(l.key.private)
	if err != nil {
		return err
	}
	return l.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if err := recordIn(tx, []head{{last.tenant, last.seq, last.hash}}, []uint64{at}); err != nil {
			return err
		}
		heads, err := db.All(tx, qHeadsLogged, scanHead)
		if err != nil {
			return err
		}
		s := sealRow{tenant: last.tenant, seq: last.seq, at: last.at, heads: packHeads(heads)}
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
