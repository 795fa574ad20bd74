package tabular

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// Reader gives the records of a table one by one, in constant memory (an XLSX file is held whole, and only one of
// them at a time: NewReader waits for its turn). It belongs to one goroutine.
type Reader struct {
	enc   Encoding
	comma byte
	src   *counter
	br    *bufio.Reader
	book  *workbook // XLSX only

	line  int    // physical lines read so far
	raw   []byte // the record as in the file, when it is longer than one line or buffer
	text  []byte // the record as UTF-8
	cells []string
	err   error
}

// counter counts the bytes taken from the source.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// NewReader looks at the beginning of r and is ready to read it. The faults are Detect's, and for XLSX
// "tabular.workbook" (unreadable), "tabular.workbook_size" and "tabular.formats".
func NewReader(r io.Reader, o Options) (*Reader, error) {
	src := &counter{r: r}
	br := bufio.NewReaderSize(src, sampleSize)
	sample, err := br.Peek(sampleSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("tabular: read: %w", err)
	}
	enc, err := Detect(sample)
	if err != nil {
		return nil, err
	}
	t := &Reader{enc: enc, comma: o.Comma, src: src, br: br}
	switch enc {
	case XLSX:
		if t.book, err = openWorkbook(cmp.Or(o.Context, context.Background()), br); err != nil {
			return nil, err
		}
		return t, nil
	case UTF8BOM:
		_, err = br.Discard(3)
	case UTF16LE, UTF16BE:
		dec := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		t.br = bufio.NewReaderSize(dec.Reader(br), sampleSize)
		sample, err = t.br.Peek(sampleSize / 4)
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("tabular: read: %w", err)
	}
	if bytes.IndexByte(sample, '\n') < 0 && bytes.IndexByte(sample, '\r') >= 0 {
		t.br = bufio.NewReaderSize(crToLF{t.br}, sampleSize) // old Macintosh files end lines with CR alone
	}
	if t.comma == 0 {
		t.comma = ','
		first, _, _ := bytes.Cut(sample, []byte{'\n'})
		if bytes.IndexByte(first, '\t') >= 0 && bytes.IndexByte(first, ',') < 0 {
			t.comma = '\t'
		}
	}
	return t, nil
}

type crToLF struct{ r io.Reader }

func (c crToLF) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// Encoding as far as it is known: ASCII until the first character beyond it.
func (t *Reader) Encoding() Encoding { return t.enc }

// Offset is how many bytes have been taken from the source, for progress.
func (t *Reader) Offset() int64 { return t.src.n }

// Next gives the next record and the physical line, from 1, on which it begins (in XLSX the row number). Records without a
// single character are passed over. The slice is reused by the next call, the strings are not. At the end the error is
// io.EOF; after any error every call returns it again. Faults, all with the line: "tabular.quote" (the line on
// which the broken cell begins), "tabular.encoding", "tabular.binary", "tabular.field_size",
// "tabular.line_size", "tabular.columns".
func (t *Reader) Next() (line int, cells []string, err error) {
	if t.err != nil {
		return 0, nil, t.err
	}
	if t.book != nil {
		if line, cells, t.err = t.book.next(); t.err != nil {
			t.book.close()
		}
	} else {
		line, cells, t.err = t.next()
	}
	if t.err != nil {
		return 0, nil, t.err
	}
	return line, cells, nil
}

// Close ends the reading early. Only one workbook is open in a process, so whoever stops before the last
// record must call it; after any error of Next it does nothing.
func (t *Reader) Close() {
	if t.err == nil {
		t.err = errClosed
	}
	if t.book != nil {
		t.book.close()
	}
}

var errClosed = errors.New("tabular: read after close")

func (t *Reader) next() (int, []string, error) {
	for {
		body, last, err := t.physical()
		if err != nil {
			return 0, nil, err
		}
		if len(body) == 0 || last && len(body) == 1 && body[0] == 0x1a { // DOS marks the end by ^Z
			continue
		}
		start, quoted := t.line, bytes.IndexByte(body, '"') >= 0
		if quoted {
			if body, err = t.joinQuoted(body); err != nil {
				return 0, nil, err
			}
		}
		if i := bytes.IndexByte(body, 0); i >= 0 {
			return 0, nil, broken("tabular.binary", start+lineAt(body, i)-1)
		}
		s, err := t.decode(body, start)
		if err != nil {
			return 0, nil, err
		}
		if err := t.split(s, quoted, start); err != nil {
			return 0, nil, err
		}
		return start, t.cells, nil
	}
}

// physical reads one line of the file without its end; last tells that the file ends here.
func (t *Reader) physical() (body []byte, last bool, err error) {
	body, err = t.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := append([]byte(nil), body...)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) <= MaxLine {
			body, err = t.br.ReadSlice('\n')
			long = append(long, body...)
		}
		body = long
		if len(body) > MaxLine {
			return nil, false, broken("tabular.line_size", t.line+1)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("tabular: read line %d: %w", t.line+1, err)
	}
	if len(body) == 0 {
		return nil, true, io.EOF
	}
	t.line++
	last = err != nil
	if n := len(body); body[n-1] == '\n' {
		body = body[:n-1]
	}
	if n := len(body); n > 0 && body[n-1] == '\r' {
		body = body[:n-1]
	}
	return body, last, nil
}

// decode makes the record UTF-8, deciding the encoding when it is still open. The one string it makes holds
// all cells of the record.
func (t *Reader) decode(body []byte, start int) (string, error) {
	bad := -1
	switch {
	case isASCII(body):
	case t.enc == ASCII && utf8.Valid(body):
		t.enc = UTF8
	case t.enc == ASCII || t.enc == CP932:
		if t.text, bad = appendCP932(t.text[:0], body); bad < 0 {
			t.enc = CP932
			return string(t.text), nil
		}
	case t.enc == UTF16LE || t.enc == UTF16BE:
		bad = bytes.Index(body, []byte("\uFFFD")) // what the decoder makes of half a character
	case !utf8.Valid(body):
		bad = utf8Prefix(body)
	}
	if bad >= 0 {
		return "", broken("tabular.encoding", start+lineAt(body, bad)-1)
	}
	return string(body), nil
}
