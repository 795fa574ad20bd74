// Package paper makes printable Japanese documents (PDF, A4). It brings no font of its own: it embeds the
// glyphs that a document uses from a TrueType font of the machine. It must never write a temporary file,
// and never print a character as an empty box without saying so.
package paper

import (
	"bytes"
	"image/png"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"rakudos/internal/base/fault"
)

// Places are where a Japanese font with TrueType outlines is looked for, in this order; Debian's package
// fonts-ipaexfont brings the first. Noto Sans CJK has CFF outlines in a collection, which the library
// cannot embed.
var Places = []string{
	"/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
	"/usr/share/fonts/truetype/ipaexfont-gothic/ipaexg.ttf",
	"/usr/share/fonts/truetype/fonts-japanese-gothic.ttf",
	"/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
	"/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf",
}

// maxFont bounds the font file, in bytes.
const maxFont = 32 << 20

var loaded struct {
	sync.Mutex
	place string
	font  []byte
}

// font reads the first font of Places; fault.Busy "paper.font" when the machine has none.
func font() ([]byte, error) {
	loaded.Lock()
	defer loaded.Unlock()
	for _, p := range Places {
		if loaded.place == p {
			return loaded.font, nil
		}
		st, err := os.Stat(p)
		if err != nil || st.Size() > maxFont {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		loaded.place, loaded.font = p, b
		return b, nil
	}
	return nil, fault.New(fault.Busy, "paper.font")
}

const (
	face   = "gothic"
	margin = 18.0 // mm, as all lengths here
	width  = 210.0 - 2*margin
	line   = 6.0
)

// Doc is one document under way.
type Doc struct {
	pdf    *fpdf.Fpdf
	glyphs *glyphs
	lost   []rune // characters of the present page that could not be printed
}

// New begins an A4 document in portrait. footer stands on every page beside its number.
func New(title, footer string, made time.Time) (*Doc, error) {
	f, err := font()
	if err != nil {
		return nil, err
	}
	g, err := newGlyphs(f)
	if err != nil {
		return nil, err
	}
	p := fpdf.New("P", "mm", "A4", "")
	d := &Doc{pdf: p, glyphs: g}
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(true, margin)
	p.AddUTF8FontFromBytes(face, "", f)
	p.SetFont(face, "", 10)
	p.SetTitle(g.text(title, nil), true)
	p.SetLang("ja")
	p.SetCreationDate(made)
	p.SetModificationDate(made)
	p.SetFooterFunc(func() {
		p.SetY(-numberAt)
		p.SetFont(face, "", 8)
		d.cell(width-30, 5, footer, "", 1, "L", false)
		if len(d.lost) > 0 {
			p.SetFont(face, "", 6.5)
			p.CellFormat(width, 3, note(d.lost), "", 0, "L", false, 0, "")
			d.lost = nil
		}
	})
	p.AddPage()
	if err := p.Error(); err != nil {
		return nil, fault.New(fault.Busy, "paper.font").Because(err)
	}
	return d, nil
}

// cell writes one line of text, and is the only way for a text to get onto the page.
func (d *Doc) cell(w, h float64, text, border string, next int, align string, fill bool) {
	text = d.glyphs.text(text, func(r rune) { d.lost = addRune(d.lost, r) })
	d.pdf.CellFormat(w, h, text, border, next, align, fill, 0, "")
}

// numberAt is how far above the lower edge footer and page number stand.
const numberAt = 13.0

// number writes "1 / 3" on every page once it is known how many there are. The library's own way replaces its alias
// wherever the bytes of it stand in a page: a name with {nb} in it would come out as a number.
func (d *Doc) number() {
	d.pdf.SetAutoPageBreak(false, 0)
	of := d.pdf.PageCount()
	for n := 1; n <= of; n++ {
		d.pdf.SetPage(n)
		d.pdf.SetFont(face, "", 8)
		d.pdf.SetFontSize(8) // says so on this page, whatever was set on the one before
		d.pdf.SetXY(margin+width-30, 297-numberAt)
		d.cell(30, 5, strconv.Itoa(n)+" / "+strconv.Itoa(of), "", 1, "R", false)
	}
}

// Title is the heading of the document.
func (d *Doc) Title(text string) {
	d.pdf.SetFont(face, "", 20)
	d.lines(text, width, 10, "C")
	d.pdf.Ln(4)
}

// Heading begins a section.
func (d *Doc) Heading(text string) {
	d.room(3 * line)
	d.pdf.Ln(3)
	d.pdf.SetFont(face, "", 12)
	d.pdf.SetFillColor(232, 241, 254)
	d.cell(width, 7.5, text, "L", 1, "L", true)
	d.pdf.Ln(1)
}

// Text is a paragraph.
func (d *Doc) Text(text string) {
	d.pdf.SetFont(face, "", 10)
	d.lines(text, width, line, "L")
}

// wrap breaks a text at any character, but keeps closing marks with what they close. The library's own ways
// (MultiCell, SplitText) lose the character at which they break a text without spaces.
func (d *Doc) wrap(text string, w float64) []string {
	var out []string
	for para := range strings.SplitSeq(text, "\n") {
		begin, used := 0, 0.0
		for i, r := range para {
			n := 0.0
			if p, _ := d.glyphs.print(r); p >= 0 {
				n = d.pdf.GetStringWidth(string(p))
			}
			if used+n > w && i > begin && !strings.ContainsRune("、。）」』】", r) {
				out, begin, used = append(out, para[begin:i]), i, 0
			}
			used += n
		}
		out = append(out, para[begin:])
	}
	return out
}

// lines writes a text that wraps.
func (d *Doc) lines(text string, w, h float64, align string) {
	x := d.pdf.GetX()
	for _, l := range d.wrap(text, w-4) {
		d.pdf.SetX(x)
		d.cell(w, h, l, "", 2, align, false)
	}
	d.pdf.SetX(margin)
}

// Field is a line of name and value; the value wraps.
func (d *Doc) Field(name, value string) {
	const names = 52.0
	d.pdf.SetFont(face, "", 9.5)
	lines := max(len(d.wrap(value, width-names-4)), 1)
	d.room(float64(lines) * line)
	y := d.pdf.GetY()
	d.pdf.SetTextColor(90, 90, 90)
	d.cell(names, line, name, "", 0, "L", false)
	d.pdf.SetTextColor(0, 0, 0)
	d.pdf.SetXY(margin+names, y)
	d.lines(value, width-names, line, "L")
	d.pdf.SetDrawColor(204, 204, 204)
	d.pdf.Line(margin, d.pdf.GetY(), margin+width, d.pdf.GetY())
}

// Table writes rows under a header; widths are parts of the whole. A cell that is too long for its column
// wraps, and the header is repeated on every page.
func (d *Doc) Table(header []string, widths []float64, rows func(yield func([]string) bool)) {
	var sum float64
	for _, w := range widths {
		sum += w
	}
	mm := make([]float64, len(widths))
	for i, w := range widths {
		mm[i] = w / sum * width
	}
	d.row(header, mm, true)
	for r := range rows {
		d.pdf.SetFont(face, "", 8.5)
		if d.pdf.GetY()+d.height(r, mm) > 297-margin {
			d.pdf.AddPage()
			d.row(header, mm, true)
		}
		d.row(r, mm, false)
	}
}

const cell = 4.6

func (d *Doc) height(cells []string, mm []float64) float64 {
	n := 1
	for i, c := range cells {
		n = max(n, len(d.wrap(c, mm[i]-2)))
	}
	return float64(n)*cell + 1
}

func (d *Doc) row(cells []string, mm []float64, head bool) {
	d.pdf.SetFont(face, "", 8.5)
	h := d.height(cells, mm)
	x, y := margin, d.pdf.GetY()
	d.pdf.SetDrawColor(148, 148, 148)
	d.pdf.SetFillColor(242, 242, 242)
	style := "D"
	if head {
		style = "FD"
	}
	for i, c := range cells {
		d.pdf.Rect(x, y, mm[i], h, style)
		d.pdf.SetXY(x, y+0.5)
		for _, l := range d.wrap(c, mm[i]-2) {
			d.pdf.SetX(x)
			d.cell(mm[i], cell, l, "", 2, "L", false)
		}
		x += mm[i]
	}
	d.pdf.SetXY(margin, y+h)
}

// Code draws a QR code with words beside it.
func (d *Doc) Code(content, words string) error {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return err
	}
	if code, err = barcode.Scale(code, 400, 400); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return err
	}
	const side = 34.0
	d.room(side + 4)
	y := d.pdf.GetY() + 2
	d.pdf.RegisterImageOptionsReader("code", fpdf.ImageOptions{ImageType: "PNG"}, &b)
	d.pdf.ImageOptions("code", margin, y, side, side, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	d.pdf.SetFont(face, "", 9)
	d.pdf.SetXY(margin+side+4, y+3)
	d.lines(words, width-side-4, 5, "L")
	d.pdf.SetXY(margin, max(d.pdf.GetY(), y+side+2))
	return d.pdf.Error()
}

// room breaks the page when less than h is left on it.
func (d *Doc) room(h float64) {
	if d.pdf.GetY()+h > 297-margin {
		d.pdf.AddPage()
	}
}

// Write ends the document.
func (d *Doc) Write(w io.Writer) error {
	d.number()
	return d.pdf.Output(w)
}
