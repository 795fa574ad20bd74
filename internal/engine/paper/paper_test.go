package paper

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

func read(t *testing.T, pdf []byte) string {
	t.Helper()
	c := exec.Command("pdftotext", "-layout", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return string(out)
}

func packed(text string) string { return strings.Join(strings.Fields(text), "") }

func TestADocumentIsReadable(t *testing.T) {
	d, err := New("データ消去証明書", "証明書番号 1", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	d.Title("データ消去証明書")
	d.Heading("対象")
	d.Text(strings.Repeat("株式会社みどり製作所のすべての記録を消去しました。", 10))
	d.Field("契約先", "株式会社みどり製作所 髙橋")
	d.Table([]string{"場所", "件数"}, []float64{3, 1}, func(yield func([]string) bool) {
		for n := range 120 {
			if !yield([]string{fmt.Sprintf("表 %d %s", n, strings.Repeat("長い名前", n%12)), fmt.Sprint(n)}) {
				return
			}
		}
	})
	if err := d.Code("https://example.test/certificates/verify#"+strings.Repeat("0", 64), "検証できます。"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := read(t, b.Bytes())
	for _, want := range []string{"データ消去証明書", "株式会社みどり製作所 髙橋", "表 119", "証明書番号 1", "検証できます。"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the paper", want)
		}
	}
	// No character is lost where a line ends.
	if n := strings.Count(strings.Join(strings.Fields(text), ""), "株式会社みどり製作所のすべての記録を消去しました。"); n != 10 {
		t.Errorf("the paragraph has %d whole sentences, not 10", n)
	}
	if n := strings.Count(text, "場所"); n < 3 {
		t.Errorf("the header stands on %d pages only", n)
	}
	pages := strings.Count(text, "\f")
	for n := 1; n <= pages; n++ {
		if page := strings.Split(text, "\f")[n-1]; strings.Count(packed(page), fmt.Sprintf("証明書番号1%d/%d", n, pages)) != 1 || strings.Count(page, "証明書番号 1") != 1 {
			t.Errorf("page %d of %d does not say so once:\n%s", n, pages, page)
		}
	}
	if pages < 3 {
		t.Errorf("%d pages", pages)
	}
}

// TestANameIsPrintedAsItIs: what a library may take for a sign of its own is a name like any other, wherever it stands.
func TestANameIsPrintedAsItIs(t *testing.T) {
	for _, name := range []string{"{nb}", "甲{nb}乙", `山田 (太郎\)`, "${nb} %d"} {
		d, err := New("表 "+name, "会社 "+name, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		d.Title(name)
		d.Heading(name)
		d.Text(name)
		d.Field(name, name)
		d.Table([]string{name}, []float64{1}, func(yield func([]string) bool) {
			for yield([]string{name + "様"}) && d.pdf.PageCount() < 3 {
			}
		})
		var b bytes.Buffer
		if err := d.Write(&b); err != nil {
			t.Fatal(err)
		}
		text := read(t, b.Bytes())
		if n, rows := strings.Count(text, name), strings.Count(text, name+"様"); rows < 50 || n < rows+5+3+3 || !strings.Contains(packed(text), "3/3") {
			t.Errorf("%s: printed %d times, %d of them in rows", name, n, rows)
		}
	}
}

func TestWithoutAFontItSaysSo(t *testing.T) {
	kept := Places
	defer func() { Places = kept }()
	Places = []string{"/nowhere/font.ttf"}
	if _, err := New("x", "x", time.Time{}); fault.Of(err) == nil || fault.Of(err).Code != "paper.font" {
		t.Errorf("without a font: %v", err)
	}
}

// Any text may stand in a name. What the font has not becomes 〓 and the page says so; nothing panics, and the
// rest of the line stays as it is.
func TestACharacterWithoutAGlyph(t *testing.T) {
	for name, c := range map[string]struct{ in, out, note string }{
		"beyond U+FFFF":         {"𠮷野太郎", "〓野太郎", "U+20BB7"},
		"the first beyond":      {"甲\U00010000乙", "甲〓乙", "U+10000"},
		"a picture":             {"名前😀様", "名前〓様", "U+1F600"},
		"a name's variant":      {"葛\U000E0100飾", "葛飾", "U+E0100"},
		"a control":             {"甲\x00乙", "甲乙", "U+0000"},
		"a joiner":              {"甲\u200d乙", "甲乙", "U+200D"},
		"broken UTF-8":          {"甲\xf0\xa0", "甲", "U+FFFD"},
		"another script":        {"甲ﷺ乙", "甲〓乙", "U+FDFA"},
		"the last of the plane": {"甲\uffff乙", "甲〓乙", "U+FFFF"},
		"all in order":          {"髙橋 﨑山", "髙橋 﨑山", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New("表 "+c.in, "株式会社 "+c.in, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			d.Title(c.in)
			d.Heading(c.in)
			d.Text(strings.Repeat(c.in, 40))
			d.Field(c.in, c.in)
			d.Table([]string{c.in}, []float64{1}, func(yield func([]string) bool) { yield([]string{c.in + "様"}) })
			if err := d.Code("https://example.test/", c.in); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := d.Write(&b); err != nil {
				t.Fatal(err)
			}
			text := read(t, b.Bytes())
			if !strings.Contains(text, c.out) {
				t.Errorf("%q is not on the paper:\n%s", c.out, text)
			}
			if has := strings.Contains(text, "表せない文字があります"); has != (c.note != "") || !strings.Contains(text, c.note) {
				t.Errorf("the note about %q:\n%s", c.note, text)
			}
		})
	}
}

// Only the pages that lost something say so, and each names a few.
func TestTheNoteBelongsToItsPage(t *testing.T) {
	d, err := New("表", "表", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	d.Table([]string{"氏名"}, []float64{1}, func(yield func([]string) bool) {
		for n := range 200 {
			name := "佐藤"
			if n == 150 {
				name = "😀😁😂😃😄😅"
			}
			if !yield([]string{name}) {
				return
			}
		}
	})
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	for i, page := range strings.Split(strings.TrimSuffix(read(t, b.Bytes()), "\f"), "\f") {
		if strings.Contains(page, "表せない文字") != strings.Contains(page, "〓〓") {
			t.Errorf("page %d:\n%s", i+1, page)
		}
		if strings.Contains(page, "〓〓") && (!strings.Contains(page, "U+1F603 ほか") || strings.Contains(page, "U+1F604")) {
			t.Errorf("the note names:\n%s", page)
		}
	}
}
