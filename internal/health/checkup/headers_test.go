package checkup

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// TestHeadersOfBodies: how check-up bodies write their headers, and what each means here.
func TestHeadersOfBodies(t *testing.T) {
	for target, headers := range map[string][]string{
		ToNumber:                 {"社員番号", "社員No", "社員Ｎｏ．", "従業員番号", "職員番号", "社員コード"},
		ToName:                   {"氏名", "氏 名", "漢字氏名", "受診者氏名", "名前"},
		ToKana:                   {"カナ氏名", "氏名（カナ）", "氏名カナ", "フリガナ", "ふりがな", "ｶﾅ氏名"},
		ToSex:                    {"性別", "性　別", "性別コード"},
		ToBirth:                  {"生年月日", "生年月日（西暦）"},
		ToDay:                    {"健診日", "受診日", "健診年月日", "健診受診日", "受診年月日"},
		ToBody:                   {"健診機関", "健診機関名", "医療機関名"},
		ToKind:                   {"行区分"},
		"height":                 {"身長", "身長(cm)", "身長［ｃｍ］", "身長 cm"},
		"weight":                 {"体重", "体重（kg）"},
		"bmi":                    {"BMI", "ＢＭＩ", "bmi", "BMI(kg/m2)", "体格指数"},
		"waist":                  {"腹囲", "腹囲(cm)", "腹囲（実測）"},
		"vision_right":           {"視力右裸眼", "視力（右）", "裸眼視力(右)", "右裸眼視力", "視力・裸眼・右"},
		"vision_left":            {"視力左裸眼", "視力（左）", "裸眼視力(左)"},
		"vision_right_corrected": {"視力右矯正", "矯正視力(右)", "視力（右：矯正）"},
		"vision_left_corrected":  {"視力左矯正", "矯正視力（左）"},
		"hearing_right_1000":     {"聴力右1000", "聴力(右)1000Hz", "聴力検査（右：1000Hz）", "聴力1000右"},
		"hearing_left_4000":      {"聴力左4000", "聴力(左)4000Hz", "左聴力4000"},
		"systolic":               {"収縮期血圧", "最高血圧", "血圧（最高）", "収縮期血圧(mmHg)", "血圧(収縮期)", "SBP"},
		"diastolic":              {"拡張期血圧", "最低血圧", "血圧（最低）", "DBP"},
		"systolic_1":             {"収縮期血圧(1回目)", "最高血圧1回目"},
		"diastolic_2":            {"拡張期血圧（2回目）"},
		"heart_rate":             {"心拍数", "脈拍", "脈拍数(回/分)"},
		"hemoglobin":             {"血色素量", "ヘモグロビン", "Hb", "血色素量(ヘモグロビン値)", "血色素量(g/dL)"},
		"red_cells":              {"赤血球数", "RBC", "赤血球数(万/μL)", "赤血球数(万/mm3)"},
		"white_cells":            {"白血球数", "WBC"},
		"platelets":              {"血小板数", "PLT"},
		"ast":                    {"AST", "GOT", "AST(GOT)", "ＧＯＴ（ＡＳＴ）", "AST (U/L)"},
		"alt":                    {"ALT", "GPT", "ALT（GPT）"},
		"ggt":                    {"γ-GT", "γ-GTP", "γ－ＧＴＰ", "γGTP", "γ-GT(γ-GTP)", "ガンマGTP"},
		"ldl":                    {"LDLコレステロール", "LDL-C", "LDLコレステロール(mg/dL)", "ＬＤＬ"},
		"hdl":                    {"HDLコレステロール", "HDL-C"},
		"triglycerides":          {"中性脂肪", "トリグリセリド", "TG", "空腹時中性脂肪", "中性脂肪(TG)"},
		"triglycerides_casual":   {"随時中性脂肪"},
		"non_hdl":                {"non-HDLコレステロール", "Non-HDLコレステロール", "nonHDL-C"},
		"total_cholesterol":      {"総コレステロール", "TC", "T-Cho"},
		"glucose":                {"空腹時血糖", "血糖", "血糖(空腹時)", "空腹時血糖値", "FPG", "FBS"},
		"glucose_casual":         {"随時血糖", "血糖（随時）"},
		"hba1c":                  {"HbA1c", "HbA1c(NGSP)", "ＨｂＡ１ｃ（ＮＧＳＰ値）", "ヘモグロビンA1c", "HbA1c[%]"},
		"creatinine":             {"クレアチニン", "血清クレアチニン", "Cr", "CRE"},
		"egfr":                   {"eGFR", "ｅＧＦＲ", "推定GFR"},
		"uric_acid":              {"尿酸", "血清尿酸", "UA", "尿酸(mg/dL)"},
		"total_protein":          {"総蛋白", "総タンパク", "TP"},
		"albumin":                {"アルブミン", "Alb"},
		"urine_sugar":            {"尿糖", "尿糖定性", "尿(糖)"},
		"urine_protein":          {"尿蛋白", "尿タンパク", "尿検査（蛋白）"},
		"urine_blood":            {"尿潜血", "潜血", "尿潜血反応"},
		"chest_xray":             {"胸部X線", "胸部Ｘ線検査", "胸部エックス線検査", "胸部レントゲン", "胸部X線（所見の有無）"},
		"chest_xray_text":        {"胸部X線所見", "胸部X線（所見）"},
		"ecg":                    {"心電図", "心電図検査", "安静時心電図", "ECG"},
		"ecg_text":               {"心電図所見", "心電図（所見）"},
		"smoking":                {"喫煙", "喫煙習慣", "タバコ"},
		"alcohol":                {"飲酒", "飲酒習慣"},
		"drug_pressure":          {"服薬1(血圧)", "服薬（血圧）"},
		"history":                {"既往歴"},
		"symptoms":               {"自覚症状"},
		"signs":                  {"他覚症状"},
		"work_history":           {"業務歴"},
		"body_judgement":         {"総合判定", "医師の診断（判定）", "判定"},
		"":                       {"年齢", "コース", "受付番号", "保険者番号", "単価", "郵便番号"},
	} {
		for _, h := range headers {
			if got := guessColumn(h).Target; got != target {
				t.Errorf("%s means %q, want %q", h, got, target)
			}
		}
	}
}

