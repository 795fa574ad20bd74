package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"rakudos/internal/base/fault"
)

type record struct {
	line  int
	cells []string
}

func readAll(r io.Reader, o Options) (out []record, enc Encoding, err error) {
	t, err := NewReader(r, o)
	if err != nil {
		return nil, "", err
	}
	for {
		line, cells, err := t.Next()
		if err != nil {
			if _, _, again := t.Next(); again != err {
				return nil, "", fmt.Errorf("the error %w does not stay", err)
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return out, t.Encoding(), err
		}
		out = append(out, record{line, slices.Clone(cells)})
	}
}

func show(rs []record) string {
	var b strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&b, "%d:%q ", r.line, r.cells)
	}
	return strings.TrimSpace(b.String())
}

func cp932(s string) string {
	out, err := japanese.ShiftJIS.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func utf16(s string, e unicode.Endianness) string {
	out, err := unicode.UTF16(e, unicode.UseBOM).NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func TestRecordsAndLines(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
		enc      Encoding
	}{
		"plain":            {"a,b\n1,2\n", `1:["a" "b"] 2:["1" "2"]`, ASCII},
		"crlf, no end":     {"a,b\r\n1,2", `1:["a" "b"] 2:["1" "2"]`, ASCII},
		"empty cells":      {",\n,,\n", `1:["" ""] 2:["" "" ""]`, ASCII},
		"blank lines":      {"a\n\n\r\nb\n", `1:["a"] 4:["b"]`, ASCII},
		"quoted":           {"\"a,\"\"b\"\"\",\"\"\nc,\"d\"\n", `1:["a,\"b\"" ""] 2:["c" "d"]`, ASCII},
		"line end inside":  {"h\r\n\"a\r\nb\n\nc\",x\r\ny,z\r\n", `1:["h"] 2:["a\nb\n\nc" "x"] 6:["y" "z"]`, ASCII},
		"two such cells":   {"\"a\nb\",\"c\nd\"\ne\n", `1:["a\nb" "c\nd"] 4:["e"]`, ASCII},
		"quote then comma": {"\"\",\"\"\n", `1:["" ""]`, ASCII},
		"utf8":             {"氏名,値\n山田,５\n", `1:["氏名" "値"] 2:["山田" "５"]`, UTF8},
		"bom":              {"\ufeff氏名\n山田\n", `1:["氏名"] 2:["山田"]`, UTF8BOM},
		"bom and ascii":    {"\ufeffa\n", `1:["a"]`, UTF8BOM},
		"cp932":            {cp932("氏名,ｶﾅ,①髙﨑∥～－\r\n\"表,示\",ソ能,十\r\n"), `1:["氏名" "ｶﾅ" "①髙﨑∥～－"] 2:["表,示" "ソ能" "十"]`, CP932},
		"half-width kana":  {cp932("ﾔﾏﾀﾞ,ﾀﾛｳ\n"), `1:["ﾔﾏﾀﾞ" "ﾀﾛｳ"]`, CP932},
		"utf16le":          {utf16("氏名\t値\r\n山田\t5\r\n", unicode.LittleEndian), `1:["氏名" "値"] 2:["山田" "5"]`, UTF16LE},
		"utf16be":          {utf16("氏名,値\n山田,5", unicode.BigEndian), `1:["氏名" "値"] 2:["山田" "5"]`, UTF16BE},
		"tabs":             {"a\tb\n1\t2,3\n", `1:["a" "b"] 2:["1" "2,3"]`, ASCII},
		"cr alone":         {"a,b\r1,2\r", `1:["a" "b"] 2:["1" "2"]`, ASCII},
		"dos end":          {"a\n1\n\x1a", `1:["a"] 2:["1"]`, ASCII},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, enc, err := readAll(r, Options{})
			if err != nil || show(got) != c.want || enc != c.enc {
				t.Errorf("%s: %s %s %v; want %s %s", name, show(got), enc, err, c.want, c.enc)
			}
		}
	}
}

