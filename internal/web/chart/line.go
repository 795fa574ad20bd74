package chart

import (
	"html/template"
	"math"
	"strconv"
)

// Point is one measured value in time order. A missing value is a gap in the line.
type Point struct {
	Label   string // "2026年度"
	Value   float64
	Text    string // as it is shown: "128", "<30"
	Outside bool   // outside the reference band: hollow marker with an edge of its own
	Missing bool
}

// Line is a course over time with a reference band; the last point carries its value.
type Line struct {
	Figure
	Points    []Point
	Low, High *float64 // bounds of the reference band; nil is open
}

const lineW, lineH, lineLeft, lineRight, lineTop, lineBottom = 300.0, 200.0, 44.0, 52.0, 16.0, 32.0

// HTML draws the figure.
func (l Line) HTML() template.HTML {
	lo, hi := l.span()
	t := ticks(lo, hi)
	lo, hi = t[0], t[len(t)-1]
	y := func(v float64) float64 {
		return lineTop + (hi-math.Min(math.Max(v, lo), hi))/(hi-lo)*(lineH-lineTop-lineBottom)
	}
	x := func(i int) float64 {
		if len(l.Points) < 2 {
			return (lineLeft + lineW - lineRight) / 2
		}
		return lineLeft + 12 + float64(i)*(lineW-lineLeft-lineRight-24)/float64(len(l.Points)-1)
	}
	var d drawing
	l.band(&d, y, lo, hi)
	for _, v := range t {
		d.put(`<line class="grid-line" x1="%v" x2="%v" y1="%v" y2="%v"/>`, lineLeft, lineW-lineRight, y(v), y(v))
		d.put(`<text class="axis" x="%v" y="%v" font-size="14" text-anchor="end">%v</text>`, lineLeft-8, y(v)+5, strconv.FormatFloat(v, 'g', 6, 64))
	}
	path, pen := "", "M"
	for i, p := range l.Points {
		d.put(`<text class="axis" x="%v" y="%v" font-size="14" text-anchor="middle">%v</text>`, x(i), lineH-10, p.Label)
		if p.Missing {
			pen = "M"
			continue
		}
		path += pen + num(x(i)) + " " + num(y(p.Value))
		pen = "L"
	}
	d.put(`<path class="trend" d="%v"/>`, path)
	last := -1
	for i, p := range l.Points {
		if p.Missing {
			continue
		}
		last = i
		class, r := "dot", 4.5
		if p.Outside {
			class, r = "dot outside", 5.5
		}
		d.put(`<circle class="%v" cx="%v" cy="%v" r="%v"/>`, class, x(i), y(p.Value), r)
	}
	if last >= 0 {
		class := "strong"
		if l.Points[last].Outside {
			class = "outside-label"
		}
		d.put(`<text class="%v" x="%v" y="%v" font-size="16">%v</text>`, class, x(last)+10, y(l.Points[last].Value)+5, l.Points[last].Text)
	}
	return l.wrap("line", lineW, lineH, d.String(), []string{"時期", "値", "基準範囲"}, l.rows())
}

func (l Line) band(d *drawing, y func(float64) float64, lo, hi float64) {
	if l.Low == nil && l.High == nil {
		return
	}
	top, bottom := hi, lo
	if l.High != nil {
		top = *l.High
	}
	if l.Low != nil {
		bottom = *l.Low
	}
	d.put(`<rect class="band" x="%v" y="%v" width="%v" height="%v"/>`, lineLeft, y(top), lineW-lineLeft-lineRight, math.Max(y(bottom)-y(top), 0))
	for _, b := range []*float64{l.Low, l.High} {
		if b != nil {
			d.put(`<line class="limit" x1="%v" x2="%v" y1="%v" y2="%v"/>`, lineLeft, lineW-lineRight, y(*b), y(*b))
		}
	}
}

// span is the range of values and bounds with a little air.
func (l Line) span() (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	see := func(v float64) { lo, hi = math.Min(lo, v), math.Max(hi, v) }
	for _, p := range l.Points {
		if !p.Missing {
			see(p.Value)
		}
	}
	for _, b := range []*float64{l.Low, l.High} {
		if b != nil {
			see(*b)
		}
	}
	if math.IsInf(lo, 1) {
		return 0, 1
	}
	air := (hi - lo) * 0.12
	if air == 0 {
		air = math.Max(math.Abs(hi)*0.1, 1)
	}
	if lo-air < 0 && lo >= 0 {
		return 0, hi + air
	}
	return lo - air, hi + air
}

func (l Line) rows() [][]string {
	var out [][]string
	for _, p := range l.Points {
		text, where := p.Text, "範囲内"
		if p.Outside {
			where = "範囲外"
		}
		if p.Missing {
			text, where = "記録なし", ""
		}
		if l.Low == nil && l.High == nil {
			where = "定めなし"
		}
		out = append(out, []string{p.Label, text, where})
	}
	return out
}
