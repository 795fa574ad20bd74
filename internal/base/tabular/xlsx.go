package tabular

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"rakudos/internal/base/fault"
)

// workbook gives the rows of the first visible sheet of an XLSX file.
type workbook struct {
	ctx  context.Context
	rows *excelize.Rows
	file *excelize.File
	row  int
	work work
}

// openWorkbook reads the whole file. Nothing is ever written to a temporary file, since the cells may be health
// data, and every part is unpacked once, counted, before the spreadsheet library sees it: the sizes that a zip
// declares may be lies.
func openWorkbook(ctx context.Context, r io.Reader) (*workbook, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxWorkbook+1))
	if err != nil {
		return nil, fmt.Errorf("tabular: read workbook: %w", err)
	}
	if len(b) > MaxWorkbook {
		return nil, fault.New(fault.TooLarge, "tabular.workbook_size")
	}
	select {
	case seat <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("tabular: wait for a workbook: %w", ctx.Err())
	}
	var w *workbook
	defer func() {
		if w == nil { // refused, or a panic of the library
			<-seat
		}
	}()
	if w, err = unpack(b); w != nil {
		w.ctx = ctx
	}
	return w, err
}

// seat is taken by the one workbook of the process that is open: the bounds of one file would otherwise add
// up. Whoever opens a second while it holds the first waits for itself.
var seat = make(chan struct{}, 1)

func unpack(b []byte) (*workbook, error) {
	if err := checkParts(b); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{
		UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxUnzipped,
		ShortDatePattern: "yyyy/mm/dd", LongDatePattern: "yyyy/mm/dd",
	})
	if err != nil {
		return nil, fault.New(fault.Invalid, "tabular.workbook").Because(err)
	}
	sheets := f.GetSheetList()
	for _, sheet := range sheets[:min(len(sheets), maxSheets)] {
		if visible, err := f.GetSheetVisible(sheet); err != nil || !visible {
			continue
		}
		if rows, err := f.Rows(sheet); err == nil {
			return &workbook{rows: rows, file: f}, nil
		}
	}
	return nil, fault.New(fault.Invalid, "tabular.workbook")
}

// maxSheets is how many sheets are looked at for a visible one: each look costs as much as there are sheets.
const maxSheets = 100

// isSheet tells by the name, in lower case, which parts are read as a stream.
func isSheet(name string) bool { return strings.HasPrefix(name, "xl/worksheets/sheet") }

// checkParts unpacks every part, which also verifies its checksum, and refuses a bomb of bytes or of tags, a zip that
// is no workbook and a sheet that breaks off.
func checkParts(b []byte) error {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return fault.New(fault.Invalid, "tabular.workbook").Because(err)
	}
	if len(z.File) > maxParts {
		return fault.New(fault.TooLarge, "tabular.workbook_size")
	}
	left, isBook, cells := int64(MaxUnzipped), false, 0
	for _, f := range z.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		isBook = isBook || name == "xl/workbook.xml"
		if f.UncompressedSize64 > uint64(left) {
			return fault.New(fault.TooLarge, "tabular.workbook_size")
		}
		var end tail
		var m markup
		rc, err := f.Open()
		if err != nil {
			return fault.New(fault.Invalid, "tabular.workbook").Because(err)
		}
		n, err := io.Copy(io.MultiWriter(&end, &m), io.LimitReader(rc, left+1))
		_ = rc.Close()
		left -= n
		if isSheet(name) {
			cells += m.cells
		}
		if left < 0 || cells > maxCells || !m.fits(name) {
			return fault.New(fault.TooLarge, "tabular.workbook_size")
		}
		if err != nil {
			return fault.New(fault.Invalid, "tabular.workbook").Because(err)
		}
		if err := formatsOf(f, name); err != nil {
			return err
		}
		if name == "_rels/.rels" && !plainRoot(f) {
			return fault.New(fault.Invalid, "tabular.workbook")
		}
		if isSheet(name) && !strings.HasSuffix(strings.TrimSpace(string(end)), "worksheet>") {
			return fault.New(fault.Invalid, "tabular.workbook")
		}
	}
	if !isBook {
		return fault.New(fault.Invalid, "tabular.binary")
	}
	return nil
}

func formatsOf(f *zip.File, name string) error {
	if isSheet(name) || name == "xl/sharedstrings.xml" {
		return nil
	}
	rc, err := f.Open()
	if err != nil {
		return fault.New(fault.Invalid, "tabular.workbook").Because(err)
	}
	defer rc.Close() //nolint:errcheck // only read
	return checkFormats(rc)
}

// plainRoot tells whether no relationship of the package names a sheet: as the workbook it would be read
// whole, with the tags of a sheet.
func plainRoot(f *zip.File) bool {
	rc, err := f.Open()
	if err != nil {
		return false
	}
	defer rc.Close() //nolint:errcheck // only read
	var root struct {
		Relationship []struct {
			Target string `xml:"Target,attr"`
		}
	}
	if err := xml.NewDecoder(rc).Decode(&root); err != nil {
		return false
	}
	for _, r := range root.Relationship {
		if isSheet(strings.ToLower(strings.TrimPrefix(r.Target, "/"))) {
			return false
		}
	}
	return true
}

// tail keeps the last bytes written to it.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	const keep = 64
	all := append(*t, p[max(0, len(p)-keep):]...)
	*t = append((*t)[:0], all[max(0, len(all)-keep):]...)
	return len(p), nil
}

func (w *workbook) next() (int, []string, error) {
	for w.rows.Next() {
		w.row++
		if err := w.ctx.Err(); err != nil {
			return 0, nil, fmt.Errorf("tabular: read row %d: %w", w.row, err)
		}
		var cells []string
		var err error
		if !w.work.do(func() { cells, err = w.rows.Columns() }) {
			return 0, nil, fault.New(fault.Invalid, "tabular.formats")
		}
		if err != nil {
			return 0, nil, broken("tabular.row", w.row).Because(err)
		}
		if len(cells) > MaxColumns {
			return 0, nil, broken("tabular.columns", w.row)
		}
		blank := true
		for _, c := range cells {
			if len(c) > MaxField {
				return 0, nil, broken("tabular.field_size", w.row)
			}
			blank = blank && c == ""
		}
		if !blank {
			return w.row, cells, nil
		}
	}
	if err := w.rows.Error(); err != nil {
		return 0, nil, broken("tabular.row", w.row+1).Because(err)
	}
	return 0, nil, io.EOF
}

// close gives back the memory and lets the next workbook in; more than once is no harm.
func (w *workbook) close() {
	if w.file == nil {
		return
	}
	_ = w.rows.Close()
	_ = w.file.Close()
	w.rows, w.file = nil, nil
	<-seat
}
