package checkup

import "testing"

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		item, value, sex string
		age              int
		letter, action   string
	}{
		{"収縮期血圧", "145", "男", 50, "C", "referral"},
		{"収縮期血圧", "１４５", "男", 50, "C", "referral"},
		{"最高血圧", "129", "女", 30, "A", "none"},
		{"9A751000000000001", "130", "女", 30, "B", "guidance"},
		{"BMI", "24.94", "男", 40, "A", "none"},
		{"BMI", "24.95", "男", 40, "C", "guidance"},
		{"BMI", "18.4", "男", 40, "C", "none"},
		{"腹囲", "85", "男", 40, "C", "guidance"},
		{"腹囲", "85", "女", 40, "A", "none"},
		{"中性脂肪", "<30", "男", 40, "D", "none"},
		{"中性脂肪", "30未満", "男", 40, "D", "none"},
		{"中性脂肪", ">300", "男", 40, "C", "referral"},
		{"LDL", "140", "男", 40, "C", "referral"},
		{"HDLコレステロール", "34", "男", 40, "C", "referral"},
		{"血色素量", "13.0", "男", 40, "C", "guidance"},
		{"ヘモグロビン", "12.0", "女", 40, "C", "guidance"},
		{"クレアチニン", "1.004", "男", 40, "A", "none"},
		{"クレアチニン", "1.005", "男", 40, "B", "none"},
		{"eGFR", "59.95", "男", 40, "A", "none"},
		{"eGFR", "44.9", "男", 40, "D", "referral"},
		{"尿酸", "7.0", "男", 40, "A", "none"},
		{"尿酸", "7.1", "男", 40, "B", "guidance"},
		{"尿蛋白", "(－)", "", 40, "A", "none"},
		{"尿蛋白", "±", "", 40, "B", "none"},
		{"尿糖", "＋", "", 40, "C", "none"},
		{"尿糖", "++", "", 40, "D", "none"},
		{"潜血", "2+", "", 40, "D", "none"},
		{"1A010000000191111", "3", "", 40, "C", "none"},
		{"胸部X線", "所見あり", "", 40, "C", "none"},
		{"心電図", "所見なし", "", 40, "A", "none"},
		{"心電図", "Ｄ２", "", 40, "D", "none"},
		{"視力右裸眼", "0.65", "", 40, "C", "none"},
		{"視力", "0.6", "", 40, "D", "none"},
		{"聴力右1000", "35dB", "", 40, "C", "none"},
		{"non-HDLコレステロール", "170", "", 40, "", "referral"},
		{"空腹時血糖", "126", "", 40, "D", "referral"},
		{"HbA1c", "5.6%", "", 40, "B", "guidance"},
		{"WBC", "8600", "", 40, "B", "none"},
		{"赤血球数", "330", "女", 40, "C", "none"},
		{"心拍数", "39", "", 40, "D", "none"},
		{"γ－ＧＴＰ", "101", "", 40, "D", "referral"},
	} {
		e, err := Explain(c.item, c.value, c.sex, c.age)
		if err != nil || e.Judgement != c.letter || e.Action != c.action {
			t.Errorf("%s %s %s: %s %s (%v), want %s %s", c.item, c.value, c.sex, e.Judgement, e.Action, err, c.letter, c.action)
		}
		if err == nil && e.Reason == "" {
			t.Errorf("%s %s: no reason", c.item, c.value)
		}
	}
	for _, c := range [][3]string{{"血圧のようなもの", "1", "男"}, {"収縮期血圧", "高い", "男"}, {"HbA1c", "55", "男"}, {"腹囲", "80", ""}, {"収縮期血圧", "", "男"}, {"収縮期血圧", "120", "x"}} {
		if e, err := Explain(c[0], c[1], c[2], 40); err == nil {
			t.Errorf("%v is explained: %+v", c, e)
		}
	}
}
