package chart

import (
	"html/template"
	"strconv"
)

// Part is a piece of a bar: Class is one of A, B, C, D, E, none or empty for the plain colour.
type Part struct {
	Class string
	Label string
	Value int
}

// Bar is one row of a bar chart.
type Bar struct {
	Label string
	Parts []Part
}

// Bars is a stacked horizontal bar chart: one bar per department, site or month.
type Bars struct {
	Figure
	Rows []Bar
	Full bool // every bar is as wide as the chart (shares); otherwise the longest is
}

const barsW, barsLeft, barsRow = 640.0, 180.0, 32.0

// HTML draws the figure.
func (b Bars) HTML() template.HTML {
	longest := 1
	for _, r := range b.Rows {
		longest = max(longest, r.total())
	}
	var d drawing
	head, rows := []string{"区分"}, [][]string{}
	for i, r := range b.Rows {
		y := float64(i)*barsRow + 4
		d.put(`<text x="%v" y="%v" font-size="14" text-anchor="end">%v</text>`, barsLeft-8, y+16, clip(r.Label, 12))
		x, room, all := barsLeft, barsW-barsLeft-56, float64(longest)
		if b.Full {
			all = float64(max(r.total(), 1))
		}
		line := []string{r.Label}
		for j, p := range r.Parts {
			if i == 0 {
				head = append(head, p.Label)
			}
			line = append(line, strconv.Itoa(p.Value))
			w := float64(p.Value) / all * room
			if p.Value == 0 {
				continue
			}
			d.put(`<rect class="bar %v" x="%v" y="%v" width="%v" height="24"><title>%v %v</title></rect>`, p.Class, x, y, max(w-1, 1), p.Label, strconv.Itoa(p.Value))
			if w > 28 && len(r.Parts) > 1 {
				d.put(`<text class="on-bar" x="%v" y="%v" font-size="12" text-anchor="middle">%v</text>`, x+w/2, y+17, short(r.Parts[j]))
			}
			x += w
		}
		d.put(`<text class="strong" x="%v" y="%v" font-size="14">%v</text>`, x+6, y+17, strconv.Itoa(r.total()))
		rows = append(rows, append(line, strconv.Itoa(r.total())))
	}
	head = append(head, "計")
	return b.wrap("bars", barsW, float64(len(b.Rows))*barsRow+8, d.String(), head, rows)
}

func (b Bar) total() (n int) {
	for _, p := range b.Parts {
		n += p.Value
	}
	return n
}

// short is what fits inside a part: the letter of the judgement and the number.
func short(p Part) string {
	if len(p.Class) == 1 {
		return p.Class + " " + strconv.Itoa(p.Value)
	}
	return strconv.Itoa(p.Value)
}

// clip shortens a label to n characters; the whole label stands in the table.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
