package pgtool

import (
	"context"
	"io"
	"os"
)

// Slot is the replication slot that makes the server keep what we have not yet received.
const Slot = "rakudos_wal"

// Base streams a copy of the whole cluster as a tar, without its WAL: that comes by Receive. The server checks
// the pages' checksums where it has them.
func (t Tools) Base(ctx context.Context, c Conn, w io.Writer) error {
	return t.run(ctx, c, w, baseBackup, "-d", c.words, "-w", "-D", "-", "-F", "t", "-X", "none", "-c", "fast", "--no-manifest")
}

// MakeSlot makes the slot unless it is there.
func (t Tools) MakeSlot(ctx context.Context, c Conn) error {
	return t.run(ctx, c, io.Discard, receiveWAL, "-d", c.words, "-w", "--slot", Slot, "--create-slot", "--if-not-exists")
}

// DropSlot removes the slot, so that the server no longer keeps anything for us.
func (t Tools) DropSlot(ctx context.Context, c Conn) error {
	return t.run(ctx, c, io.Discard, receiveWAL, "-d", c.words, "-w", "--slot", Slot, "--drop-slot")
}

// Receive streams WAL into a folder until ctx ends or the connection breaks: whole segments by their names,
// the one under way as ".partial". Every commit is on the disk, and acknowledged to the server, at once.
func (t Tools) Receive(ctx context.Context, c Conn, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return t.run(ctx, c, io.Discard, receiveWAL, "-d", c.words, "-w", "-D", dir, "--slot", Slot, "--synchronous", "--no-loop")
}
