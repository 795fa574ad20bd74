package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"

	"rakudos/internal/base/fault"
)

// Streams use the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunks of 64 KiB, each
// sealed under its number and a mark on the last one, with a key derived for this stream alone. A chunk
// that is missing, moved, repeated or cut off does not open.
//
// Layout: [1 format][4 key version][16 salt] then chunks of ciphertext and tag.
const (
	chunkSize  = 64 << 10
	saltSize   = 16
	streamHead = 1 + 4 + saltSize
)

// FileAt is the place for which a tenant's file is sealed; name begins with the tenant.
func FileAt(name string) Loc { return Loc{Table: "blob", ID: name, Column: "content"} }

var errTruncated = errors.New("vault: stream ends before its last chunk")

type chunker struct {
	gcm   cipher.AEAD
	aad   []byte
	nonce [nonceSize]byte
	n     uint64
}

func newChunker(k *Key, s *secret, salt []byte, l Loc) chunker {
	return chunker{gcm: newGCM(derive(s, "stream", string(salt))), aad: appendLoc(nil, k.tenant, l, s.version)}
}

// next is the nonce of the next chunk: its number, and whether it is the last.
func (c *chunker) next(last bool) []byte {
	binary.BigEndian.PutUint64(c.nonce[3:11], c.n)
	c.nonce[11] = 0
	if last {
		c.nonce[11] = 1
	}
	c.n++
	return c.nonce[:]
}

// SealWriter seals what is written to it into w. Close writes the last chunk and does not close w; without
// it the stream counts as truncated.
func (k *Key) SealWriter(w io.Writer, l Loc) (io.WriteCloser, error) {
	s := k.current()
	head := make([]byte, streamHead)
	head[0] = formatStream
	binary.BigEndian.PutUint32(head[1:5], s.version)
	rand.Read(head[5:])
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	return &sealWriter{w: w, c: newChunker(k, s, head[5:], l), buf: make([]byte, 0, chunkSize)}, nil
}

type sealWriter struct {
	w   io.Writer
	c   chunker
	buf []byte
	out []byte
	err error
}

func (s *sealWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if s.err != nil {
			return written, s.err
		}
		if len(s.buf) == chunkSize { // more is coming, so this one is not the last
			s.flush(false)
			continue
		}
		n := copy(s.buf[len(s.buf):chunkSize], p)
		s.buf, p, written = s.buf[:len(s.buf)+n], p[n:], written+n
	}
	return written, s.err
}

func (s *sealWriter) flush(last bool) {
	s.out = s.c.gcm.Seal(s.out[:0], s.c.next(last), s.buf, s.c.aad)
	s.buf = s.buf[:0]
	_, s.err = s.w.Write(s.out)
}

func (s *sealWriter) Close() error {
	if s.err != nil {
		return s.err
	}
	s.flush(true)
	err := s.err
	s.err = errors.Join(s.err, io.ErrClosedPipe)
	return err
}

// OpenReader opens a sealed stream while it is read. Bytes it returns are authentic; the end of the
// stream is authentic only when it answers io.EOF. Anything else is the fault "vault.open".
func (k *Key) OpenReader(r io.Reader, l Loc) (io.Reader, error) {
	head := make([]byte, streamHead)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, readError(err)
	}
	if head[0] != formatStream {
		return nil, broken(errShort)
	}
	s := k.version(binary.BigEndian.Uint32(head[1:5]))
	if s == nil {
		return nil, fault.New(fault.Missing, "vault.key_missing")
	}
	return &openReader{r: r, c: newChunker(k, s, head[5:], l), in: make([]byte, chunkSize+tagSize+1)}, nil
}

type openReader struct {
	r     io.Reader
	c     chunker
	in    []byte // one sealed chunk and the first byte of the following one
	kept  int    // bytes of in that are already read
	plain []byte
	done  bool
	err   error
}

func (o *openReader) Read(p []byte) (int, error) {
	for len(o.plain) == 0 {
		if o.err != nil {
			return 0, o.err
		}
		if o.done {
			return 0, io.EOF
		}
		o.fill()
	}
	n := copy(p, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

// fill reads one chunk and one byte more: without a following byte the chunk must be the last.
func (o *openReader) fill() {
	n, err := io.ReadFull(o.r, o.in[o.kept:])
	n += o.kept
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !last {
		o.err = err
		return
	}
	end := len(o.in) - 1
	if last {
		end, o.done = n, true
	}
	if end < tagSize {
		o.err = readError(io.ErrUnexpectedEOF)
		return
	}
	next := o.in[len(o.in)-1]
	if o.plain, err = o.c.gcm.Open(o.in[:0], o.c.next(last), o.in[:end], o.c.aad); err != nil {
		if last {
			err = errors.Join(errTruncated, err)
		}
		o.plain, o.err = nil, broken(err)
		return
	}
	if !last {
		// The buffer holds the plaintext until it is used up; the byte beyond it waits in its old place.
		o.plain = append([]byte(nil), o.plain...)
		o.in[0], o.kept = next, 1
	}
}

func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return broken(errTruncated)
	}
	return err
}
