package tabular

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

// styled is a workbook whose cells are shown by patterns of its own, as spreadsheet programs write them: cell n
// has the style n of formats (a number is one that every program knows).
func styled(t *testing.T, date1904 bool, formats []string, rows ...[]string) string {
	t.Helper()
	var custom, xfs, sheet strings.Builder
	for i, f := range formats {
		id := f
		if strings.Trim(f, "0123456789") != "" || len(f) > 2 || strings.HasPrefix(f, "0") {
			id = fmt.Sprint(164 + i)
			fmt.Fprintf(&custom, `<numFmt numFmtId="%s" formatCode="%s"/>`, id, html.EscapeString(f))
		}
		fmt.Fprintf(&xfs, `<xf numFmtId="%s" applyNumberFormat="1"/>`, id)
	}
	for r, cells := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, r+1)
		for i, c := range cells {
			fmt.Fprintf(&sheet, `<c r="%s%d" s="%d"><v>%s</v></c>`, columnName(i), r+1, i+1, c)
		}
		sheet.WriteString("</row>")
	}
	main := `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	parts := map[string]string{}
	for _, p := range bookParts {
		parts[p[0]] = xmlHead + p[1]
	}
	pr := ""
	if date1904 {
		pr = `<workbookPr date1904="1"/>`
	}
	parts["xl/workbook.xml"] = xmlHead + `<workbook ` + main + `>` + pr + `<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>`
	parts["xl/styles.xml"] = xmlHead + `<styleSheet ` + main + `><numFmts>` + custom.String() + `</numFmts><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs><xf/>` + xfs.String() + `</cellXfs></styleSheet>`
	parts["xl/worksheets/sheet1.xml"] = xmlHead + `<worksheet ` + main + `><sheetData>` + sheet.String() + `</sheetData></worksheet>`
	return zipOf(t, parts)
}

// TestShapesOfRealFiles: what people see in their sheet is what is read.
func TestShapesOfRealFiles(t *testing.T) {
	for _, c := range []struct{ format, value, want string }{
		{"14", "46309", "2026/10/14"}, {"yyyy/mm/dd", "46309", "2026/10/14"}, {"yyyy-mm-dd", "46309", "2026-10-14"}, {`yyyy"年"m"月"d"日";@`, "46309", "2026年10月14日"},
		{`[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`, "46309", "2026/10/14"}, {"000000", "123", "000123"}, {"00000000", "12345678", "12345678"},
		{"9", "0.056", "6%"}, {"0.0%", "0.056", "5.6%"}, {"0.0", "5.5999999999999996", "5.6"}, {"0.00_ ", "61.25", "61.25 "}, {"#,##0", "1234567", "1,234,567"},
		{"@", "123", "123"}, {`0"cm"`, "171", "171cm"}, {"0", "64.3", "64"},
	} {
		got, _, err := readAll(strings.NewReader(styled(t, false, []string{c.format}, []string{c.value})), Options{})
		if err != nil || len(got) != 1 || got[0].cells[0] != c.want {
			t.Errorf("%s of %s: %q, %v; want %q", c.format, c.value, show(got), err, c.want)
		}
	}
	got, _, err := readAll(strings.NewReader(styled(t, true, []string{"14"}, []string{"44847"})), Options{})
	if err != nil || show(got) != `1:["2026/10/14"]` {
		t.Errorf("the dates of a Macintosh: %s %v", show(got), err)
	}
}

func TestPatternsAreBounded(t *testing.T) {
	many := make([]string, maxFormats+1)
	for i := range many {
		many[i] = fmt.Sprintf(`0"%d"`, i)
	}
	for name, c := range map[string]struct {
		formats []string
		bad     bool
	}{
		"as long as Excel allows": {[]string{strings.Repeat("0", maxFormat)}, false},
		"one more":                {[]string{strings.Repeat("0", maxFormat+1)}, true},
		"the longest in Japanese": {[]string{`0"` + strings.Repeat("年", maxFormat-3) + `"`}, false},
		"a bomb":                  {[]string{strings.Repeat("0", 30_000)}, true},
		"as many as are allowed":  {many[:maxFormats], false},
		"one pattern more":        {many, true},
	} {
		start := time.Now()
		_, _, err := readAll(strings.NewReader(styled(t, false, c.formats, []string{"1"})), Options{})
		if bad := err != nil; bad != c.bad || bad && (fault.Of(err).Code != "tabular.formats" || !fault.Is(err, fault.Invalid)) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// TestPatternsOfAnyPart: a file may call the part with its styles what it likes.
func TestPatternsOfAnyPart(t *testing.T) {
	for _, part := range []string{
		`<styleSheet><numFmt formatCode='` + strings.Repeat("0", 256) + `'/></styleSheet>`,
		`<x:styleSheet><x:numFmts><x:numFmt numFmtId="1" x:formatCode="` + strings.Repeat("0", 256) + `"/>`,
		`<a><numFmt formatCode16="` + strings.Repeat("&#48;", 256) + `"/></a>`,
	} {
		if err := checkFormats(strings.NewReader(part)); err == nil {
			t.Errorf("let through: %.60s", part)
		}
	}
	for _, part := range []string{"", "\x89PNG\r\n", `<a b="` + strings.Repeat("0", 300) + `"/>`, `<numFmt formatCode="0"/>`} {
		if err := checkFormats(strings.NewReader(part)); err != nil {
			t.Errorf("refused: %.60s", part)
		}
	}
}

// TestASlowWorkbookLosesItsTurn: what stays below every other bound and is slow all the same ends, and the next one is read.
func TestASlowWorkbookLosesItsTurn(t *testing.T) {
	kept := maxWork
	defer func() { maxWork = kept }()
	maxWork = 10 * time.Millisecond
	var rows [][]string
	for range 500 {
		rows = append(rows, []string{"45000.5"})
	}
	slow := styled(t, false, []string{strings.Repeat("ggge", 63)}, rows...)
	if got, _, err := readAll(strings.NewReader(slow), Options{}); err == nil || fault.Of(err).Code != "tabular.formats" || len(got) > 100 {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if _, _, err := readAll(strings.NewReader(styled(t, false, []string{"0"}, []string{"1"})), Options{}); err != nil {
		t.Errorf("the next workbook: %v", err)
	}
}

func TestAWorkbookEndsWithItsContext(t *testing.T) {
	book := styled(t, false, []string{"0"}, []string{"1"}, []string{"2"}, []string{"3"})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := NewReader(strings.NewReader(book), Options{Context: ctx})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	// A second waits for its turn only as long as its own context.
	short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	if _, err := NewReader(strings.NewReader(book), Options{Context: short}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a turn: %v", err)
	}
	cancel()
	if _, _, err := r.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
	next, err := NewReader(bytes.NewReader([]byte(book)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := next.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := next.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the end: %v", err)
	}
}
