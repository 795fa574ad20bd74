package checkup

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

var today = jst.Date{Y: 2026, M: 11, D: 23}

const headA = "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,BMI,腹囲,収縮期血圧,拡張期血圧,HbA1c,中性脂肪,尿蛋白,胸部X線,喫煙,既往歴"

const headB = "作成日,20261101,機関コード,2611111117\r\n行区分,社員番号,氏名,カナ氏名,性別,生年月日,健診日,9N001000000000001,9A751000000000001,9A761000000000001,3F077000002327101,3F077000002327201,1A010000000191111"

// lineA is a good line of shape A with some cells exchanged by header.
func lineA(number string, change ...string) string {
	cells := map[string]string{
		"社員番号": number, "氏名": "佐藤 翔太", "カナ氏名": "サトウ ショウタ", "性別": "男", "生年月日": "1980/4/1", "健診日": "2026/6/1", "健診機関": "京都健診センター",
		"身長": "170.0", "体重": "65.0", "BMI": "22.5", "腹囲": "80.0", "収縮期血圧": "120", "拡張期血圧": "80", "HbA1c": "5.4", "中性脂肪": "100", "尿蛋白": "-", "胸部X線": "所見なし", "喫煙": "いいえ", "既往歴": "特記なし",
	}
	for i := 0; i < len(change); i += 2 {
		if _, ok := cells[change[i]]; !ok {
			panic(change[i])
		}
		cells[change[i]] = change[i+1]
	}
	var out []string
	for h := range strings.SplitSeq(headA, ",") {
		out = append(out, cells[h])
	}
	return strings.Join(out, ",")
}

func fileA(lines ...string) string {
	return headA + "\r\n" + strings.Join(lines, "\r\n") + "\r\n"
}

