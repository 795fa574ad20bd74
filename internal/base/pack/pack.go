// Package pack strings files together into one stream and takes them apart again, without having to know
// their sizes beforehand. It must never take a stream that was cut off for a whole one.
package pack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Layout: for each entry [1 markEntry][2 length][name], then its content in chunks [4 length][bytes] with
// an empty chunk at the end; after the last entry [1 markEnd].
const (
	markEntry = 'E'
	markEnd   = 'Z'
	maxName   = 1 << 12
	maxChunk  = 1 << 18
)

// ErrFormat is a stream that no Writer wrote.
var ErrFormat = errors.New("pack: not a pack, or damaged")

// Writer writes entries one after another.
type Writer struct {
	w    *bufio.Writer
	open *entryWriter
}

// NewWriter begins a pack. Close ends it; without it the pack counts as cut off.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 1<<16)} }

// Entry begins the next entry, after the one before it was closed.
func (p *Writer) Entry(name string) (io.WriteCloser, error) {
	if p.open != nil || len(name) == 0 || len(name) > maxName {
		return nil, errors.New("pack: an entry is still open, or the name is empty or too long")
	}
	head := append([]byte{markEntry}, binary.BigEndian.AppendUint16(nil, uint16(len(name)))...)
	if _, err := p.w.Write(append(head, name...)); err != nil {
		return nil, err
	}
	p.open = &entryWriter{p}
	return p.open, nil
}

// File writes a whole entry.
func (p *Writer) File(name string, r io.Reader) error {
	w, err := p.Entry(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

// Close writes the end mark; the stream below stays open.
func (p *Writer) Close() error {
	if p.open != nil {
		return errors.New("pack: an entry is still open")
	}
	return errors.Join(p.w.WriteByte(markEnd), p.w.Flush())
}

type entryWriter struct{ p *Writer }

func (e *entryWriter) Write(b []byte) (int, error) {
	n := 0
	for len(b) > 0 {
		part := b[:min(len(b), maxChunk)]
		var head [4]byte
		binary.BigEndian.PutUint32(head[:], uint32(len(part)))
		if _, err := e.p.w.Write(head[:]); err != nil {
			return n, err
		}
		if _, err := e.p.w.Write(part); err != nil {
			return n, err
		}
		b, n = b[len(part):], n+len(part)
	}
	return n, nil
}

func (e *entryWriter) Close() error {
	e.p.open = nil
	_, err := e.p.w.Write(make([]byte, 4))
	return err
}

// Reader reads entries one after another.
type Reader struct {
	r    *bufio.Reader
	body *entryReader
}

// NewReader reads a pack.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 1<<16)} }

// Next skips what is left of the entry before and begins the next one. It answers io.EOF after the end
// mark only; a stream that is cut off is io.ErrUnexpectedEOF.
func (p *Reader) Next() (name string, body io.Reader, err error) {
	if p.body != nil {
		if _, err := io.Copy(io.Discard, p.body); err != nil {
			return "", nil, err
		}
		p.body = nil
	}
	mark, err := p.r.ReadByte()
	if err != nil {
		return "", nil, cutOff(err)
	}
	switch mark {
	case markEnd:
		return "", nil, io.EOF
	case markEntry:
	default:
		return "", nil, ErrFormat
	}
	var n [2]byte
	if _, err := io.ReadFull(p.r, n[:]); err != nil {
		return "", nil, cutOff(err)
	}
	b := make([]byte, binary.BigEndian.Uint16(n[:]))
	if len(b) == 0 || len(b) > maxName {
		return "", nil, ErrFormat
	}
	if _, err := io.ReadFull(p.r, b); err != nil {
		return "", nil, cutOff(err)
	}
	p.body = &entryReader{r: p.r}
	return string(b), p.body, nil
}

type entryReader struct {
	r    *bufio.Reader
	left int
	done bool
}

func (e *entryReader) Read(b []byte) (int, error) {
	if e.done {
		return 0, io.EOF
	}
	if e.left == 0 {
		var head [4]byte
		if _, err := io.ReadFull(e.r, head[:]); err != nil {
			return 0, cutOff(err)
		}
		n := binary.BigEndian.Uint32(head[:])
		if n == 0 {
			e.done = true
			return 0, io.EOF
		}
		if n > maxChunk {
			return 0, ErrFormat
		}
		e.left = int(n)
	}
	n, err := e.r.Read(b[:min(len(b), e.left)])
	e.left -= n
	return n, cutOff(err)
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
