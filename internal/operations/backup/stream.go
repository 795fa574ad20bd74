package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/vault"
)

// pieceSize is how long a stored file gets: what has to be sent again when a transfer breaks off.
var pieceSize int64 = 64 << 20 // a test makes it small

// zstdWindow bounds the memory of compression and of decompression, in bytes.
const zstdWindow = 1 << 20

// handOver is how much goes from the sealing goroutine to the storing one at a time.
const handOver = 1 << 20

func place(set, part string) vault.Loc { return vault.Loc{Table: "backup", ID: set, Column: part} }

// writePart streams what fill writes through compression, sealing and cutting into the store.
func writePart(ctx context.Context, store blob.Store, k *vault.Key, folder, set, name string, fill func(io.Writer) error) (Part, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &cutter{ctx: ctx, store: store, folder: folder, part: name}
	plain, err := compress(k, c, place(set, name), fill)
	if err != nil {
		cancel()
		c.abandon(err)
		return Part{}, fmt.Errorf("backup: %s: %w", name, err)
	}
	if err := c.finish(); err != nil {
		return Part{}, fmt.Errorf("backup: %s: %w", name, err)
	}
	return Part{Name: name, Plain: plain, Pieces: c.pieces}, nil
}

func compress(k *vault.Key, w io.Writer, at vault.Loc, fill func(io.Writer) error) (int64, error) {
	sealed, err := k.SealWriter(w, at)
	if err != nil {
		return 0, err
	}
	// One goroutine compresses and seals: the work beside it is adding up the tables, and a hand-over for
	// each block costs more than it gains on a busy machine.
	z, err := zstd.NewWriter(sealed, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zstdWindow), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	n := &counter{w: z}
	if err := fill(n); err != nil {
		_ = z.Close() // ends its goroutines; what it wrote is abandoned
		return 0, err
	}
	return n.n, errors.Join(z.Close(), sealed.Close())
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// cutter writes a stream as files of pieceSize.
type cutter struct {
	ctx          context.Context
	store        blob.Store
	folder, part string

	pieces []Piece
	size   int64
	sum    hash.Hash
	buf    *bufio.Writer // in front of pipe
	pipe   *io.PipeWriter
	done   chan error // of the file that is open
	before chan error // of the one before it, which may still be on its way to the disk
	err    error
}

func (c *cutter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if c.err != nil {
			return written, c.err
		}
		if c.pipe == nil {
			c.begin()
		}
		n := min(int64(len(p)), pieceSize-c.size)
		if _, err := c.buf.Write(p[:n]); err != nil {
			c.end()
			c.settle() // why the store gave up
			if c.err == nil {
				c.err = err
			}
			return written, c.err
		}
		c.sum.Write(p[:n])
		c.size, written, p = c.size+n, written+int(n), p[n:]
		if c.size == pieceSize {
			c.end()
		}
	}
	return written, c.err
}

func (c *cutter) begin() {
	r, w := io.Pipe()
	name := fmt.Sprintf("%s.%05d", c.part, len(c.pieces)+1)
	c.pieces = append(c.pieces, Piece{Name: name})
	c.size, c.sum, c.pipe, c.done = 0, sha256.New(), w, make(chan error, 1)
	if c.buf == nil {
		c.buf = bufio.NewWriterSize(w, handOver)
	}
	c.buf.Reset(w)
	go func(done chan<- error) {
		_, err := c.store.Put(c.ctx, c.folder+name, r)
		_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // frees Write when the store gave up first
		done <- err
	}(c.done)
}

// end closes the open file. It waits for the one before, not for this: the store brings it to the disk
// while the next is being filled.
func (c *cutter) end() {
	_ = c.buf.Flush() // a store that gave up says why below
	_ = c.pipe.Close()
	last := &c.pieces[len(c.pieces)-1]
	last.Size, last.SHA256 = c.size, hex.EncodeToString(c.sum.Sum(nil))
	c.settle()
	c.pipe, c.before = nil, c.done
}

func (c *cutter) settle() {
	if c.before != nil {
		if err := <-c.before; c.err == nil {
			c.err = err
		}
		c.before = nil
	}
}

func (c *cutter) finish() error {
	if c.pipe != nil {
		c.end()
	}
	c.settle()
	return c.err
}

// abandon makes the store give up the piece under way; whole ones are left to the sweep.
func (c *cutter) abandon(err error) {
	if c.pipe != nil {
		_ = c.pipe.CloseWithError(err)
		<-c.done
	}
	c.settle()
}

// damaged is a backup that is not as it was made.
func damaged(set, piece string, err error) error {
	return fault.New(fault.Conflict, "backup.damaged", "set", set, "piece", piece).Because(err)
}

// readPart opens a part. Each piece is compared with its hash before its last byte is handed out, and the
// end of the stream is authentic.
func readPart(ctx context.Context, store blob.Store, k *vault.Key, folder, set string, p Part) (io.ReadCloser, error) {
	files := &pieces{ctx: ctx, store: store, folder: folder, set: set, left: p.Pieces}
	sealed, err := k.OpenReader(files, place(set, p.Name))
	if err != nil {
		_ = files.Close()
		return nil, err
	}
	z, err := zstd.NewReader(sealed, zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(1))
	if err != nil {
		_ = files.Close()
		return nil, err
	}
	return &partReader{z, files}, nil
}

type partReader struct {
	z     *zstd.Decoder
	files *pieces
}

func (p *partReader) Read(b []byte) (int, error) {
	n, err := p.z.Read(b)
	if err != nil && !errors.Is(err, io.EOF) && p.files.err != nil {
		err = p.files.err // says which piece
	}
	return n, err
}

func (p *partReader) Close() error { p.z.Close(); return p.files.Close() }

// pieces reads the files of a part one after another.
type pieces struct {
	ctx         context.Context
	store       blob.Store
	folder, set string
	left        []Piece

	open io.ReadCloser
	size int64
	sum  hash.Hash
	err  error
}

func (p *pieces) Read(b []byte) (int, error) {
	for {
		if p.err != nil {
			return 0, p.err
		}
		if len(p.left) == 0 {
			return 0, io.EOF
		}
		if p.open == nil {
			if p.open, p.err = p.store.Open(p.ctx, p.folder+p.left[0].Name); p.err != nil {
				if fault.Is(p.err, fault.Missing) {
					p.err = damaged(p.set, p.left[0].Name, p.err)
				}
				continue
			}
			p.size, p.sum = 0, sha256.New()
		}
		n, err := p.open.Read(b)
		p.sum.Write(b[:n])
		p.size += int64(n)
		if errors.Is(err, io.EOF) {
			p.err = p.close()
		} else if err != nil {
			p.err = err
		}
		if n > 0 && p.err == nil {
			return n, nil
		}
	}
}

func (p *pieces) close() error {
	want := p.left[0]
	p.left = p.left[1:]
	err := p.Close()
	if p.size != want.Size || hex.EncodeToString(p.sum.Sum(nil)) != want.SHA256 {
		return damaged(p.set, want.Name, errors.New("backup: size or hash differ"))
	}
	return err
}

func (p *pieces) Close() error {
	if p.open == nil {
		return nil
	}
	err := p.open.Close()
	p.open = nil
	return err
}
