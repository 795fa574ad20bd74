package chart

import "html/template"

// Dot is one result in a strip: its class gives the colour, its shape the meaning without colour.
type Dot struct {
	Class string // s-PASS, s-FAIL, s-STALE, s-UNKNOWN, s-EXCEPTION
	Label string // when
	Text  string // result in words
}

// Dots is a strip of results, oldest first: the history of a control.
type Dots struct {
	Figure
	Dots []Dot
}

// HTML draws the figure: a round dot is good, a square is bad, a diamond is anything else.
func (s Dots) HTML() template.HTML {
	var d drawing
	var rows [][]string
	for i, p := range s.Dots {
		x := 10 + float64(i)*16
		switch p.Class {
		case "s-PASS":
			d.put(`<circle class="%v" cx="%v" cy="12" r="5"><title>%v %v</title></circle>`, p.Class, x, p.Label, p.Text)
		case "s-FAIL":
			d.put(`<rect class="%v" x="%v" y="6" width="12" height="12"><title>%v %v</title></rect>`, p.Class, x-6, p.Label, p.Text)
		default:
			d.put(`<path class="%v" d="M%v 5l7 7l-7 7l-7-7z"><title>%v %v</title></path>`, p.Class, x, p.Label, p.Text)
		}
		rows = append(rows, []string{p.Label, p.Text})
	}
	return s.wrap("dots", max(float64(len(s.Dots))*16+8, 160), 24, d.String(), []string{"時刻", "結果"}, rows)
}
