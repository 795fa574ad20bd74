package checkup

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseValue(t *testing.T) {
	for _, c := range []struct {
		item, cell string
		coded      bool
		kind       ValueKind
		show       string
		original   string
		code       string
	}{
		{"systolic", "145", false, Number, "145", "", ""},
		{"systolic", "１４５", false, Number, "145", "１４５", ""},
		{"systolic", " 145 mmHg ", false, Number, "145", "145 mmHg", ""},
		{"systolic", "145H", false, Number, "145", "145H", ""},
		{"systolic", "L 80", false, Number, "80", "L 80", ""},
		{"systolic", "高い", false, Number, "", "高い", codeNotNumber},
		{"systolic", "301", false, Number, "", "", codeRange},
		{"systolic", "49", false, Number, "", "", codeRange},
		{"systolic", "50", false, Number, "50", "", ""},
		{"systolic", "120/80", false, Number, "", "", codeNotNumber},
		{"systolic", "1e2", false, Number, "", "", codeNotNumber},
		{"systolic", "12O", false, Number, "", "", codeNotNumber},
		{"platelets", "1,00.0", false, Number, "", "", codeNotNumber},
		{"ggt", "1,234", false, Number, "1234", "", ""},
		{"ggt", "1,234 U/L", false, Number, "1234", "1,234 U/L", ""},
		{"triglycerides", "<30", false, Below, "30未満", "<30", ""},
		{"triglycerides", "＜３０", false, Below, "30未満", "＜３０", ""},
		{"triglycerides", "30未満", false, Below, "30未満", "", ""},
		{"triglycerides", "5以下", false, Below, "5以下", "", ""},
		{"triglycerides", "≦5", false, Below, "5以下", "≦5", ""},
		{"triglycerides", ">300", false, Above, "300超", ">300", ""},
		{"triglycerides", "300以上", false, Above, "300以上", "", ""},
		{"triglycerides", "300mg/dL以上", false, Above, "300以上", "300mg/dL以上", ""},
		{"triglycerides", "<30以下", false, Below, "", "", codeNotNumber},
		{"triglycerides", ">6000", false, Above, "", "", codeRange},
		{"waist", "測定不能", false, NotMeasured, "測定不能", "", ""},
		{"waist", "未実施", false, NotDone, "未実施", "", ""},
		{"waist", "-", false, NotDone, "未実施", "-", ""},
		{"waist", "", false, Empty, "", "", ""},
		{"waist", "　", false, Empty, "", "", ""},
		{"waist", "85", false, Number, "85.0", "", ""},
		{"vision_right", "0.05", false, Number, "0.05", "", ""},
		{"hba1c", "55", false, Number, "", "", codeRange},
		{"hba1c", "5.6％", false, Number, "5.6", "5.6％", ""},
		{"white_cells", "6500", false, Number, "6.5", "6500", ""},
		{"urine_protein", "(－)", false, GradeValue, "−", "(－)", ""},
		{"urine_protein", "（±）", false, GradeValue, "±", "（±）", ""},
		{"urine_protein", "(2+)", false, GradeValue, "2+", "(2+)", ""},
		{"urine_protein", "++", false, GradeValue, "2+", "++", ""},
		{"urine_protein", "-", false, GradeValue, "−", "-", ""},
		{"urine_protein", "４", true, GradeValue, "2+", "４", ""},
		{"urine_protein", "1", true, GradeValue, "−", "1", ""},
		{"urine_protein", "1", false, GradeValue, "", "", codeNotGrade},
		{"urine_protein", "6", true, GradeValue, "", "", codeNotGrade},
		{"urine_protein", "未検査", false, NotDone, "未実施", "未検査", ""},
		{"chest_xray", "所見あり", false, FoundValue, "所見あり", "", ""},
		{"chest_xray", "異常なし", false, FoundValue, "所見なし", "異常なし", ""},
		{"chest_xray", "2", true, FoundValue, "所見なし", "2", ""},
		{"chest_xray", "1", true, FoundValue, "所見あり", "1", ""},
		{"chest_xray", "7", true, FoundValue, "", "", codeNotFinding},
		{"chest_xray", "Ｃ２", false, FoundValue, "所見あり(C)", "Ｃ２", ""},
		{"chest_xray", "A", false, FoundValue, "所見なし", "A", ""},
		{"chest_xray", "右肺野に陰影", false, FoundValue, "所見あり(右肺野に陰影)", "右肺野に陰影", ""},
		{"hearing_left_1000", "35dB", false, Number, "35dB", "", ""},
		{"hearing_left_1000", "2", false, FoundValue, "所見なし", "2", ""},
		{"smoking", "はい", false, ChoiceValue, "はい", "", ""},
		{"smoking", "やめた", false, ChoiceValue, "以前は吸っていたが最近1か月は吸わない", "やめた", ""},
		{"smoking", "3", true, ChoiceValue, "いいえ", "3", ""},
		{"smoking", "4", true, ChoiceValue, "", "", codeNotChoice},
		{"body_metabolic", "判定不能", false, ChoiceValue, "判定不能", "", ""},
		{"history", "高血圧", false, TextValue, "高血圧", "", ""},
		{"history", "2", true, ChoiceValue, "特記すべきことなし", "2", ""},
		{"symptoms", "腰痛;肩こり", false, TextValue, "腰痛;肩こり", "", ""},
	} {
		v, code := ParseValue(byKey[c.item], c.cell, c.coded)
		if code != c.code {
			t.Errorf("%s %q: code %q, want %q", c.item, c.cell, code, c.code)
			continue
		}
		if code == "" && (v.Kind != c.kind || v.Show(byKey[c.item]) != c.show || v.Original != c.original) {
			t.Errorf("%s %q: %d %q original %q, want %d %q %q", c.item, c.cell, v.Kind, v.Show(byKey[c.item]), v.Original, c.kind, c.show, c.original)
		}
	}
}

