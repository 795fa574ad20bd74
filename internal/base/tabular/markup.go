package tabular

// What the parts of a workbook may hold. The spreadsheet library makes structures of them that are many times
// the size of the text, so the size alone bounds nothing: 5 bytes of <si/> become hundreds.
const (
	maxCells   = 4 << 20   // cells of all sheets
	maxRows    = 1 << 20   // rows of a sheet, as many as the format knows
	maxDepth   = 64        // tags inside one another, in a sheet
	maxStrings = 1 << 20   // tags of the shared strings
	maxTags    = 200 << 10 // tags of any other part
	maxPart    = 24 << 20  // bytes of a part that is no sheet
	maxEquals  = 4 << 10   // equals signs between two tags, and so attributes of one
)

// markup counts what is written to it, with as little understanding as will do: tags, tags whose local name
// is "c" or "row", how deep tags stand inside one another, and the most equals signs between one "<" and the next. A
// "<" inside an attribute is no XML.
type markup struct {
	bytes, tags        int
	cells, rows        int
	filled, mostFilled int // cells with a value, of the present row and of the fullest
	equals, mostEquals int
	depth, deepest     int
	declared           bool // a comment, CDATA or document type: what counts there is not to be told
	at                 place
	quote, before      byte
	name               [3]byte // the local name of a start tag, as far as it has room
	named              int     // its length so far
}

// place is where in a tag a byte stands.
type place byte

const (
	nowhere place = iota
	opened        // right after "<"
	naming        // in the name of a start tag
	inTag         // among the attributes of a start tag
	ending        // in an end tag or a processing instruction
)

func (m *markup) Write(p []byte) (int, error) {
	m.bytes += len(p)
	for _, b := range p {
		m.take(b)
		m.before = b
	}
	return len(p), nil
}

func (m *markup) take(b byte) {
	switch {
	case b == '<':
		m.tags++
		m.equals, m.at, m.quote = 0, opened, 0
		return
	case b == '=':
		m.equals++
		m.mostEquals = max(m.mostEquals, m.equals)
	}
	switch m.at {
	case opened:
		m.open(b)
	case naming:
		switch {
		case b == ':':
			m.named = 0
		case b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == '/' || b == '>':
			switch string(m.name[:min(m.named, len(m.name))]) {
			case "c":
				m.cells++
			case "v":
				m.filled++
				m.mostFilled = max(m.mostFilled, m.filled)
			case "row":
				if m.named == len("row") {
					m.rows++
					m.filled = 0
				}
			}
			m.at = inTag
			m.attribute(b)
		default:
			m.letter(b)
		}
	case inTag:
		m.attribute(b)
	case ending:
		if b == '>' {
			m.at = nowhere
		}
	}
}

func (m *markup) open(b byte) {
	switch b {
	case '/':
		m.depth--
		m.at = ending
	case '?':
		m.at = ending
	case '!':
		m.declared = true
		m.at = ending
	default:
		m.depth++
		m.deepest = max(m.deepest, m.depth)
		m.at, m.named = naming, 0
		m.letter(b)
	}
}

func (m *markup) letter(b byte) {
	if m.named < len(m.name) {
		m.name[m.named] = b
	}
	m.named = min(m.named+1, len(m.name)+1)
}

// attribute looks for the end of a start tag, past quoted values.
func (m *markup) attribute(b byte) {
	switch {
	case m.quote != 0:
		if b == m.quote {
			m.quote = 0
		}
	case b == '"' || b == '\'':
		m.quote = b
	case b == '>':
		m.at = nowhere
		if m.before == '/' {
			m.depth--
		}
	}
}

// fits tells whether a part is within the bounds of its kind; the cells are counted over all sheets.
func (m *markup) fits(name string) bool {
	switch {
	case m.mostEquals > maxEquals:
		return false
	case isSheet(name):
		return m.deepest <= maxDepth && m.mostFilled <= 2*MaxColumns && m.rows <= maxRows && !m.declared
	case name == "xl/sharedstrings.xml":
		return m.tags <= maxStrings && m.bytes <= maxPart
	}
	return m.tags <= maxTags && m.bytes <= maxPart
}
