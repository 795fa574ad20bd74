package checkup

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/base/tabular"
)

func utf16le(s string) string {
	var b bytes.Buffer
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		_ = binary.Write(&b, binary.LittleEndian, u)
	}
	return b.String()
}

// TestKindsOfFiles: the same lines in every wrapping that comes by mail give the same rows.
func TestKindsOfFiles(t *testing.T) {
	lines := []string{lineA("1"), lineA("2", "中性脂肪", "＜３０", "腹囲", "測定不能"), lineA("3", "HbA1c", "99")}
	plain := fileA(lines...)
	var book bytes.Buffer
	var rows [][]string
	for _, l := range lines {
		rows = append(rows, strings.Split(l, ","))
	}
	if err := tabular.WriteXLSX(&book, "健診", strings.Split(headA, ","), slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	want := "2 1 男 1980-04-01 2026-06-01|3 2 男 1980-04-01 2026-06-01|4 [HbA1c checkup.out_of_range]"
	for name, file := range map[string]string{
		"CRLF":           plain,
		"LF":             strings.ReplaceAll(plain, "\r\n", "\n"),
		"no last end":    strings.TrimSuffix(plain, "\r\n"),
		"BOM":            "\ufeff" + plain,
		"UTF-16":         utf16le(plain),
		"CP932":          cp932(t, plain),
		"tabs":           strings.ReplaceAll(plain, ",", "\t"),
		"quoted":         strings.ReplaceAll(plain, "佐藤 翔太", `"佐藤 翔太"`),
		"blank lines":    strings.ReplaceAll(plain, lines[2], lines[2]+"\r\n\r\n,,,,,,,,,,,,,,,,,,"),
		"trailing comma": strings.ReplaceAll(plain, lines[0], lines[0]+","),
		"XLSX":           book.String(),
	} {
		_, got, err := parse(t, file, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s: %s\nwant %s", name, s, want)
		}
	}
}

func TestBrokenFilesNameTheLine(t *testing.T) {
	var many strings.Builder
	many.WriteString(headA + "\n")
	for i := range 7000 {
		if i == 5999 {
			many.WriteString(strings.Replace(lineA(fmt.Sprint(i)), "特記なし", `"特記なし`, 1) + "\n")
			continue
		}
		many.WriteString(lineA(fmt.Sprint(i)) + "\n")
	}
	rows := 0
	_, err := Parse(t.Context(), strings.NewReader(many.String()), nil, today, func(*Row) error { rows++; return nil })
	if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Args["line"] == "" {
		t.Fatalf("%v", err)
	}
	if rows > 6000 {
		t.Errorf("%d rows came out of a file that breaks in line 6001", rows)
	}
}

// TestLinesArePhysical: a cell with line ends in it moves the lines behind it.
func TestLinesArePhysical(t *testing.T) {
	file := fileA(lineA("1", "既往歴", "\"高血圧\r\n糖尿病\r\n痛風\""), lineA("2"), lineA("3", "HbA1c", "99"))
	_, got, err := parse(t, file, nil)
	if err != nil || strings.Join(got, "|") != "2 1 男 1980-04-01 2026-06-01|5 2 男 1980-04-01 2026-06-01|6 [HbA1c checkup.out_of_range]" {
		t.Errorf("%v %v", got, err)
	}
}

func TestDatesOfFiles(t *testing.T) {
	for cell, want := range map[string]string{
		"2026/4/1": "2026-04-01", "2026/04/01": "2026-04-01", "2026-04-01": "2026-04-01", "20260401": "2026-04-01",
		"2026年4月1日": "2026-04-01", "R8.4.1": "2026-04-01", "令和8年4月1日": "2026-04-01", "令和８年４月１日": "2026-04-01",
		"R7.12.31": "2025-12-31", "H31.4.30": "2019-04-30", "令和元年5月1日": "2019-05-01", "２０２６／４／１": "2026-04-01",
		"2026/2/29": codeDateDay, "2026/13/40": codeDateDay, "R8.2.30": codeDateDay, "H31.5.1": codeDateDay,
		"きのう": codeDateFormat, "4/1": codeDateFormat, "2026/4": codeDateFormat, "46113": codeDateFormat,
		"2026/11/23": "2026-11-23", "2026/11/24": codeDayFuture,
	} {
		got := ""
		_, err := Parse(t.Context(), strings.NewReader(fileA(lineA("1", "健診日", cell))), nil, today, func(r *Row) error {
			if got = r.Day.String(); len(r.Errors) > 0 {
				got = r.Errors[0].Code
			}
			return nil
		})
		if err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", cell, got, want, err)
		}
	}
}

func TestPlausibleRanges(t *testing.T) {
	for _, c := range []struct{ item, low, high, tooLow, tooHigh string }{
		{"height", "100", "230", "99.9", "230.1"}, {"weight", "25", "300", "24.9", "300.1"}, {"bmi", "10", "80", "9.9", "80.1"}, {"waist", "40", "200", "39.9", "200.1"},
		{"vision_right", "0.01", "3.0", "0.009", "3.1"}, {"systolic", "50", "300", "49", "301"}, {"diastolic", "20", "200", "19", "201"},
		{"hemoglobin", "3", "25", "2.9", "25.1"}, {"red_cells", "100", "900", "99", "901"}, {"ast", "1", "5000", "0", "5001"}, {"alt", "1", "5000", "0.9", "5001"}, {"ggt", "1", "5000", "0", "5001"},
		{"ldl", "10", "1000", "9", "1001"}, {"hdl", "5", "250", "4", "251"}, {"triglycerides", "5", "5000", "4", "5001"}, {"glucose", "20", "1000", "19", "1001"},
		{"hba1c", "3.0", "20.0", "2.9", "20.1"}, {"creatinine", "0.1", "30", "0.09", "30.1"}, {"uric_acid", "0.1", "30", "0.09", "30.1"},
	} {
		it := byKey[c.item]
		for _, ok := range []string{c.low, c.high, "<" + c.low, ">" + c.high} {
			if _, code := ParseValue(it, ok, false); code != "" {
				t.Errorf("%s %s: %s", c.item, ok, code)
			}
		}
		for _, bad := range []string{c.tooLow, c.tooHigh, ">" + c.tooHigh, "-5"} {
			if _, code := ParseValue(it, bad, false); code != codeRange {
				t.Errorf("%s %s: %q", c.item, bad, code)
			}
		}
	}
}

// TestRowsAreIndependent: what one line held never shows in the next.
func TestRowsAreIndependent(t *testing.T) {
	full, bare := lineA("1"), lineA("2", "身長", "", "体重", "", "BMI", "", "腹囲", "", "HbA1c", "", "中性脂肪", "", "尿蛋白", "", "胸部X線", "", "喫煙", "", "既往歴", "", "健診機関", "")
	var counts []int
	info, err := Parse(t.Context(), strings.NewReader(fileA(full, bare, full[:0]+lineA("3"))), nil, today, func(r *Row) error {
		counts = append(counts, len(r.Values))
		if r.Line == 3 && r.Body != "" {
			t.Errorf("line 3 has the body of line 2: %s", r.Body)
		}
		return nil
	})
	if err != nil || fmt.Sprint(counts) != "[12 2 12]" || info.Rows != 3 {
		t.Errorf("%v %v", counts, err)
	}
	if (jst.Date{}) != (Row{}).Day {
		t.Error("the zero row has a day")
	}
}
