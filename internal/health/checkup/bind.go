package checkup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// bind ties a mapping to a file's header row. It refuses a header that lacks what identifies a person and
// a day, and one in which two columns claim the same thing.
func bind(m *Mapping, header []string) (*binding, error) {
	b := &binding{header: headerNames(header), number: -1, name: -1, kana: -1, sex: -1, birth: -1, day: -1, body: -1, kind: -1}
	chosen := map[string][]Column{}
	for _, c := range m.Columns {
		chosen[foldHeader(c.Header)] = append(chosen[foldHeader(c.Header)], c)
	}
	owner := map[string]int{} // target → column
	for i, h := range b.header {
		f := foldHeader(h)
		if len(chosen[f]) == 0 {
			b.ignored = append(b.ignored, h)
			continue
		}
		c := chosen[f][0]
		if len(chosen[f]) > 1 { // the same header several times: by order
			chosen[f] = chosen[f][1:]
		}
		if c.Target == "" {
			b.ignored = append(b.ignored, h)
			continue
		}
		if _, taken := owner[c.Target]; taken && repeatable[c.Target] {
			b.ignored = append(b.ignored, h)
			continue
		}
		if o, taken := owner[c.Target]; taken && !alternative(c, b.header[o], h) {
			return nil, fault.New(fault.Invalid, "checkup.header_duplicate", "column", h, "other", b.header[o],
				"at", strconv.Itoa(o+1), "and", strconv.Itoa(i+1), "target", TargetName(c.Target))
		}
		owner[c.Target] = i
		if p := b.place(c.Target); p != nil {
			*p = i
			continue
		}
		it := byKey[c.Target]
		if it == nil || it.Kind == Joint {
			return nil, fault.New(fault.Invalid, "checkup.mapping_target", "column", h)
		}
		b.items = append(b.items, boundColumn{index: i, item: it, coded: c.Coded})
	}
	b.soleReading()
	slices.SortStableFunc(b.items, func(x, y boundColumn) int { return cmp.Compare(x.item.ID, y.item.ID) })
	return b, b.complete()
}

// repeatable targets often stand behind several items of a file (判定, コメント); the first one is read, the
// others are reported as ignored.
var repeatable = map[string]bool{"body_judgement": true, "remarks": true}

// alternative tells whether two columns are the same item by two methods: different JLAC10 codes of one
// identity, of which a line fills one.
func alternative(c Column, a, b string) bool {
	return c.Coded && isCode(fold(a)) && isCode(fold(b)) && fold(a) != fold(b)
}

func (b *binding) place(target string) *int {
	switch target {
	case ToNumber:
		return &b.number
	case ToName:
		return &b.name
	case ToKana:
		return &b.kana
	case ToSex:
		return &b.sex
	case ToBirth:
		return &b.birth
	case ToDay:
		return &b.day
	case ToBody:
		return &b.body
	case ToKind:
		return &b.kind
	}
	return nil
}

// pressures: a body that measures once gives the first reading only; then it is the blood pressure.
var pressures = [2][3]string{{"systolic", "systolic_2", "systolic_1"}, {"diastolic", "diastolic_2", "diastolic_1"}}

func (b *binding) soleReading() {
	for _, p := range pressures {
		only := -1
		n := 0
		for i, c := range b.items {
			if slices.Contains(p[:], c.item.Key) {
				only = i
				n++
			}
		}
		if n == 1 {
			b.items[only].item = byKey[p[0]]
		}
	}
}

// complete names every mandatory header that is absent.
func (b *binding) complete() error {
	var missing []string
	need := func(name string, at ...int) {
		if !slices.ContainsFunc(at, func(i int) bool { return i >= 0 }) {
			missing = append(missing, name)
		}
	}
	need("社員番号", b.number)
	need("カナ氏名", b.kana, b.name)
	need("性別", b.sex)
	need("生年月日", b.birth)
	need("健診日", b.day)
	if len(b.items) == 0 {
		missing = append(missing, "検査項目")
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "checkup.header_missing", "columns", strings.Join(missing, "、"))
	}
	return nil
}