func cp932(t testing.TB, s string) string {
	t.Helper()
	out, err := japanese.ShiftJIS.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// parse collects what Parse emits, in words.
func parse(t testing.TB, file string, m *Mapping) (Info, []string, error) {
	t.Helper()
	var out []string
	info, err := Parse(t.Context(), strings.NewReader(file), m, today, func(r *Row) error {
		if len(r.Errors) == 0 {
			out = append(out, fmt.Sprintf("%d %s %s %s %s", r.Line, r.Number, r.Sex.Japanese(), r.Birth, r.Day))
			return nil
		}
		s := fmt.Sprintf("%d", r.Line)
		for _, e := range r.Errors {
			s += fmt.Sprintf(" [%s %s]", e.Column, e.Code)
		}
		out = append(out, s)
		return nil
	})
	return info, out, err
}

func TestParseLines(t *testing.T) {
	file := fileA(
		lineA("1"),
		lineA("2", "生年月日", "昭和55年4月1日", "健診日", "R8.6.1", "性別", "女性"),
		lineA("3", "HbA1c", "55"),
		lineA("4", "健診日", "2026/13/40", "収縮期血圧", "高い", "腹囲", "1000"),
		lineA("5", "健診日", "2026/11/24"),
		lineA("6", "健診日", "1970/1/1"),
		lineA("1", "身長", "171.0"),
		lineA("7", "健診日", ""),
		lineA("8", "拡張期血圧", "120"),
		lineA("9", "性別", "x"),
		"10,a,b",
		"",
		lineA("11", "既往歴", `"高血圧
糖尿病"`),
		lineA("12", "生年月日", "2027/1/1"),
		lineA("13", "中性脂肪", "<30", "腹囲", "測定不能", "収縮期血圧", "１２０", "尿蛋白", "(－)"),
		lineA("1", "健診日", "2026/6/2"),
		lineA("", "健診日", "20260603"),
	)
	want := []string{
		"2 1 男 1980-04-01 2026-06-01",
		"3 2 女 1980-04-01 2026-06-01",
		"4 [HbA1c checkup.out_of_range]",
		"5 [健診日 checkup.date_day] [腹囲 checkup.out_of_range] [収縮期血圧 checkup.not_number]",
		"6 [健診日 checkup.day_future]",
		"7 [健診日 checkup.day_before_birth]",
		"8 [社員番号 checkup.duplicate_line]",
		"9 [健診日 checkup.day_missing]",
		"10 [拡張期血圧 checkup.pressure_order]",
		"11 [性別 checkup.sex]",
		"12 [ checkup.columns]",
		"14 11 男 1980-04-01 2026-06-01",
		"16 [生年月日 checkup.birth_future]",
		"17 13 男 1980-04-01 2026-06-01",
		"18 1 男 1980-04-01 2026-06-02",
		"19  男 1980-04-01 2026-06-03",
	}
	for name, text := range map[string]string{"UTF-8": file, "BOM": "\ufeff" + file, "CP932": cp932(t, file)} {
		info, got, err := parse(t, text, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		for i := range max(len(got), len(want)) {
			g, w := "", ""
			if i < len(got) {
				g = got[i]
			}
			if i < len(want) {
				w = want[i]
			}
			if g != w {
				t.Errorf("%s: %q, want %q", name, g, w)
			}
		}
		if info.Rows != 16 || info.Body != "京都健診センター" || len(info.Ignored) != 0 {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

func TestParseCoded(t *testing.T) {
	file := headB + "\r\n" +
		"5,1,佐藤 翔太,サトウ ショウタ,1,19800401,20260601,170.0,145,90,,140,4\r\n" +
		"5,2,佐藤 翔太,サトウ ショウタ,1,19800401,20260601,170.0,145,90,130,130,1\r\n" +
		"5,3,佐藤 翔太,サトウ ショウタ,1,19800401,20260601,170.0,145,90,130,131,9\r\n" +
		"9,1,,,,,,,,,,,\r\n"
	var first []string
	info, err := Parse(t.Context(), strings.NewReader(cp932(t, file)), nil, today, func(r *Row) error {
		if r.Line == 3 {
			for _, v := range r.Values {
				first = append(first, v.Item.Key+"="+v.Show(v.Item))
			}
		}
		return nil
	})
	if err != nil || info.Rows != 4 || info.Good != 2 || info.Body != "2611111117" {
		t.Fatalf("%+v %v", info, err)
	}
	if got, want := strings.Join(first, " "), "height=170.0 systolic=145 diastolic=90 ldl=140 urine_protein=2+"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, got, _ := parse(t, file, nil)
	if want := "5 [3F077000002327201 checkup.column_conflict] [1A010000000191111（尿蛋白） checkup.not_grade]"; got[2] != want {
		t.Errorf("%s, want %s", got[2], want)
	}
	if got[3] != "6 [行区分 checkup.row_kind]" {
		t.Error(got[3])
	}
}

func TestThreeReadings(t *testing.T) {
	file := "社員番号,カナ氏名,性別,生年月日,健診日,9A751000000000001,9A752000000000001,9A755000000000001,9A761000000000001,9A762000000000001\n1,サトウ,男,1980/4/1,2026/6/1,150,140,,95,85\n"
	if _, err := Parse(t.Context(), strings.NewReader(file), nil, today, func(r *Row) error {
		s, d := find(r.Values, "systolic"), find(r.Values, "diastolic")
		if s == nil || d == nil || s.Num != 140*unit || d.Num != 85*unit || len(r.Errors) > 0 {
			t.Errorf("%+v %+v", r.Values, r.Errors)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestParseRefusesFiles(t *testing.T) {
	drop := func(h string) string { return strings.Replace(headA, h+",", "", 1) + "\n1\n" }
	for want, file := range map[string]string{
		"checkup.header_missing":   drop("健診日"),
		"checkup.header_duplicate": headA + ",最高血圧\n",
		"checkup.header_unknown":   "a,b,c\nd,e,f\ng,h,i\n",
		"tabular.empty":            "",
		"tabular.binary":           "\x00\x01\x02",
	} {
		_, _, err := parse(t, file, nil)
		if f := fault.Of(err); f == nil || f.Code != want {
			t.Errorf("%q: %v, want %s", file[:min(20, len(file))], err, want)
		}
	}
	for _, h := range []string{"社員番号", "性別", "生年月日", "健診日"} {
		_, _, err := parse(t, drop(h), nil)
		if f := fault.Of(err); f == nil || f.Args["columns"] != h {
			t.Errorf("without %s: %v", h, err)
		}
	}
	if _, _, err := parse(t, strings.Replace(headA, "腹囲", "収縮期血圧", 1)+"\n", nil); fault.Of(err) == nil || fault.Of(err).Code != "checkup.header_duplicate" {
		t.Errorf("the same header twice: %v", err)
	}
	long := fileA(lineA("1"), lineA("2", "既往歴", `"高血圧`), lineA("3"))
	if _, _, err := parse(t, long, nil); err == nil {
		t.Error("a quote that is never closed is accepted")
	}
	stop := errors.New("stop")
	if _, err := Parse(t.Context(), strings.NewReader(fileA(lineA("1"))), nil, today, func(*Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("emit's error is lost: %v", err)
	}
}

func TestMappingChosen(t *testing.T) {
	head := "No,けんしん,だれ,せい,うまれ,BP\n7,2026/6/1,サトウ,男,1980/4/1,120\n"
	m := &Mapping{Version: 3, Body: "町の診療所", Columns: []Column{
		{Header: "No", Target: ToNumber}, {Header: "けんしん", Target: ToDay}, {Header: "だれ", Target: ToKana}, {Header: "せい", Target: ToSex}, {Header: "うまれ", Target: ToBirth}, {Header: "BP", Target: "systolic"},
	}}
	info, got, err := parse(t, head, m)
	if err != nil || len(got) != 1 || got[0] != "2 7 男 1980-04-01 2026-06-01" || info.Body != "町の診療所" {
		t.Errorf("%v %v %+v", got, err, info)
	}
	m.Columns[5].Target = "no such item"
	if m.Validate() == nil {
		t.Error("an unknown target is accepted")
	}
}

// Every header of the catalogue's own tables must be found under the name that screens show, and every
// code by its prefix.
func TestCatalogue(t *testing.T) {
	for _, it := range Items() {
		if got, ok := ByName(it.Name); !ok || got != it {
			t.Errorf("%s is not found by its name", it.Key)
		}
		for _, c := range it.Codes {
			if got, ok := byCode(c + strings.Repeat("0", 17-len(c))); !ok || got != it {
				t.Errorf("%s is not found by %s", it.Key, c)
			}
		}
		if it.Kind == Numeric && it.Min == it.Max {
			t.Errorf("%s has no plausible range", it.Key)
		}
	}
	for name, key := range map[string]string{
		"3F077000002391901": "ldl", "3D010129901926101": "glucose_casual", "3F015129902327101": "triglycerides_casual", "9N016160300000001": "waist",
		"LDL-C(mg/dl)": "ldl", "ＨｂＡ１ｃ（ＮＧＳＰ）［％］": "hba1c", "血圧（最高）": "systolic", "γ-GTP (U/L)": "ggt", "尿検査（蛋白）": "urine_protein", "身 長": "height",
		"視力(右：裸眼)": "vision_right", "聴力（右・1000Hz）": "hearing_right_1000", "胸部Ｘ線検査": "chest_xray", "GOT(AST)": "ast",
	} {
		if it, ok := ByName(name); !ok || it.Key != key {
			t.Errorf("%s is not %s", name, key)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fileA(lineA("1"), lineA("2", "HbA1c", "<5"))))
	f.Add([]byte(headB + "\r\n5,1,a,b,1,19800401,20260601,170.0,145,90,,140,4\r\n"))
	f.Add([]byte(cp932(f, fileA(lineA("1")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := 0
		info, err := Parse(t.Context(), strings.NewReader(string(b)), nil, today, func(r *Row) error {
			if r.Line <= last {
				t.Fatalf("line %d after %d", r.Line, last)
			}
			last = r.Line
			if len(r.Errors) > 0 {
				return nil
			}
			_, values, err := decodeValues(r.AppendValues(nil))
			if err != nil || len(values) != len(r.Values) {
				t.Fatalf("encoding: %v", err)
			}
			return nil
		})
		if err == nil && info.Good > info.Rows {
			t.Fatal("more good lines than lines")
		}
		if err != nil && fault.Of(err).Kind == fault.Internal && !errors.Is(err, io.EOF) {
			t.Fatalf("an unreadable file is an internal error: %v", err)
		}
	})
}
