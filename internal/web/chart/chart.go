// Package chart draws figures as SVG on the server, each with title, description, unit, source and the
// same data as a table. It must never emit a style attribute or a script: the content security policy
// forbids both, so looks come from classes and presentation attributes.
package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Figure is what every chart says about itself.
type Figure struct {
	ID     string // unique on the page; letters, digits and hyphens
	Title  string
	Desc   string // one sentence for those who do not see the drawing
	Unit   string
	Source string // where the values and the band come from; may be empty
}

// drawing collects SVG text; every value that is not a number passes through html.EscapeString.
type drawing struct{ strings.Builder }

func (d *drawing) put(format string, a ...any) {
	for i, v := range a {
		switch v := v.(type) {
		case string:
			a[i] = html.EscapeString(v)
		case float64:
			a[i] = num(v)
		}
	}
	fmt.Fprintf(d, format, a...)
}

// wrap puts the drawing into a figure with caption, accessible name, table and source.
func (f Figure) wrap(kind string, w, h float64, body string, head []string, rows [][]string) template.HTML {
	var d drawing
	title := f.Title
	if f.Unit != "" {
		title += "（" + f.Unit + "）"
	}
	d.put(`<figure class="chart" id="%v"><figcaption>%v</figcaption>`, f.ID, title)
	d.put(`<svg class="%v" viewBox="0 0 %v %v" role="img" aria-labelledby="%v-t %v-d">`, kind, w, h, f.ID, f.ID)
	d.put(`<title id="%v-t">%v</title><desc id="%v-d">%v</desc>`, f.ID, title, f.ID, f.Desc)
	d.WriteString(body)
	d.WriteString(`</svg><details><summary>表で見る</summary><table><caption class="sr">`)
	d.put("%v", title)
	d.WriteString(`</caption><thead><tr>`)
	for _, c := range head {
		d.put(`<th scope="col">%v</th>`, c)
	}
	d.WriteString(`</tr></thead><tbody>`)
	for _, r := range rows {
		for i, c := range r {
			if i == 0 {
				d.put(`<tr><th scope="row">%v</th>`, c)
			} else {
				d.put(`<td class="num">%v</td>`, c)
			}
		}
		d.WriteString(`</tr>`)
	}
	d.WriteString(`</tbody></table></details>`)
	if f.Source != "" {
		d.put(`<p class="src">出典: %v</p>`, f.Source)
	}
	d.WriteString(`</figure>`)
	return template.HTML(d.String())
}

// num prints a coordinate with at most one decimal.
func num(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// ticks gives 3 to 6 round values that span lo..hi.
func ticks(lo, hi float64) []float64 {
	if hi <= lo {
		hi = lo + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if (hi-lo)/(step*m) <= 4 {
			step *= m
			break
		}
	}
	var out []float64
	for i := math.Floor(lo / step); ; i++ {
		v := i * step
		out = append(out, v)
		if v >= hi-step*1e-9 {
			return out
		}
	}
}
