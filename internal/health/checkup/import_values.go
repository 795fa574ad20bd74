package checkup

import (
	"cmp"
	"slices"
	"strconv"
)

// values reads the item cells of a line. Columns stand by item ID, so the values do too.
func (p *parser) values(cells []string) {
	for i := range p.items {
		c := &p.items[i]
		cell := cells[c.index]
		if cell == "" {
			continue
		}
		v, code := ParseValue(c.item, cell, c.coded)
		if code != "" {
			p.cell(c, cell, code)
			continue
		}
		if v.Kind == Empty {
			continue
		}
		if n := len(p.row.Values); n > 0 && p.row.Values[n-1].Item == c.item {
			p.second(c, &p.row.Values[n-1].Value, v)
			continue
		}
		p.row.Values = append(p.row.Values, ItemValue{Item: c.item, Value: v})
	}
	p.pressure()
}

// second takes the same item in a second column (another method): a line should fill one of them.
func (p *parser) second(c *boundColumn, have *Value, v Value) {
	switch {
	case have.Kind == NotDone || have.Kind == NotMeasured:
		*have = v
	case have.Kind == FoundValue && v.Kind == FoundValue: // two ways of looking: the finding counts
		if v.Num > have.Num {
			*have = v
		}
	case v.Kind == NotDone || v.Kind == NotMeasured || v.Show(c.item) == have.Show(c.item):
	default:
		p.fail(c.index, codeConflict, "item", c.item.Name)
	}
}

func (p *parser) cell(c *boundColumn, cell, code string) {
	it := c.item
	args := []string{"value", clip(cell), "item", it.Name}
	if it.Min != it.Max {
		args = append(args, "min", it.Min.Format(max(it.Decimals, decimalsOf(it.Min))), "max", it.Max.Format(it.Decimals), "unit", it.Unit)
	}
	if code == codeNotChoice {
		args = append(args, "max", strconv.Itoa(len(it.Choices)))
	}
	p.fail(c.index, code, args...)
	if isCode(p.header[c.index]) {
		p.row.Errors[len(p.row.Errors)-1].Column = p.header[c.index] + "（" + it.Name + "）"
	}
}

func find(values []ItemValue, key string) *ItemValue {
	it := byKey[key]
	for i := range values {
		if values[i].Item == it {
			return &values[i]
		}
	}
	return nil
}

// pressure takes the second reading, then the first, where no decisive one is given, and refuses a
// diastolic pressure that is not below the systolic one.
func (p *parser) pressure() {
	added := false
	for _, names := range pressures {
		if find(p.row.Values, names[0]) != nil {
			continue
		}
		for _, other := range names[1:] {
			if v := find(p.row.Values, other); v != nil {
				p.row.Values = append(p.row.Values, ItemValue{Item: byKey[names[0]], Value: v.Value})
				added = true
				break
			}
		}
	}
	if added {
		slices.SortStableFunc(p.row.Values, func(x, y ItemValue) int { return cmp.Compare(x.Item.ID, y.Item.ID) })
	}
	for i := range pressures[0] {
		s, d := find(p.row.Values, pressures[0][i]), find(p.row.Values, pressures[1][i])
		if s != nil && d != nil && s.Kind == Number && d.Kind == Number && d.Num >= s.Num {
			at := slices.IndexFunc(p.items, func(c boundColumn) bool { return c.item == d.Item })
			if at >= 0 {
				p.fail(p.items[at].index, codePressure, "value", d.Num.String(), "systolic", s.Num.String())
			}
		}
	}
}

// unique refuses a line whose number and day an earlier good line has.
func (p *parser) unique() {
	if p.row.Number == "" {
		return
	}
	p.key = append(p.key[:0], p.row.Number...)
	p.key = append(p.key, 0, byte(p.row.Day.Y>>8), byte(p.row.Day.Y), byte(p.row.Day.M), byte(p.row.Day.D))
	if earlier, dup := p.seen[string(p.key)]; dup {
		p.fail(p.number, codeDuplicate, "line", strconv.Itoa(int(earlier)))
		return
	}
	p.seen[string(p.key)] = int32(p.row.Line)
}
