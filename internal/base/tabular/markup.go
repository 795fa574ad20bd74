package tabular

// What one part of a workbook may hold. The spreadsheet library makes structures of it that are many times
// the size of the text, so the size alone bounds nothing: 5 bytes of <si/> become hundreds.
const (
	maxCells   = 4 << 20   // cells of all sheets
	maxStrings = 1 << 20   // tags of the shared strings
	maxTags    = 200 << 10 // tags of any other part
	maxEquals  = 4 << 10   // equals signs between two tags, and so attributes of one
)

// markup counts what is written to it, without understanding it: every "<", every tag whose local name is
// "c", and the most equals signs between one "<" and the next. A "<" inside an attribute is no XML.
type markup struct {
	tags, cells  int
	equals, most int
	name         nameState
}

type nameState byte

const (
	outside nameState = iota
	start             // right after "<" or the colon of a prefix
	justC             // the name is "c" so far
	other
)

func (m *markup) Write(p []byte) (int, error) {
	for _, b := range p {
		switch {
		case b == '<':
			m.tags++
			m.equals, m.name = 0, start
			continue
		case b == '=':
			m.equals++
			m.most = max(m.most, m.equals)
		}
		switch {
		case m.name == outside:
		case b == ':':
			m.name = start
		case b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == '/' && m.name != start || b == '>':
			if m.name == justC {
				m.cells++
			}
			m.name = outside
		case m.name == start && b == 'c':
			m.name = justC
		default:
			m.name = other
		}
	}
	return len(p), nil
}

// fits tells whether a part is within the bounds of its kind.
func (m *markup) fits(name string) bool {
	switch {
	case m.most > maxEquals:
		return false
	case isSheet(name):
		return true // its cells are counted over all sheets
	case name == "xl/sharedstrings.xml":
		return m.tags <= maxStrings
	}
	return m.tags <= maxTags
}
