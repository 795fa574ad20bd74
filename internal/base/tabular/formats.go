package tabular

import (
	"encoding/xml"
	"errors"
	"io"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rakudos/internal/base/fault"
)

// A workbook brings the patterns by which its own numbers are shown, and the spreadsheet library follows them in time
// that grows with the square of their length. Without following them there are no dates, no numbers
// with leading zeros and no percentages, so both the patterns and the time are bounded.
const (
	maxFormat  = 255  // characters of one pattern, as many as Excel itself allows
	maxFormats = 4000 // patterns of a workbook; Excel writes up to some 250, and each cell looks for its own
)

// maxWork is the time of one processor for all cells of a workbook; the largest honest one takes a fraction of it. A
// test makes it small.
var maxWork = 45 * time.Second

// checkFormats refuses a part with patterns that no spreadsheet program writes. It looks at every part that is no sheet,
// since the name of the one with the styles is the file's own choice.
func checkFormats(part io.Reader) error {
	d := xml.NewDecoder(part)
	d.Strict = false
	for n := 0; ; {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return nil //nolint:nilerr // no XML: an image; and what is broken the library refuses
		}
		start, ok := tok.(xml.StartElement)
		if !ok || !strings.EqualFold(start.Name.Local, "numFmt") {
			continue
		}
		if n++; n > maxFormats {
			return fault.New(fault.Invalid, "tabular.formats")
		}
		for _, a := range start.Attr {
			if strings.HasPrefix(strings.ToLower(a.Name.Local), "formatcode") && len([]rune(a.Value)) > maxFormat {
				return fault.New(fault.Invalid, "tabular.formats")
			}
		}
	}
}

// work adds up the time of the processor that the cells of a workbook have taken: unlike the time on the wall it does not
// depend on what else the machine does.
type work struct{ spent time.Duration }

// do runs f and tells whether the workbook still has time left.
func (w *work) do(f func()) bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := threadTime()
	f()
	w.spent += threadTime() - before
	return w.spent <= maxWork
}

func threadTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