func TestEncodingDecidedLate(t *testing.T) {
	head := strings.Repeat("100000,abc,12.5\n", 20_000)
	for enc, tail := range map[Encoding]string{CP932: cp932("山田,値\n"), UTF8: "山田,値\n"} {
		got, e, err := readAll(strings.NewReader(head+tail), Options{})
		if last := got[len(got)-1]; err != nil || e != enc || last.line != 20_001 || last.cells[0] != "山田" {
			t.Errorf("%s: %s %v %v", enc, e, last, err)
		}
	}
}

func TestFaults(t *testing.T) {
	good := strings.Repeat(cp932("山田,x\r\n"), 70_000)
	for name, c := range map[string]struct{ in, code, line string }{
		"unclosed at 70,001":         {good + "\"a,b\r\n" + good, "tabular.quote", "70001"},
		"closed by a later quote":    {good + "\"a,b\r\nc,\"d\"\r\n", "tabular.quote", "70001"},
		"unclosed at the end":        {"a\nb,\"c", "tabular.quote", "2"},
		"after the closing quote":    {"a\n\"b\"c,d\n", "tabular.quote", "2"},
		"in a bare cell":             {"a\nb\nc\"d,e\n", "tabular.quote", "3"},
		"second quoted cell":         {"\"a\nb\",\"c\n", "tabular.quote", "2"},
		"cp932 with a wrong byte":    {good + "\x81 ,y\n", "tabular.encoding", "70001"},
		"utf-8 with a wrong byte":    {strings.Repeat("山田,x\n", 70_000) + "\xe3\x81,y\n", "tabular.encoding", "70001"},
		"wrong byte near the start":  {strings.Repeat(cp932("山田,x\n"), 100) + "\xff\n", "tabular.encoding", "101"},
		"wrong byte inside quotes":   {"\ufeffa\n\"b\n\xff\",c\n", "tabular.encoding", "3"},
		"cut utf-16":                 {utf16("山\n田", unicode.LittleEndian)[:7], "tabular.encoding", "2"},
		"euc-jp":                     {mustEUC("氏名,カナ氏名,性別\n"), "tabular.encoding", "1"},
		"iso-2022-jp":                {"a\n\x1b$B;aL>\x1b(B\n", "tabular.encoding", "2"},
		"late nul":                   {good + "a\x00b\n", "tabular.binary", "70001"},
		"wide":                       {"a\n" + strings.Repeat(",", MaxColumns) + "\n", "tabular.columns", "2"},
		"long cell":                  {"a\n" + strings.Repeat("x", MaxField+1) + "\n", "tabular.field_size", "2"},
		"long line":                  {"a\n" + strings.Repeat("xxxxxxxxx,", MaxLine/8) + "\n", "tabular.line_size", "2"},
		"long quoted":                {"a\n\"" + strings.Repeat("xxxxxxx\n", MaxLine/8), "tabular.quote", "2"},
		"empty":                      {"", "tabular.empty", ""},
		"png":                        {"\x89PNG\r\n\x1a\n", "tabular.binary", ""},
		"pdf":                        {"%PDF-1.7\n", "tabular.binary", ""},
		"nul at the start":           {"a\x00b", "tabular.binary", ""},
		"old excel":                  {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "tabular.old_excel", ""},
		"a zip without a workbook":   {zipOf(t, map[string]string{"a.txt": "a"}), "tabular.binary", ""},
		"a zip that breaks off":      {zipOf(t, map[string]string{"a.txt": "a"})[:60], "tabular.workbook", ""},
		"a workbook without a sheet": {zipOf(t, map[string]string{"xl/workbook.xml": "<workbook/>"}), "tabular.workbook", ""},
		"a sheet that breaks off": {zipOf(t, map[string]string{
			"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": "<worksheet><sheetData><row>",
		}), "tabular.workbook", ""},
	} {
		_, _, err := readAll(strings.NewReader(c.in), Options{})
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != c.code || f.Args["line"] != c.line || f.Kind != fault.Invalid {
			t.Errorf("%s: %v %v; want %s line %s", name, err, f, c.code, c.line)
		}
	}
	broken := errors.New("the wire broke")
	if _, _, err := readAll(io.MultiReader(strings.NewReader(good), iotest.ErrReader(broken)), Options{}); !errors.Is(err, broken) {
		t.Errorf("an error of the source became %v", err)
	}
}

