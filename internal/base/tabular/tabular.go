// Package tabular reads and writes tables as customers send and take them: CSV in the encodings of Japan, and
// XLSX. It must never guess past a broken quote or character: it stops and names the physical line.
package tabular

import (
	"context"
	"strconv"

	"rakudos/internal/base/fault"
)

// Encoding of a table file.
type Encoding string

const (
	ASCII   Encoding = "US-ASCII" // nothing decided yet: UTF-8 or CP932 is chosen at the first other character
	UTF8    Encoding = "UTF-8"
	UTF8BOM Encoding = "UTF-8 (BOM)"
	UTF16LE Encoding = "UTF-16LE"
	UTF16BE Encoding = "UTF-16BE"
	CP932   Encoding = "CP932" // Windows-31J, what Japanese Excel calls Shift_JIS
	XLSX    Encoding = "XLSX"
)

// Bounds of one file; a file beyond them is refused, never cut.
const (
	MaxField    = 64 << 10 // bytes of one cell, as UTF-8
	MaxLine     = 1 << 20  // bytes of one record, as in the file
	MaxColumns  = 4000     // cells of one record
	MaxWorkbook = 32 << 20 // bytes of an XLSX file as sent
	MaxUnzipped = 96 << 20 // bytes of an XLSX file unpacked
	maxParts    = 2000     // files inside an XLSX file
	sampleSize  = 64 << 10
)

// Options of a Reader; the zero value is right for uploads.
type Options struct {
	// Context ends the waiting for a turn and the reading of a workbook; nil never does.
	Context context.Context
	Comma   byte // 0: a tab if the first line has tabs and no comma, else a comma
}

// broken is the fault of one line of the file.
func broken(code string, line int) *fault.Fault {
	return fault.New(fault.Invalid, code, "line", strconv.Itoa(line))
}
