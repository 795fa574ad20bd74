package checkup

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// TestExplainGolden holds the whole sentences: item, value, sex, age, and what is answered. Run with
// UPDATE=1 to write them anew, and read the difference.
func TestExplainGolden(t *testing.T) {
	cases := [][]string{
		{"収縮期血圧", "145", "男"}, {"収縮期血圧", "129", "女"}, {"収縮期血圧", "160", "男"}, {"拡張期血圧", "85", "男"}, {"最高血圧", "１３０", "男"},
		{"BMI", "24.94", "男"}, {"BMI", "24.95", "男"}, {"BMI", "18.4", "女"}, {"腹囲", "85.0", "男"}, {"腹囲", "89.9", "女"},
		{"LDLコレステロール", "139", "男"}, {"LDL", "59", "男"}, {"HDLコレステロール", "39", "女"}, {"HDL", "120", "女"},
		{"中性脂肪", "<30", "男"}, {"中性脂肪", "30以下", "男"}, {"中性脂肪", ">300", "男"}, {"中性脂肪", "400以上", "男"}, {"随時中性脂肪", "175", "男"},
		{"空腹時血糖", "99", "男"}, {"空腹時血糖", "126", "男"}, {"HbA1c", "5.6", "男"}, {"HbA1c", "6.5%", "男"}, {"随時血糖", "126", "男"},
		{"AST", "31", "男"}, {"ALT", "51", "男"}, {"γ-GTP", "101", "男"}, {"血色素量", "13.0", "男"}, {"血色素量", "12.0", "女"}, {"赤血球数", "600", "男"},
		{"白血球数", "8600", "男"}, {"クレアチニン", "1.005", "男"}, {"クレアチニン", "0.704", "女"}, {"eGFR", "59.95", "男"}, {"eGFR", "44.9", "男"}, {"尿酸", "7.05", "男"},
		{"総蛋白", "8.05", "男"}, {"アルブミン", "3.9", "男"}, {"心拍数", "39", "男"}, {"non-HDLコレステロール", "170", "男"}, {"総コレステロール", "250", "男"},
		{"視力右裸眼", "0.7", "男"}, {"視力", "1.0", "男"}, {"聴力右1000", "35", "男"}, {"聴力右4000", "所見あり", "男"},
		{"尿蛋白", "(－)", "男"}, {"尿蛋白", "±", "男"}, {"尿糖", "＋", "男"}, {"尿潜血", "3+", "男"}, {"1A010000000191111", "4", "男"},
		{"胸部X線", "所見あり", "男"}, {"胸部X線", "D2", "男"}, {"心電図", "E", "男"}, {"心電図", "異常なし", "男"}, {"心電図", "洞性徐脈", "男"},
		{"HbA1c", "測定不能", "男"}, {"HbA1c", "未実施", "男"}, {"喫煙", "はい", "男"}, {"既往歴", "高血圧", "男"},
		{"HbA1c", "55", "男"}, {"収縮期血圧", "高い", "男"}, {"腹囲", "90", ""}, {"血圧のようなもの", "1", "男"}, {"収縮期血圧", "120", "不明"},
	}
	var got strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&got, "%s %s %s\n  ", c[0], c[1], c[2])
		e, err := Explain(c[0], c[1], c[2], 50)
		if err != nil {
			fmt.Fprintf(&got, "refused: %s %v\n", fault.Of(err).Code, fault.Of(err).Args)
			continue
		}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(text)
		got.WriteString("\n")
	}
	compareGolden(t, "testdata/explain.golden", got.String())
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		a, b := "", ""
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("%s:%d\n got %s\nwant %s", path, i+1, a, b)
		}
	}
}

// TestCatalogueGolden: numbers, units and codes of items are in stored results and in files; a change is
// seen here.
func TestCatalogueGolden(t *testing.T) {
	var got strings.Builder
	for _, it := range Items() {
		fmt.Fprintf(&got, "%3d %s %s [%s] .%d kind %d law %v %s..%s %s %s\n", it.ID, it.Key, it.Name, it.Unit, it.Decimals, it.Kind, it.Statutory,
			it.Min, it.Max, strings.Join(it.Codes, "|"), strings.Join(it.Choices, "|"))
	}
	compareGolden(t, "testdata/items.golden", got.String())
}
