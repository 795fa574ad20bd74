package checkup

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Kind is what a cell of an item may hold.
type Kind uint8

const (
	Numeric Kind = iota + 1
	Grade        // urine: − ± + 2+ 3+
	Finding      // 所見なし, 所見あり, or the body's own grade
	Choice       // one of Choices
	Text
	Joint // judged together from others; never in a file
)

// Item is one examination item of the catalogue.
type Item struct {
	ID        uint16 // stable for ever: sealed results hold it
	Key       string // "systolic"
	Name      string // Japanese name
	Unit      string
	Decimals  int
	Kind      Kind
	Group     string
	Statutory bool     // 安衛則44条; the others need the person's consent to be shown (health.md §2.3)
	Min, Max  Num      // plausible range (decisions.md); equal when there is none
	Codes     []string // JLAC10: whole codes or the leading digits that share an identity
	Choices   []string // Choices[i] is code i+1
	Also      []string // other spellings of Choices as "spelling=code"
	names     []string
}

// entry is how the item tables are written: one line each.
type entry struct {
	id       uint16
	key      string
	name     string
	unit     string
	decimals int
	kind     Kind
	law      bool
	span     string // "100..230"
	codes    string // space-separated JLAC10 prefixes
	names    string // space-separated further spellings of the header
	choices  string // space-separated, the first is code 1
	also     string // space-separated spelling=code
}

type group struct {
	name    string
	entries []entry
}

const maxItem = 256

// The catalogue and its indexes come out of one initialiser, so that whatever needs one of them waits for it.
var catalogue, byID, byKey, byHeader = build(bodyGroups, bloodGroups, findingGroups, askGroups)

func build(tables ...[]group) (all []*Item, ids *[maxItem]*Item, keys, headers map[string]*Item) {
	ids, keys, headers = &[maxItem]*Item{}, map[string]*Item{}, map[string]*Item{}
	for _, t := range tables {
		for _, g := range t {
			for _, e := range g.entries {
				it := e.item(g.name)
				if ids[it.ID] != nil || keys[it.Key] != nil {
					panic("checkup: item twice in the catalogue: " + it.Key)
				}
				all = append(all, it)
				ids[it.ID], keys[it.Key] = it, it
				for _, n := range it.names {
					f := foldHeader(n)
					if o := headers[f]; o != nil && o != it {
						panic("checkup: header " + n + " names both " + o.Key + " and " + it.Key)
					}
					headers[f] = it
				}
			}
		}
	}
	return all, ids, keys, headers
}

func (e entry) item(group string) *Item {
	it := &Item{
		ID: e.id, Key: e.key, Name: e.name, Unit: e.unit, Decimals: e.decimals, Kind: e.kind, Group: group,
		Statutory: e.law, Codes: strings.Fields(e.codes), Choices: strings.Fields(e.choices),
		Also: strings.Fields(e.also), names: append([]string{e.name}, strings.Fields(e.names)...),
	}
	if lo, hi, ok := strings.Cut(e.span, ".."); ok {
		it.Min, it.Max = num(lo), num(hi)
	}
	return it
}

// Items lists the catalogue in the order in which screens show it.
func Items() []*Item { return catalogue }

// ItemOf finds an item by its key.
func ItemOf(key string) (*Item, bool) { it, ok := byKey[key]; return it, ok }

// ByName finds an item by its Japanese name, a synonym, its key or its JLAC10 code.
func ByName(name string) (*Item, bool) {
	if it, ok := byKey[name]; ok {
		return it, true
	}
	if it, ok := byCode(strings.TrimSpace(norm.NFKC.String(name))); ok {
		return it, true
	}
	return byHeaderText(name)
}

// byCode finds the item of a 17-character JLAC10 code by its longest registered prefix: method and
// specimen digits differ between bodies, the identity in front does not.
func byCode(code string) (*Item, bool) {
	if !isCode(code) {
		return nil, false
	}
	var best *Item
	length := 0
	for _, it := range catalogue {
		for _, c := range it.Codes {
			if len(c) > length && strings.HasPrefix(code, c) {
				best, length = it, len(c)
			}
		}
	}
	return best, best != nil
}

// isCode tells whether a header cell looks like a JLAC10 code: 17 digits and capitals, a digit first.
func isCode(s string) bool {
	if len(s) != 17 || s[0] < '0' || s[0] > '9' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return true
}

func byHeaderText(name string) (*Item, bool) {
	f := foldHeader(name)
	if it, ok := byHeader[f]; ok {
		return it, true
	}
	for _, u := range headerUnits {
		if rest, ok := strings.CutSuffix(f, u); ok && rest != "" {
			if it, ok := byHeader[rest]; ok {
				return it, true
			}
		}
	}
	return nil, false
}

// headerUnits are units as foldHeader leaves them, longest first.
var headerUnits = []string{
	"mlmin1.73m2", "ml分1.73m2", "x104μl", "x103μl", "104μl", "103μl", "万μl", "万mm3", "千μl", "個μl",
	"mmhg", "mgdl", "kgm2", "iul", "gdl", "bpm", "回分", "mm3", "μl", "ul", "cm", "kg", "db", "ngsp", "%", "点",
}

var headerDrop = strings.NewReplacer(
	" ", "", "\t", "", "\n", "", "\r", "", "・", "", "_", "", "-", "", "−", "", "‐", "", "–", "", "(", "", ")", "", "[", "", "]", "",
	"【", "", "】", "", "「", "", "」", "", "〔", "", "〕", "", "<", "", ">", "", ":", "", ";", "", "/", "", ",", "", "、", "", "^", "", "*", "", "×", "x",
	"µ", "μ", "hz", "", "ヘルツ", "", "レントゲン", "x線", "エックス線", "x線", "検査", "",
)

// foldHeader is the form in which headers are compared: width, case, spaces, marks and brackets are gone.
func foldHeader(s string) string {
	return headerDrop.Replace(strings.ToLower(norm.NFKC.String(s)))
}
