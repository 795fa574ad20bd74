package tabular

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"rakudos/internal/base/fault"
)

func zipOf(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWorkbook(t *testing.T) {
	f := excelize.NewFile()
	set := func(sheet, cell string, v any) {
		if err := f.SetCellValue(sheet, cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.NewSheet("結果"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetVisible("Sheet1", true); err != nil {
		t.Fatal(err)
	}
	f.SetActiveSheet(1)
	if err := f.SetSheetVisible("Sheet1", false); err != nil {
		t.Fatal(err)
	}
	set("Sheet1", "A1", "hidden")
	for cell, v := range map[string]any{
		"A1": "社員番号", "B1": "受診日", "C1": "HbA1c", "D1": "メモ", "A2": "000123", "B2": time.Date(2026, 10, 14, 0, 0, 0, 0, time.UTC),
		"C2": 5.6, "A5": 100124, "C5": 61.3, "D5": "二行\nあり",
	} {
		set("結果", cell, v)
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellStyle("結果", "B2", "B2", style); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, enc, err := readAll(&b, Options{})
	want := `1:["社員番号" "受診日" "HbA1c" "メモ"] 2:["000123" "2026/10/14" "5.6"] 5:["100124" "" "61.3" "二行\nあり"]`
	if err != nil || enc != XLSX || show(got) != want {
		t.Errorf("%s %s %v\nwant %s", show(got), enc, err, want)
	}
}

func TestZipBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 64<<20)
	sheets := map[string]string{"xl/workbook.xml": "<workbook/>"}
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		sheets["xl/"+n] = zeros
	}
	honest := zipOf(t, sheets)
	many := map[string]string{}
	for i := range maxParts + 1 {
		many[strings.Repeat("x", 1+i%50)+string(rune('a'+i%26))+strings.Repeat("y", i/50)] = ""
	}
	for name, in := range map[string]string{"unpacks to 320 MiB": honest, "too many parts": zipOf(t, many), "too long": "PK\x03\x04" + strings.Repeat("x", MaxWorkbook)} {
		_, _, err := readAll(strings.NewReader(in), Options{})
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != "tabular.workbook_size" || f.Kind != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A central directory that declares fewer bytes than a part unpacks to.
	lie := []byte(zipOf(t, map[string]string{"xl/workbook.xml": strings.Repeat("x", 1000)}))
	at := bytes.LastIndex(lie, []byte("PK\x01\x02"))
	lie[at+24], lie[at+25] = 10, 0
	if _, _, err := readAll(bytes.NewReader(lie), Options{}); err == nil || fault.Of(err).Code != "tabular.workbook" {
		t.Errorf("a lying size: %v", err)
	}
}

// Small files whose parts the spreadsheet library would turn into gigabytes.
func TestTagBombs(t *testing.T) {
	root := `<Relationships><Relationship Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	book := `<workbook><sheets><sheet name="a" sheetId="1"/></sheets></workbook>`
	sheet := func(rows string) string { return "<worksheet><sheetData>" + rows + "</sheetData></worksheet>" }
	parts := func(more map[string]string) string {
		all := map[string]string{"_rels/.rels": root, "xl/workbook.xml": book, "xl/worksheets/sheet1.xml": sheet(`<row r="1"><c r="A1"><v>1</v></c></row>`)}
		maps.Copy(all, more)
		return zipOf(t, all)
	}
	for name, c := range map[string]struct {
		more map[string]string
		code string
	}{
		"shared strings":        {map[string]string{"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", maxStrings) + "</sst>"}, "tabular.workbook_size"},
		"styles":                {map[string]string{"xl/styles.xml": "<styleSheet><cellXfs>" + strings.Repeat("<xf/>", maxTags) + "</cellXfs></styleSheet>"}, "tabular.workbook_size"},
		"sheets in the book":    {map[string]string{"xl/workbook.xml": "<workbook><sheets>" + strings.Repeat("<sheet/>", maxTags) + "</sheets></workbook>"}, "tabular.workbook_size"},
		"cells of one row":      {map[string]string{"xl/worksheets/sheet1.xml": sheet("<row>" + strings.Repeat("<c/>", maxCells+1) + "</row>")}, "tabular.workbook_size"},
		"cells with a prefix":   {map[string]string{"xl/worksheets/sheet1.xml": sheet("<row>" + strings.Repeat("<x:c />", maxCells+1) + "</row>")}, "tabular.workbook_size"},
		"rows without cells":    {map[string]string{"xl/worksheets/sheet1.xml": sheet(strings.Repeat("<row/>", maxRows+1))}, "tabular.workbook_size"},
		"rows with a prefix":    {map[string]string{"xl/worksheets/sheet1.xml": sheet(strings.Repeat("<x:row\n/>", maxRows+1))}, "tabular.workbook_size"},
		"cells of two sheets":   {map[string]string{"xl/worksheets/sheet1.xml": sheet(strings.Repeat("<c/>", maxCells/2+1)), "xl/worksheets/sheet2.xml": sheet(strings.Repeat("<c>", maxCells/2+1))}, "tabular.workbook_size"},
		"attributes of a cell":  {map[string]string{"xl/worksheets/sheet1.xml": sheet("<row><c" + strings.Repeat(` a=""`, maxEquals+1) + "/></row>")}, "tabular.workbook_size"},
		"one long string":       {map[string]string{"xl/sharedStrings.xml": "<sst><si><t>" + strings.Repeat("a", maxPart) + "</t></si></sst>"}, "tabular.workbook_size"},
		"nested for ever":       {map[string]string{"xl/worksheets/sheet1.xml": sheet(strings.Repeat("<a>", maxDepth))}, "tabular.workbook_size"},
		"nested, hidden ends":   {map[string]string{"xl/worksheets/sheet1.xml": sheet(strings.Repeat(`<a b="/>" c='/>'>/>`, maxDepth))}, "tabular.workbook_size"},
		"nested, comments":      {map[string]string{"xl/worksheets/sheet1.xml": sheet(strings.Repeat("<a><!--</a>-->", maxDepth))}, "tabular.workbook_size"},
		"a sheet as the book":   {map[string]string{"_rels/.rels": strings.ReplaceAll(root, "xl/workbook.xml", "/xl/Worksheets/sheet1.xml")}, "tabular.workbook"},
		"a root that is no XML": {map[string]string{"_rels/.rels": "<"}, "tabular.workbook"},
	} {
		_, _, err := readAll(strings.NewReader(parts(c.more)), Options{})
		if f := fault.Of(err); err == nil || f.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMarkupOfARealSheet(t *testing.T) {
	var m markup
	for _, b := range []byte(`<?xml version="1.0"?><x:worksheet a='>' b="/>"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>1</x:v></x:c><x:c/><x:col/><rows/><ro/></x:row><c><f>A1=B1</f></c></x:sheetData></x:worksheet>`) {
		_, _ = m.Write([]byte{b})
	}
	if m.cells != 3 || m.rows != 1 || m.depth != 0 || m.deepest != 5 || m.tags != 19 || m.mostEquals != 2 || m.declared || !m.fits("xl/worksheets/sheet1.xml") {
		t.Errorf("%+v", m)
	}
}

func TestWriteXLSX(t *testing.T) {
	header := []string{"社員番号", "氏名", "値", "メモ"}
	rows := [][]string{
		{"000123", "山田 <太郎> & \"花子\"", "5.6", "=1+1"},
		{"100124", " 前後の空白 ", "-3", "二行\nあり"},
		{"", "12345678901234567890", "5.60", "+81-3"},
	}
	var b bytes.Buffer
	if err := WriteXLSX(&b, "健診/結果[2026]", header, slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	got, _, err := readAll(bytes.NewReader(b.Bytes()), Options{})
	want := `1:["社員番号" "氏名" "値" "メモ"] 2:["000123" "山田 <太郎> & \"花子\"" "5.6" "'=1+1"] 3:["100124" " 前後の空白 " "-3" "二行\nあり"] 4:["" "12345678901234567890" "5.60" "'+81-3"]`
	if err != nil || show(got) != want {
		t.Errorf("%s %v\nwant %s", show(got), err, want)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if f.GetSheetName(0) != "健診結果2026" {
		t.Errorf("sheet %q", f.GetSheetName(0))
	}
	if typ, _ := f.GetCellType("健診結果2026", "C2"); typ == excelize.CellTypeInlineString {
		t.Error("a number was written as text")
	}
	if v, _ := f.GetCellFormula("健診結果2026", "D2"); v != "" {
		t.Errorf("formula %q", v)
	}
}

func TestColumnName(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA"} {
		if got := columnName(i); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
}

func TestGuard(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "山田": "山田", "=1+1": "'=1+1", "+1+1": "'+1+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"＝1": "'＝1", "＋1": "'＋1", "－1+1": "'－1+1", "＠a": "'＠a", "-1.5": "-1.5", "+3": "+3", "-": "-", "+": "+", "－": "－", "--1": "'--1", "-+1": "'-+1", "-1e5": "'-1e5",
		"-.5": "'-.5", "-5.": "'-5.", "=": "'=", "+-": "'+-", "2+": "2+", "1-2": "1-2", "-1|cmd": "'-1|cmd",
	} {
		if got := Guard(in); got != want {
			t.Errorf("Guard(%q) = %q, want %q", in, got, want)
		}
	}
	var b bytes.Buffer
	w := NewCSVWriter(&b)
	if err := w.Write([]string{"氏名", "=cmd|' /C calc'!A0", "-1", "a\"b"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "\ufeff氏名,'=cmd|' /C calc'!A0,-1,\"a\"\"b\"\r\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// Several workbooks at once would add up: the second waits until the first is read, closed or broken.
func TestOneWorkbookAtATime(t *testing.T) {
	var b bytes.Buffer
	if err := WriteXLSX(&b, "a", []string{"社員番号"}, slices.Values([][]string{{"1"}, {"2"}})); err != nil {
		t.Fatal(err)
	}
	open := func() *Reader {
		r, err := NewReader(bytes.NewReader(b.Bytes()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, end := range map[string]func(*Reader){
		"read to the end": func(r *Reader) {
			for range 4 {
				_, _, _ = r.Next()
			}
		},
		"closed early": func(r *Reader) { r.Close(); r.Close() },
	} {
		first, second := open(), make(chan *Reader)
		go func() {
			r, _ := NewReader(bytes.NewReader(b.Bytes()), Options{})
			second <- r
		}()
		if _, _, err := first.Next(); err != nil {
			t.Fatal(err)
		}
		if csv, err := NewReader(strings.NewReader("a,b\n1,2\n"), Options{}); err != nil || csv.Encoding() != ASCII {
			t.Errorf("a CSV has to wait: %v", err)
		}
		select {
		case <-second:
			t.Fatalf("%s: two are open", name)
		case <-time.After(50 * time.Millisecond):
		}
		end(first)
		(<-second).Close()
		if _, _, err := first.Next(); err == nil {
			t.Errorf("%s: it goes on", name)
		}
	}
	broken := strings.NewReader(zipOf(t, map[string]string{"xl/workbook.xml": "<"}))
	if _, err := NewReader(broken, Options{}); err == nil {
		t.Error("no workbook is read")
	}
	open().Close() // the broken one holds no seat
}