func mustEUC(s string) string {
	out, err := japanese.EUCJP.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

// Whatever cells are written, they are read back, and each record's line is where it begins.
func TestReadsWhatIsWritten(t *testing.T) {
	cell := rapid.OneOf(rapid.SampledFrom([]string{"", "山田 太郎", "a,b", "say \"x\"", "1\n2", "100", "ソ", "ﾔﾏﾀﾞ", "'"}),
		rapid.StringMatching(`[a-z ,"あ-んア-ン日本語健診表示]{0,12}`))
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 5), 1, 20).Draw(t, "rows")
		enc := rapid.SampledFrom([]string{"utf8", "cp932", "utf16"}).Draw(t, "enc")
		var b bytes.Buffer
		w := NewCSVWriter(&b)
		for _, r := range rows {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		in := b.String()
		switch enc {
		case "cp932":
			in = cp932(strings.TrimPrefix(in, "\ufeff"))
		case "utf16":
			in = utf16(strings.TrimPrefix(in, "\ufeff"), unicode.LittleEndian)
		}
		got, _, err := readAll(strings.NewReader(in), Options{Comma: ','})
		if err != nil || len(got) != len(rows) {
			t.Fatalf("%d of %d records, %v", len(got), len(rows), err)
		}
		line := 1
		for i, r := range got {
			if !slices.Equal(r.cells, rows[i]) || r.line != line {
				t.Fatalf("line %d %q; want line %d %q", r.line, r.cells, line, rows[i])
			}
			line += 1 + strings.Count(strings.Join(rows[i], ""), "\n")
		}
	})
}

func TestCP932TableIsTheStandardOne(t *testing.T) {
	dec := japanese.ShiftJIS.NewDecoder()
	for hi := 0x80; hi <= 0xff; hi++ {
		for lo := 0; lo <= 0xff; lo++ {
			b := []byte{byte(hi), byte(lo)}
			got, bad := appendCP932(nil, b)
			want, err := dec.Bytes(b)
			// x/text reads 0x80 as U+0080; no file has it, and here it is an error.
			if wrong := err != nil || bytes.Contains(want, []byte("\uFFFD")) || hi == 0x80 || lo == 0x80 && hi >= 0xa1 && hi <= 0xdf; wrong != (bad >= 0) {
				t.Fatalf("%x: %q bad at %d; the standard reads %q", b, got, bad, want)
			} else if !wrong && string(got) != string(want) {
				t.Fatalf("%x: %q, want %q", b, got, want)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\nb\",\"c\"\"\"\n", "\"", cp932("氏名,ｶﾅ\n\"表\"\n"), "\ufeff氏名\n", utf16("氏名\n", unicode.LittleEndian), "\xff\xfe\x00", "PK\x03\x04", "\x81", "a\rb\r", mustEUC("氏名")} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, err := readAll(bytes.NewReader(b), Options{})
		if err != nil && fault.Of(err).Kind == fault.Internal {
			t.Fatalf("%v", err)
		}
		for i, r := range got {
			if len(r.cells) == 0 || i > 0 && r.line <= got[i-1].line {
				t.Fatalf("record %d: line %d, %d cells", i, r.line, len(r.cells))
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	row := "100123,佐藤 翔太,サトウ ショウタ,男,1980/04/01,2026/10/14,京都サンプル健診センター,171.2,64.3,21.9,80.5,1.0,1.2,所見なし,所見なし,所見なし,所見なし,124,78,14.5,480,22,19,30,120,60,98,92,5.4,-,-,0.8,所見なし,所見なし,なし,なし\r\n"
	for name, in := range map[string]string{"cp932": cp932(row), "utf8": row, "cp932-quoted": cp932("\"" + strings.ReplaceAll(strings.TrimSpace(row), ",", "\",\"") + "\"\r\n")} {
		b.Run(name, func(b *testing.B) {
			data := strings.Repeat(in, 100_000)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				t, err := NewReader(strings.NewReader(data), Options{})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for {
					_, cells, err := t.Next()
					if err != nil {
						break
					}
					if len(cells) != 36 {
						b.Fatal(len(cells))
					}
					n++
				}
				if n != 100_000 {
					b.Fatal(n)
				}
			}
		})
	}
}
