package handover

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/base/tabular"
	"rakudos/internal/engine/paper"
)

// Parts of what does not fit one file.
const (
	sheetRows = 1_000_000 // of a workbook; Excel ends at 1,048,576
	paperRows = 1_000     // of a PDF, which is held in memory
)

// Entry is one file of the archive, as the manifest names it.
type Entry struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Digest string `json:"sha256"`
}

// Manifest closes the archive.
type Manifest struct {
	Format  string  `json:"format"`
	Service string  `json:"service"`
	Tenant  string  `json:"tenant"`
	Made    string  `json:"made"`
	Files   []Entry `json:"files"`
}

// Rows counts the records, each once.
func (m *Manifest) Rows() (n int64) {
	for _, e := range m.Files {
		if len(e.Name) > 4 && e.Name[:4] == "csv/" {
			n += e.Rows
		}
	}
	return n
}

// About names the parties and the instant.
type About struct {
	Service string
	Tenant  string
	Now     time.Time
	Temp    string // folder for what is between reading and writing, sealed; empty is the system's
}

// archive writes entries and remembers their digests.
type archive struct {
	ctx context.Context
	zip *zip.Writer
	m   Manifest
}

// Write makes the archive on w, streaming; memory does not grow with the number of records.
func Write(ctx context.Context, w io.Writer, about About, tables []Table) (*Manifest, error) {
	a := &archive{ctx: ctx, zip: zip.NewWriter(w), m: Manifest{
		Format: "rakudos-handover/1", Service: about.Service, Tenant: about.Tenant, Made: jst.StampSec(about.Now),
	}}
	if err := a.text("README.txt", readme(about, tables)); err != nil {
		return nil, err
	}
	schema, err := json.MarshalIndent(map[string]any{"format": a.m.Format, "tables": tables}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("handover: schema: %w", err)
	}
	if err := a.text("schema.json", string(schema)+"\n"); err != nil {
		return nil, err
	}
	for _, t := range tables {
		if err := a.table(t, about); err != nil {
			return nil, err
		}
	}
	manifest, err := json.MarshalIndent(a.m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("handover: manifest: %w", err)
	}
	f, err := a.zip.Create("manifest.json")
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(append(manifest, '\n')); err != nil {
		return nil, err
	}
	return &a.m, a.zip.Close()
}

// table writes one table in every format, of one reading.
func (a *archive) table(t Table, about About) (err error) {
	rows, err := read(a.ctx, about.Temp, t)
	if err != nil {
		return fmt.Errorf("handover: %s: %w", t.Name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	t.Rows = rows.each
	for _, write := range []func(Table) error{a.csv, a.json, a.xlsx} {
		if err := write(t); err != nil {
			return err
		}
	}
	if t.Paper {
		return a.paper(t, about)
	}
	return nil
}

// entry writes one file; fill says how many rows it wrote.
func (a *archive) entry(name string, method uint16, fill func(io.Writer) (int64, error)) error {
	f, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	if err != nil {
		return err
	}
	c := &counter{w: f, h: sha256.New()}
	rows, err := fill(c)
	if err != nil {
		return fmt.Errorf("handover: %s: %w", name, err)
	}
	a.m.Files = append(a.m.Files, Entry{name, rows, c.n, hex.EncodeToString(c.h.Sum(nil))})
	return a.ctx.Err()
}

type counter struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	return n, err
}

func (a *archive) text(name, text string) error {
	return a.entry(name, zip.Deflate, func(w io.Writer) (int64, error) {
		_, err := io.WriteString(w, text)
		return 0, err
	})
}

func (t Table) header() []string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = c.Name
	}
	return out
}

func (a *archive) csv(t Table) error {
	return a.entry("csv/"+t.Name+".csv", zip.Deflate, func(w io.Writer) (n int64, err error) {
		out := tabular.NewCSVWriter(w)
		if err := out.Write(t.header()); err != nil {
			return 0, err
		}
		err = t.Rows(a.ctx, func(row []string) error { n++; return out.Write(row) })
		return n, errors.Join(err, out.Flush())
	})
}

// json writes one object a row, each on a line, inside of one array.
func (a *archive) json(t Table) error {
	return a.entry("json/"+t.Name+".json", zip.Deflate, func(w io.Writer) (n int64, err error) {
		b := bufio.NewWriterSize(w, 32<<10)
		_, _ = b.WriteString("[")
		err = t.Rows(a.ctx, func(row []string) error {
			if n++; n > 1 {
				_, _ = b.WriteString(",")
			}
			_, _ = b.WriteString("\n{")
			for i, c := range t.Columns {
				if i > 0 {
					_, _ = b.WriteString(",")
				}
				key, _ := json.Marshal(c.Name) // a string always has a JSON form
				value, _ := json.Marshal(row[i])
				_, _ = b.Write(key)
				_, _ = b.WriteString(":")
				_, _ = b.Write(value)
			}
			_, err := b.WriteString("}") // bufio keeps the first error
			return err
		})
		_, _ = b.WriteString("\n]\n")
		return n, errors.Join(err, b.Flush())
	})
}

// parts turns the rows into pieces of at most size rows; there is always one, if only with the header.
func (a *archive) parts(t Table, size int, piece func(number int, rows iter.Seq[[]string]) error) error {
	var failed error
	next, stop := iter.Pull(func(yield func([]string) bool) {
		failed = t.Rows(a.ctx, func(row []string) error {
			if !yield(row) {
				return errStopped
			}
			return nil
		})
	})
	defer stop()
	row, more := next()
	for number := 1; number == 1 || more; number++ {
		err := piece(number, func(yield func([]string) bool) {
			for n := 0; more && n < size; n++ {
				if !yield(row) {
					return
				}
				row, more = next()
			}
		})
		if err != nil {
			return err
		}
	}
	return failed
}

var errStopped = errors.New("handover: stopped")

func (a *archive) xlsx(t Table) error {
	return a.parts(t, sheetRows, func(number int, rows iter.Seq[[]string]) error {
		name := fmt.Sprintf("excel/%s%s.xlsx", t.Name, suffix(number))
		return a.entry(name, zip.Store, func(w io.Writer) (n int64, err error) { // a workbook is compressed already
			err = tabular.WriteXLSX(w, t.Title, t.header(), func(yield func([]string) bool) {
				for row := range rows {
					if n++; !yield(row) {
						return
					}
				}
			})
			return n, err
		})
	})
}

func suffix(number int) string {
	if number == 1 {
		return ""
	}
	return fmt.Sprintf("-%d", number)
}

func (a *archive) paper(t Table, about About) error {
	widths := make([]float64, len(t.Columns))
	for i := range widths {
		widths[i] = 1
	}
	return a.parts(t, paperRows, func(number int, rows iter.Seq[[]string]) error {
		name := fmt.Sprintf("pdf/%s%s.pdf", t.Name, suffix(number))
		return a.entry(name, zip.Store, func(w io.Writer) (n int64, err error) {
			d, err := paper.New(t.Title, about.Tenant+" "+t.Title, about.Now)
			if err != nil {
				return 0, err
			}
			d.Title(t.Title)
			d.Table(t.header(), widths, func(yield func([]string) bool) {
				for row := range rows {
					if n++; !yield(row) {
						return
					}
				}
			})
			return n, d.Write(w)
		})
	})
}
