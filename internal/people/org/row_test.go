package org

import (
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

var (
	monday  = jst.Date{Y: 2026, M: 11, D: 23}
	headers = strings.Split("社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日,退職日,異動日", ",")
)

func TestHeaderSynonyms(t *testing.T) {
	for _, h := range []string{
		"社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日,退職日,異動日",
		"従業員番号,名前,フリガナ,性別,誕生日,拠点コード,拠点,所属,メール,入社年月日,退職年月日,発令日",
		"社員ＩＤ, 氏名(漢字) ,氏名（カナ）,性 別,生年月日※,事業所 コード,事業所,部門名,E-mail,採用日,退社日,異動年月日",
		"備考,社員番号,氏名,ｶﾅ,性別,生年月日,事業所コード,事業所,部署,ｅメール,入社日,退職日,異動日,社内便",
	} {
		c, err := mapColumns(strings.Split(h, ","))
		if err != nil {
			t.Errorf("%s: %v", h, err)
		}
		for f, at := range c.at {
			if at < 0 {
				t.Errorf("%s: %s was not found", h, synonyms[f][0])
			}
		}
	}
}

func TestHeaderFaults(t *testing.T) {
	_, err := mapColumns([]string{"社員番号", "氏名", "性別", "部署"})
	if f := fault.Of(err); f.Code != "org.header_missing" || f.Args["columns"] != "カナ氏名、生年月日" {
		t.Errorf("%v %v", err, f.Args)
	}
	_, err = mapColumns([]string{"社員番号", "氏名", "カナ", "性別", "生年月日", "従業員番号"})
	if f := fault.Of(err); f.Code != "org.header_duplicate" || f.Args["column"] != "従業員番号" || f.Args["other"] != "社員番号" {
		t.Errorf("%v %v", err, f.Args)
	}
}

func TestNoSynonymMeansTwoFields(t *testing.T) {
	n := 0
	for _, names := range synonyms {
		n += len(names)
		for _, name := range names {
			if foldHeader(name) != name {
				t.Errorf("%q is not folded", name)
			}
		}
	}
	if len(byHeader) != n {
		t.Errorf("%d names, %d distinct", n, len(byHeader))
	}
}

func TestRowReading(t *testing.T) {
	cols, err := mapColumns(headers)
	if err != nil {
		t.Fatal(err)
	}
	good := []string{"１０００１", "髙木　真理", "ﾀｶｷﾞ ﾏﾘ", "女", "S60.4.1", "S01", "本社", "総務部", "a@example.jp", "2010/4/1", "", ""}
	r := rowReader{cols: cols, today: monday}
	got := r.read(7, good)
	want := row{line: 7, number: "10001", name: "髙木 真理", kana: "タカギ マリ", sex: Female, birth: jst.Date{Y: 1985, M: 4, D: 1}, siteCode: "S01", siteName: "本社", dept: "総務部", email: "a@example.jp", hired: jst.Date{Y: 2010, M: 4, D: 1}}
	if len(r.errors) != 0 || got != want {
		t.Fatalf("%+v %+v", got, r.errors)
	}
	if r.read(8, good[:5]); len(r.errors) != 0 {
		t.Fatalf("a short record lacks optional cells only: %+v", r.errors)
	}
	for _, c := range []struct {
		column int
		cell   string
		want   string
	}{
		{0, "", "社員番号:org.cell_empty"},
		{0, strings.Repeat("1", 31), "社員番号:org.cell_long"},
		{0, "\u1680", "社員番号:org.cell_empty"},
		{1, "　", "氏名:org.cell_empty"},
		{2, "・ー", "カナ氏名:org.kana"},
		{1, "佐藤\x07", "氏名:org.cell_control"},
		{1, "佐藤\u200b翔太", "氏名:org.cell_control"},
		{0, "1\u202e234", "社員番号:org.cell_control"},
		{6, "本\u2066社", "事業所名:org.cell_control"},
		{7, "総務\u200f部", "部署:org.cell_control"},
		{2, "佐藤 翔太", "カナ氏名:org.kana"},
		{3, "男女", "性別:org.sex"},
		{4, "2026/13/40", "生年月日:date.day"},
		{4, "昔", "生年月日:date.format"},
		{4, "2026/11/24", "生年月日:org.birth_range"},
		{4, "1899/12/31", "生年月日:org.birth_range"},
		{7, strings.Repeat("あ", 81), "部署:org.cell_long"},
		{8, "a@b@c", "メールアドレス:org.email"},
		{8, "A <a@example.jp>", "メールアドレス:org.email"},
		{9, "1985/4/1", "入社日:org.before_birth"},
		{10, "2010/3/31", "退職日:org.left_before_hired"},
		{11, "R8.2.30", "異動日:date.day"},
	} {
		cells := append([]string(nil), good...)
		cells[c.column] = c.cell
		r.read(1, cells)
		if len(r.errors) != 1 || r.errors[0].Column+":"+r.errors[0].Code != c.want {
			t.Errorf("%s = %q: %+v, want %s", headers[c.column], c.cell, r.errors, c.want)
		}
	}
	r.read(1, []string{"", "", "漢字", "?", "x"})
	if len(r.errors) != 5 {
		t.Errorf("a line keeps all its reasons: %+v", r.errors)
	}
}
