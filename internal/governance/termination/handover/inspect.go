package handover

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Expect is what a package must hold. It is told from elsewhere than the tables that the package was made of, or a
// table that leaves somebody out would be found complete.
type Expect struct {
	Digest  string // of the whole file, as the receipt has it
	Lines   []Line
	Counts  []Count
	Foreign []string // what belongs to others and must stand nowhere
}

// Line is what one row of a table must say, by column; "a|b" is either of two columns.
type Line struct {
	Table string
	Cells map[string]string
}

// Count is how many records a table must list. Records that take several rows are told apart by Key.
type Count struct {
	Table string
	N     int
	Key   func(row map[string]string) string
}

// Inspected is what was opened, and what is wrong with it.
type Inspected struct {
	Files   int
	Records int
	Wrong   []string // Japanese; counts and names of tables alone
}

func (i *Inspected) wrong(format string, a ...any) {
	if s := fmt.Sprintf(format, a...); !slices.Contains(i.Wrong, s) {
		i.Wrong = append(i.Wrong, s)
	}
}

// Inspect opens every file of a package, as the employer would, and holds it against what was put in. It is for
// packages of a probe: everything is held in memory.
func Inspect(ctx context.Context, file []byte, x Expect) *Inspected {
	i := &Inspected{}
	if digest(file) != x.Digest {
		i.wrong("受取りの記録のハッシュ値が、渡したファイルと合いません。")
	}
	files, err := unpacked(file)
	if err != nil {
		i.wrong("渡したファイルを開けません。")
		return i
	}
	i.Files = len(files)
	m := i.manifest(files)
	tables := i.tables(ctx, files, m)
	for _, l := range x.Lines {
		if !slices.ContainsFunc(tables[l.Table], l.in) {
			i.wrong("元の記録のうち、表 %s にないものがあります。", l.Table)
		}
	}
	for _, c := range x.Counts {
		if n := c.of(tables[c.Table]); n != c.N {
			i.wrong("表 %s の記録は%d件で、元の記録の%d件と合いません。", c.Table, n, c.N)
		}
	}
	for name, b := range files {
		for _, text := range x.Foreign {
			if bytes.Contains(b, []byte(text)) || paperHolds(name, b, text) || slices.ContainsFunc(sheetOf(ctx, name, b), func(row []string) bool { return strings.Contains(strings.Join(row, "\n"), text) }) {
				i.wrong("%s に、ほかの会社のデータがあります。", name)
			}
		}
	}
	slices.Sort(i.Wrong)
	return i
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func unpacked(b []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// manifest holds the list of contents against the contents.
func (i *Inspected) manifest(files map[string][]byte) (m Manifest) {
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		i.wrong("manifest.json を読めません。")
	}
	for name := range files {
		if name != "manifest.json" && !slices.ContainsFunc(m.Files, func(e Entry) bool { return e.Name == name }) {
			i.wrong("%s が manifest.json にありません。", name)
		}
	}
	for _, e := range m.Files {
		if b, ok := files[e.Name]; !ok {
			i.wrong("%s がありません。", e.Name)
		} else if int64(len(b)) != e.Bytes || digest(b) != e.Digest {
			i.wrong("%s が manifest.json のハッシュ値と合いません。", e.Name)
		}
	}
	return m
}

// tables reads every table that the schema describes in each format; the formats must say the same.
func (i *Inspected) tables(ctx context.Context, files map[string][]byte, m Manifest) map[string][]map[string]string {
	var schema struct{ Tables []Table }
	if err := json.Unmarshal(files["schema.json"], &schema); err != nil || len(schema.Tables) == 0 {
		i.wrong("schema.json を読めません。")
	}
	out := map[string][]map[string]string{}
	for _, t := range schema.Tables {
		rows, err := readJSON(files["json/"+t.Name+".json"], t.header())
		if err != nil {
			i.wrong("json/%s.json を読めないか、説明の列と合いません。", t.Name)
		}
		i.Records += len(rows)
		for name, read := range map[string]func(context.Context, []byte) ([][]string, error){"csv/" + t.Name + ".csv": readCSV, "excel/" + t.Name + ".xlsx": readSheet} {
			other, err := read(ctx, files[name])
			if err != nil || len(other) == 0 || !slices.Equal(padded(other[0], len(t.Columns)), t.header()) {
				i.wrong("%s を読めないか、説明の列と合いません。", name)
			} else if !sameRows(rows, other[1:]) {
				i.wrong("%s の内容が JSON と違います。", name)
			}
		}
		for _, row := range rows {
			line := map[string]string{}
			for n, c := range t.Columns {
				line[c.Name] = row[n]
			}
			out[t.Name] = append(out[t.Name], line)
		}
		i.paper(t.Name, rows, files, m)
	}
	return out
}

// paper looks for the first column of every row in the list on paper, where there is one.
func (i *Inspected) paper(table string, rows [][]string, files map[string][]byte, m Manifest) {
	name := "pdf/" + table + ".pdf"
	if _, ok := files[name]; !ok {
		if table == "people" {
			i.wrong("%s がありません。", name)
		}
		return
	}
	for _, row := range rows {
		if !paperHolds(name, files[name], row[0]) {
			i.wrong("%s を読めないか、一覧にない記録があります。", name)
		}
	}
	for _, e := range m.Files {
		if e.Name == name && e.Rows != int64(len(rows)) {
			i.wrong("%s の行数が JSON と違います。", name)
		}
	}
}

func (l Line) in(row map[string]string) bool {
	for names, want := range l.Cells {
		if !slices.ContainsFunc(strings.Split(names, "|"), func(name string) bool { return row[name] == want }) {
			return false
		}
	}
	return true
}

func (c Count) of(rows []map[string]string) int {
	if c.Key == nil {
		return len(rows)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		seen[c.Key(row)] = true
	}
	return len(seen)
}