func TestGuessKeepsWhatItDoesNotKnow(t *testing.T) {
	m := Guess([]string{"社員番号", "", "受付番号", "9N001000000000001", " 血圧（最高） "})
	var got []string
	for _, c := range m.Columns {
		got = append(got, c.Header+"→"+c.Target)
	}
	want := "社員番号→@number 列2→ 受付番号→ 9N001000000000001→height 血圧（最高）→systolic"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s, want %s", s, want)
	}
	if !m.Columns[3].Coded || m.Columns[0].Coded {
		t.Error("which column is coded")
	}
}

func TestIgnoredColumnsAreReported(t *testing.T) {
	file := headA + ",受付番号,判定,判定,コメント,備考\n" + lineA("1") + ",77,A,B,x,y\n"
	info, got, err := parse(t, file, nil)
	if err != nil || len(got) != 1 || !slices.Equal(info.Ignored, []string{"受付番号", "判定", "備考"}) {
		t.Errorf("%v %v %v", info.Ignored, got, err)
	}
}

func TestBindings(t *testing.T) {
	base := []string{"社員番号", "カナ氏名", "性別", "生年月日", "健診日"}
	for _, c := range []struct {
		name  string
		extra []string
		code  string
		args  string
	}{
		{"an item", []string{"身長"}, "", ""},
		{"no item", nil, "checkup.header_missing", "検査項目"},
		{"the same header twice", []string{"身長", "身長"}, "checkup.header_duplicate", "身長"},
		{"two names of one item", []string{"身長", "身長(cm)"}, "checkup.header_duplicate", "身長"},
		{"a name and a code of one item", []string{"身長", "9N001000000000001"}, "checkup.header_duplicate", "身長"},
		{"two methods of one item", []string{"3F077000002327101", "3F077000002327201"}, "", ""},
		{"the same code twice", []string{"3F077000002327101", "3F077000002327101"}, "checkup.header_duplicate", "LDLコレステロール"},
		{"two numbers", []string{"身長", "従業員番号"}, "checkup.header_duplicate", "社員番号"},
		{"name besides kana", []string{"氏名", "身長"}, "", ""},
		{"judgements of several items", []string{"身長", "判定", "体重", "判定"}, "", ""},
	} {
		header := append(slices.Clone(base), c.extra...)
		_, err := bind(Guess(header), header)
		if c.code == "" && err != nil || c.code != "" && (err == nil || fault.Of(err).Code != c.code) {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
			continue
		}
		if c.code == "checkup.header_missing" && fault.Of(err).Args["columns"] != c.args || c.code == "checkup.header_duplicate" && fault.Of(err).Args["target"] != c.args {
			t.Errorf("%s: %v", c.name, fault.Of(err).Args)
		}
	}
	for i, name := range base {
		header := append(slices.Delete(slices.Clone(base), i, i+1), "身長")
		_, err := bind(Guess(header), header)
		if err == nil || fault.Of(err).Args["columns"] != name {
			t.Errorf("without %s: %v", name, err)
		}
	}
	header := []string{"身長"}
	if _, err := bind(Guess(header), header); err == nil || fault.Of(err).Args["columns"] != "社員番号、カナ氏名、性別、生年月日、健診日" {
		t.Errorf("all that is missing is named at once: %v", err)
	}
}

// TestReadingsOfPressure: one code alone is the blood pressure; several keep their places.
func TestReadingsOfPressure(t *testing.T) {
	base := []string{"社員番号", "カナ氏名", "性別", "生年月日", "健診日"}
	for _, c := range []struct {
		codes, want []string
	}{
		{[]string{"9A751000000000001"}, []string{"systolic"}},
		{[]string{"9A755000000000001"}, []string{"systolic"}},
		{[]string{"9A751000000000001", "9A761000000000001"}, []string{"systolic", "diastolic"}},
		{[]string{"9A751000000000001", "9A752000000000001"}, []string{"systolic_1", "systolic_2"}},
		{[]string{"9A751000000000001", "9A752000000000001", "9A755000000000001"}, []string{"systolic", "systolic_1", "systolic_2"}},
	} {
		header := append(slices.Clone(base), c.codes...)
		b, err := bind(Guess(header), header)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range b.items {
			got = append(got, i.item.Key)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.codes, got, c.want)
		}
	}
}