func TestNum(t *testing.T) {
	for _, c := range []struct {
		in       string
		decimals int
		want     string
	}{
		{"24.95", 1, "25.0"}, {"24.9499999999999", 1, "24.9"}, {"-24.95", 1, "-25.0"}, {"0.005", 2, "0.01"}, {"1234567.5", 0, "1234568"}, {"0", 2, "0.00"}, {"99.95", 1, "100.0"},
	} {
		n, ok := ParseNum(c.in)
		if !ok || n.Format(c.decimals) != c.want {
			t.Errorf("%s: %s, want %s", c.in, n.Format(c.decimals), c.want)
		}
	}
	for _, s := range []string{"", ".", "-", "1.2.3", "1,2", "12,34", "1,234,5", ",123", "1234,567", "1.2,3", "99999999999", "１"} {
		if n, ok := ParseNum(s); ok {
			t.Errorf("%q is read as %s", s, n)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := Num(rapid.Int64Range(-1e14, 1e14).Draw(t, "n"))
		back, ok := ParseNum(n.String())
		if !ok || back != n {
			t.Fatalf("%d → %s → %d", n, n, back)
		}
		d := rapid.IntRange(0, 5).Draw(t, "d")
		r := n.Round(d)
		if diff := max(r-n, n-r); diff*2 > step(d) || r%step(d) != 0 {
			t.Fatalf("%s rounded to %d decimals: %s", n, d, r)
		}
	})
}

func FuzzParseValue(f *testing.F) {
	for _, s := range []string{"145", "１４５", "<30", "(－)", "測定不能", "Ｃ２", "1,234 U/L", "300以上", "\xff", "H"} {
		f.Add(s, byte(30), true)
		f.Add(s, byte(91), false)
	}
	f.Fuzz(func(t *testing.T, cell string, id byte, coded bool) {
		it := byID[id]
		if it == nil || it.Kind == Joint {
			return
		}
		v, code := ParseValue(it, cell, coded)
		if code != "" {
			return
		}
		_ = v.Show(it)
		NingenDock2016.JudgeItem(it, v, Subject{Male, 40})
		_, got, err := decodeValues(appendValues(nil, "", []ItemValue{{it, v}}))
		if err != nil || got[0].Value != v {
			t.Fatalf("%q: %+v became %+v (%v)", cell, v, got, err)
		}
	})
}
