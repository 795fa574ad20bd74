package web

import (
	"testing"

	"rakudos/internal/health/checkup"
)

// TestCriteriaInWords: the tables are shown as they judge, and a draft says where it differs.
func TestCriteriaInWords(t *testing.T) {
	cards := criteriaCards([]checkup.CriteriaVersion{{Criteria: checkup.NingenDock2016, State: "active"}, {Criteria: checkup.BuiltIn[1], State: "draft"}})
	want := map[string]criteriaRow{
		"収縮期血圧": {"収縮期血圧", "mmHg", "", "129以下", "130〜139", "140〜159", "160以上", false},
		"尿蛋白":   {"尿蛋白", "", "", "−", "±", "+", "2+、3+、4+", false},
		"胸部X線":  {"胸部X線", "", "", "所見なし", "", "所見あり", "", false},
	}
	for _, r := range cards[0].Rows {
		if w, ok := want[r.Item]; ok && r != w {
			t.Errorf("%+v", r)
		}
		delete(want, r.Item)
	}
	if len(want) > 0 || cards[0].Changed != 0 || len(cards[0].Limits) == 0 {
		t.Errorf("missing %v, %d changed", want, cards[0].Changed)
	}
	if n := cards[1].Changed; n == 0 || n == len(cards[1].Rows) {
		t.Errorf("the draft differs in %d of %d rows", n, len(cards[1].Rows))
	}
	for in, out := range map[string]string{"..84.9": "84.9以下", "1.0..": "1.0以上", "0.7..0.9": "0.7〜0.9", "x": "x"} {
		if got := spanWords(in); got != out {
			t.Errorf("%s: %s", in, got)
		}
	}
	if got := whoWords(checkup.Female, 40, 64) + whoWords(0, 65, 0); got != "女・40〜64歳65歳以上" {
		t.Error(got)
	}
}
