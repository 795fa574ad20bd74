package tabular

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// quotes follows the quotes of one record over several physical lines. Strict rules (RFC 4180): a quoted cell begins
// and ends with a quote, a quote inside is doubled, and a bare cell has none.
type quotes struct {
	comma byte
	state quoteState
	begun int // the line on which the present cell began
}

type quoteState byte

const (
	cellStart quoteState = iota
	bare
	inside
	closing // after a quote inside: the end of the cell, or half of a doubled quote
)

// line takes one physical line without its end and tells whether the quotes are in order so far.
func (q *quotes) line(b []byte, number int) bool {
	if q.state != inside {
		q.state, q.begun = cellStart, number
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch q.state {
		case cellStart:
			q.begun = number
			switch c {
			case '"':
				q.state = inside
			case q.comma:
			default:
				q.state = bare
			}
		case bare:
			if c == '"' {
				return false
			}
			if c == q.comma {
				q.state = cellStart
			}
		case inside:
			n := bytes.IndexByte(b[i:], '"')
			if n < 0 {
				return true
			}
			i += n
			q.state = closing
		case closing:
			switch c {
			case '"':
				q.state = inside
			case q.comma:
				q.state = cellStart
			default:
				return false
			}
		}
	}
	return true
}

// joinQuoted reads on until the quotes are closed; line ends inside become "\n".
func (t *Reader) joinQuoted(body []byte) ([]byte, error) {
	q := quotes{comma: t.comma}
	if !q.line(body, t.line) {
		return nil, broken("tabular.quote", q.begun)
	}
	if q.state != inside {
		return body, nil
	}
	t.raw = append(t.raw[:0], body...)
	for q.state == inside {
		next, _, err := t.physical()
		if errors.Is(err, io.EOF) {
			return nil, broken("tabular.quote", q.begun)
		}
		if err != nil {
			return nil, err
		}
		t.raw = append(append(t.raw, '\n'), next...)
		if len(t.raw) > MaxLine || !q.line(next, t.line) {
			return nil, broken("tabular.quote", q.begun)
		}
	}
	return t.raw, nil
}

// split cuts the record into cells, which are parts of s. The quotes are known to be in order.
func (t *Reader) split(s string, quoted bool, start int) error {
	t.cells = t.cells[:0]
	for more := true; more; {
		if len(t.cells) == MaxColumns {
			return broken("tabular.columns", start)
		}
		var cell string
		if quoted && strings.HasPrefix(s, `"`) {
			cell, s, more = unquote(s[1:])
		} else if i := strings.IndexByte(s, t.comma); i >= 0 {
			cell, s = s[:i], s[i+1:]
		} else {
			cell, more = s, false
		}
		if len(cell) > MaxField {
			return broken("tabular.field_size", start)
		}
		t.cells = append(t.cells, cell)
	}
	return nil
}

// unquote takes a cell whose opening quote is gone; more tells that another cell follows.
func unquote(s string) (cell, rest string, more bool) {
	doubled := false
	for i := 0; i < len(s); i++ {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			break
		}
		i += n
		if i+1 < len(s) && s[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		cell = s[:i]
		if doubled {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		if i+1 < len(s) {
			return cell, s[i+2:], true
		}
		return cell, "", false
	}
	return s, "", false
}
