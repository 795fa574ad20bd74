package chart

import (
	"encoding/xml"
	"html/template"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func bound(v float64) *float64 { return &v }

func TestLineShowsBandLastValueAndTable(t *testing.T) {
	got := string(Line{
		Figure: Figure{ID: "sbp", Title: "収縮期血圧", Desc: "3年の推移", Unit: "mmHg", Source: "健診"},
		Points: []Point{{Label: "2024", Value: 121, Text: "121"}, {Label: "2025", Missing: true}, {Label: "2026", Value: 145, Text: "145", Outside: true}},
		High:   bound(129),
	}.HTML())
	for _, want := range []string{`class="band"`, `class="dot outside"`, `>145</text>`, "収縮期血圧（mmHg）", "記録なし", "範囲外", "出典: 健診"} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in %s", want, got)
		}
	}
}

func TestNothingBreaksOutAndNoStyle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"平常", `"><script>alert(1)</script>`, "a&b", "<b>", "'"})
		var l Line
		l.Figure = Figure{ID: "x", Title: text.Draw(rt, "title"), Desc: text.Draw(rt, "desc"), Unit: text.Draw(rt, "unit")}
		for range rapid.IntRange(0, 6).Draw(rt, "n") {
			l.Points = append(l.Points, Point{Label: text.Draw(rt, "label"), Value: rapid.Float64Range(-1e6, 1e6).Draw(rt, "v"), Text: text.Draw(rt, "text"), Missing: rapid.Bool().Draw(rt, "gap")})
		}
		b := Bars{Figure: l.Figure, Rows: []Bar{{Label: text.Draw(rt, "bar"), Parts: []Part{{Class: "A", Label: text.Draw(rt, "part"), Value: rapid.IntRange(0, 99999).Draw(rt, "count")}}}}}
		for _, h := range []template.HTML{l.HTML(), b.HTML()} {
			if strings.Contains(string(h), "<script") || strings.Contains(string(h), "style=") || strings.Contains(string(h), "NaN") {
				rt.Fatalf("unsafe or broken: %s", h)
			}
			x := xml.NewDecoder(strings.NewReader(string(h)))
			for {
				if _, err := x.Token(); err == io.EOF {
					break
				} else if err != nil {
					rt.Fatalf("not well-formed: %v in %s", err, h)
				}
			}
		}
	})
}

func TestTicksSpan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lo := rapid.Float64Range(-1000, 1000).Draw(rt, "lo")
		hi := lo + rapid.Float64Range(0.1, 5000).Draw(rt, "width")
		k := ticks(lo, hi)
		if k[0] > lo || k[len(k)-1] < hi-1e-6 || len(k) < 2 || len(k) > 8 {
			rt.Fatalf("ticks(%v, %v) = %v", lo, hi, k)
		}
	})
}
