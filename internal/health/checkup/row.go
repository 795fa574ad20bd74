package checkup

import (
	"encoding/binary"
	"fmt"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

// ItemValue is one item's value in a result.
type ItemValue struct {
	Item *Item
	Value
}

// CellError is one reason why a line is refused. Args may hold the cell's content under "value".
type CellError struct {
	Column string
	Code   string
	Args   map[string]string `json:",omitempty"`
	Reason string            `json:",omitempty"` // words, filled for display

	at int // column index
}

// Fault is the reason as the message catalogue knows it.
func (e CellError) Fault() *fault.Fault {
	return &fault.Fault{Kind: fault.Invalid, Code: e.Code, Args: e.Args}
}

// Row is one line of a check-up file. The one that Parse emits is used again for the next line.
type Row struct {
	Line               int // physical line of the file, the first being 1
	Number, Name, Kana string
	Sex                Sex
	Birth, Day         jst.Date
	Body               string
	Values             []ItemValue // by item ID; empty cells are absent
	Errors             []CellError
}

const rowFormat = 1

// AppendValues appends the canonical encoding of the values: equal results have equal bytes.
func (r *Row) AppendValues(dst []byte) []byte { return appendValues(dst, r.Body, r.Values) }

func appendValues(dst []byte, body string, values []ItemValue) []byte {
	dst = append(dst, rowFormat)
	dst = appendText(dst, body)
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	for i := range values {
		v := &values[i]
		dst = binary.AppendUvarint(dst, uint64(v.Item.ID))
		flags := byte(v.Kind)
		if v.Incl {
			flags |= 1 << 4
		}
		if v.Num != 0 {
			flags |= 1 << 5
		}
		if v.Text != "" {
			flags |= 1 << 6
		}
		if v.Original != "" {
			flags |= 1 << 7
		}
		dst = append(dst, flags)
		if v.Num != 0 {
			n := v.Num
			d := 0
			if v.Measured() {
				d = decimalsOf(n)
				n /= step(d)
			}
			dst = append(dst, byte(d))
			dst = binary.AppendVarint(dst, int64(n))
		}
		if v.Text != "" {
			dst = appendText(dst, v.Text)
		}
		if v.Original != "" {
			dst = appendText(dst, v.Original)
		}
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// decodeValues is the inverse of appendValues. Items that the catalogue does not know are an error: the
// catalogue never forgets an ID.
func decodeValues(b []byte) (body string, values []ItemValue, err error) {
	r := reader{b: b}
	if f := r.byte(); f != rowFormat {
		return "", nil, fmt.Errorf("checkup: stored result has format %d", f)
	}
	body = r.text()
	n := r.uint()
	if n > maxItem {
		return "", nil, fmt.Errorf("checkup: stored result has %d values", n)
	}
	values = make([]ItemValue, 0, n)
	for range n {
		id := r.uint()
		if id >= maxItem || byID[id] == nil {
			return "", nil, fmt.Errorf("checkup: stored result names unknown item %d", id)
		}
		v := ItemValue{Item: byID[id]}
		flags := r.byte()
		v.Kind, v.Incl = ValueKind(flags&0x0f), flags&(1<<4) != 0
		if flags&(1<<5) != 0 {
			d := r.byte()
			v.Num = Num(r.int())
			if v.Measured() {
				v.Num *= step(int(min(d, 6)))
			}
		}
		if flags&(1<<6) != 0 {
			v.Text = r.text()
		}
		if flags&(1<<7) != 0 {
			v.Original = r.text()
		}
		values = append(values, v)
	}
	return body, values, r.end()
}

// reader walks over an encoding; after the first fault it returns zeros and end reports it.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uint() uint64 {
	n, k := binary.Uvarint(r.b)
	if k <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return n
}

func (r *reader) int() int64 {
	n, k := binary.Varint(r.b)
	if k <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return n
}

func (r *reader) text() string {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) end() error {
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("checkup: stored bytes are cut off or too many")
	}
	return nil
}
