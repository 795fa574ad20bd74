package tabular

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a sheet can hold.
const (
	maxSheetRows = 1 << 20
	maxCellChars = 32767
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// parts of a workbook with one sheet, but for the sheet itself; %s is its name.
var bookParts = [][2]string{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Yu Gothic"/></font><font><b/><sz val="11"/><name val="Yu Gothic"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`},
}

const (
	workbookXML = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="%s" sheetId="1" r:id="rId1"/></sheets></workbook>`
	sheetHead   = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>`
	sheetFoot   = `</sheetData></worksheet>`
)

// WriteXLSX writes a workbook of one sheet, header first, streaming: memory does not grow with the rows and no temporary
// file is made. Texts go through Guard; a cell that is a number in its shortest form becomes a number.
func WriteXLSX(w io.Writer, sheet string, header []string, rows iter.Seq[[]string]) error {
	z := zip.NewWriter(w)
	parts := append([][2]string{{"xl/workbook.xml", fmt.Sprintf(workbookXML, escape(sheetName(sheet)))}}, bookParts...)
	for _, p := range parts {
		f, err := z.Create(p[0])
		if err != nil {
			return fmt.Errorf("tabular: write workbook: %w", err)
		}
		if _, err := io.WriteString(f, xmlHead+p[1]); err != nil {
			return fmt.Errorf("tabular: write workbook: %w", err)
		}
	}
	f, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return fmt.Errorf("tabular: write workbook: %w", err)
	}
	b := bufio.NewWriterSize(f, 32<<10)
	_, _ = b.WriteString(xmlHead + sheetHead) // bufio keeps the error for Flush
	if err := writeRow(b, 1, header, ` s="1"`); err != nil {
		return err
	}
	n := 1
	for row := range rows {
		n++
		if err := writeRow(b, n, row, ""); err != nil {
			return err
		}
	}
	_, _ = b.WriteString(sheetFoot)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("tabular: write workbook: %w", err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("tabular: write workbook: %w", err)
	}
	return nil
}

func writeRow(b *bufio.Writer, n int, cells []string, style string) error {
	if n > maxSheetRows {
		return fmt.Errorf("tabular: a sheet ends at %d rows", maxSheetRows)
	}
	_, _ = fmt.Fprintf(b, `<row r="%d">`, n)
	for i, c := range cells {
		ref := columnName(i) + strconv.Itoa(n)
		switch {
		case c == "":
		case shortNumber(c):
			_, _ = fmt.Fprintf(b, `<c r="%s"%s><v>%s</v></c>`, ref, style, c)
		case utf8.RuneCountInString(c) >= maxCellChars:
			return fmt.Errorf("tabular: a cell ends at %d characters", maxCellChars)
		default:
			_, _ = fmt.Fprintf(b, `<c r="%s"%s t="inlineStr"><is><t xml:space="preserve">`, ref, style)
			_ = xml.EscapeText(b, []byte(Guard(c)))
			_, _ = b.WriteString(`</t></is></c>`)
		}
	}
	_, err := b.WriteString(`</row>`)
	return err
}

// shortNumber tells whether turning s into a number and back loses nothing.
func shortNumber(s string) bool {
	if len(s) > 15 || !isNumber(s) {
		return false
	}
	v, err := strconv.ParseFloat(s, 64)
	return err == nil && strconv.FormatFloat(v, 'f', -1, 64) == s
}

// columnName is A for 0, Z for 25, AA for 26.
func columnName(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

// sheetName drops what Excel refuses in a sheet's name.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 31 {
		s = string(r[:31])
	}
	if s == "" {
		return "Sheet1"
	}
	return s
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
