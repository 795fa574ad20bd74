package checkup

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestAdviceMakesNoDiagnosis: advice to employees names no disease, promises nothing, and is there for
// every item that can be judged.
func TestAdviceMakesNoDiagnosis(t *testing.T) {
	forbidden := []string{"高血圧症", "糖尿病", "脂質異常症", "痛風", "がん", "肝炎", "腎不全", "脂肪肝", "メタボ", "貧血", "病気です", "診断", "治ります", "必ず", "様"}
	for _, c := range BuiltIn {
		for _, it := range Items() {
			judged := len(c.rules[it.ID]) > 0 || c.Grades[it.Key] != "" || c.Found[it.Key] != ""
			if !judged {
				continue
			}
			for _, l := range Letters {
				j := &Judgement{Overall: l, Items: []ItemJudgement{{Item: it, Letter: l}}}
				all := AdviceFor(j)
				if l == A {
					if len(all) != 0 {
						t.Errorf("%s A: %v", it.Key, all)
					}
					continue
				}
				if len(all) != 1 || all[0].Text == "" || !strings.Contains(all[0].Text, next[l]) {
					t.Errorf("%s %s: %v", it.Key, l, all)
					continue
				}
				for _, w := range forbidden {
					if strings.Contains(all[0].Text+all[0].Title, w) {
						t.Errorf("%s %s says %s", it.Key, l, w)
					}
				}
			}
		}
	}
	for _, l := range append([]Letter{""}, Letters...) {
		if Sentence(&Judgement{Overall: l}) == "" {
			t.Errorf("no sentence for %q", l)
		}
	}
}

func TestAdviceOrder(t *testing.T) {
	j := NingenDock2016.JudgeAll(sample(t, "systolic", "135", "ldl", "190", "bmi", "26.0", "vision_right", "0.5", "vision_left", "1.0"), Subject{Male, 45})
	var got []string
	for _, a := range AdviceFor(&j) {
		got = append(got, string(a.Letter)+a.Item)
	}
	if s := strings.Join(got, " "); s != "DLDLコレステロール D視力（悪い側） CBMI B収縮期血圧" {
		t.Error(s)
	}
}

// TestJudgementSurvivesStorage: what is stored of a judgement is what was judged.
func TestJudgementSurvivesStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values []ItemValue
		for _, it := range Items() {
			if it.Kind != Numeric || !rapid.Bool().Draw(t, it.Key) {
				continue
			}
			n := Num(rapid.Int64Range(int64(it.Min), int64(it.Max)).Draw(t, "n"))
			values = append(values, ItemValue{it, Value{Kind: Number, Num: n.Round(it.Decimals)}})
		}
		c := rapid.SampledFrom(BuiltIn).Draw(t, "criteria")
		j := c.JudgeAll(values, Subject{Sex(rapid.IntRange(0, 2).Draw(t, "sex")), rapid.IntRange(-1, 100).Draw(t, "age")})
		got, err := decodeJudgement(j.appendWhole(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got.Overall != j.Overall || got.Action != j.Action || got.Metabolic != j.Metabolic || got.MedicationUnknown != j.MedicationUnknown ||
			got.Sex != j.Sex || got.Age != j.Age || len(got.Items) != len(j.Items) || len(got.Derived) != len(j.Derived) {
			t.Fatalf("%+v became %+v", j, got)
		}
		for i := range j.Items {
			if got.Items[i] != j.Items[i] {
				t.Fatalf("%+v became %+v", j.Items[i], got.Items[i])
			}
		}
		b, err := decodeBrief(j.appendBrief(nil))
		if err != nil || b.Overall != j.Overall || b.Action != j.Action || len(b.Worst) != len(j.Worst()) {
			t.Fatalf("%+v %v", b, err)
		}
	})
}

// TestBrokenStorageIsAnError: cut or changed bytes never pass as a result.
func TestBrokenStorageIsAnError(t *testing.T) {
	values := sample(t, "systolic", "135", "triglycerides", "<30", "history", "高血圧", "smoking", "やめた")
	j := NingenDock2016.JudgeAll(values, Subject{Male, 45})
	whole, enc, brief := j.appendWhole(nil), appendValues(nil, "京都", values), j.appendBrief(nil)
	for i := range whole {
		if _, err := decodeJudgement(whole[:i]); err == nil {
			t.Errorf("a judgement cut at %d is read", i)
		}
	}
	for i := range enc {
		if _, _, err := decodeValues(enc[:i]); err == nil {
			t.Errorf("values cut at %d are read", i)
		}
	}
	for i := range brief {
		if _, err := decodeBrief(brief[:i]); err == nil {
			t.Errorf("a brief cut at %d is read", i)
		}
	}
	for _, b := range [][]byte{append(whole, 0), append([]byte{9}, whole[1:]...)} {
		if _, err := decodeJudgement(b); err == nil {
			t.Error("a longer or foreign judgement is read")
		}
	}
	if _, _, err := decodeValues(append(enc, 0)); err == nil {
		t.Error("values with more behind are read")
	}
}

// TestOwnCriteriaSurviveJSON: a tenant's version is kept as JSON and must judge alike afterwards.
func TestOwnCriteriaSurviveJSON(t *testing.T) {
	for _, c := range BuiltIn {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again Criteria
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if err := again.Compile(); err != nil {
			t.Fatal(err)
		}
		for _, it := range Items() {
			for n := it.Min; it.Kind == Numeric && n <= it.Max; n += max((it.Max-it.Min)/200, 1) {
				for sex := AnySex; sex <= Female; sex++ {
					v := Value{Kind: Number, Num: n.Round(it.Decimals)}
					if a, b := c.JudgeItem(it, v, Subject{sex, 40}), again.JudgeItem(it, v, Subject{sex, 40}); a != b {
						t.Fatalf("%s %s: %+v and %+v", it.Key, v.Num, a, b)
					}
				}
			}
		}
	}
}

func TestCriteriaAreChecked(t *testing.T) {
	good := func() *Criteria { c := *NingenDock2016; return &c }
	for name, spoil := range map[string]func(*Criteria){
		"unknown item":      func(c *Criteria) { c.Rules = []Rule{{Item: "x", Bands: "A ..1 | B 2.."}} },
		"text item":         func(c *Criteria) { c.Rules = []Rule{{Item: "history", Bands: "A ..1 | B 2.."}} },
		"gap":               func(c *Criteria) { c.Rules = []Rule{{Item: "ldl", Bands: "A ..1 | B 3.."}} },
		"too many decimals": func(c *Criteria) { c.Rules = []Rule{{Item: "ldl", Bands: "A ..1.5 | B 1.6.."}} },
		"E":                 func(c *Criteria) { c.Rules = []Rule{{Item: "ldl", Bands: "A ..1 | E 2.."}} },
		"threshold item":    func(c *Criteria) { c.Thresholds = []Threshold{{Item: "x", Guidance: "1"}} },
		"threshold figure":  func(c *Criteria) { c.Thresholds = []Threshold{{Item: "ldl", Guidance: "many"}} },
		"grades too few":    func(c *Criteria) { c.Grades = map[string]string{"urine_sugar": "ABC"} },
		"grades E":          func(c *Criteria) { c.Grades = map[string]string{"urine_sugar": "ABCDDE"} },
		"grades of ldl":     func(c *Criteria) { c.Grades = map[string]string{"ldl": "ABCDDD"} },
		"finding E":         func(c *Criteria) { c.Found = map[string]Letter{"ecg": E} },
		"finding of ldl":    func(c *Criteria) { c.Found = map[string]Letter{"ldl": C} },
		"one of two":        func(c *Criteria) { c.OneOfTwo = "" },
	} {
		c := good()
		spoil(c)
		if c.Compile() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := good().Compile(); err != nil {
		t.Error(err)
	}
}

// TestAgeInRules: a rule may hold for an age only.
func TestAgeInRules(t *testing.T) {
	c := *NingenDock2016
	c.Rules = []Rule{
		{Item: "systolic", AgeFrom: 65, Bands: "A ..139 | C 140.."},
		{Item: "systolic", AgeTo: 64, Bands: "A ..129 | C 130.."},
	}
	if err := c.Compile(); err != nil {
		t.Fatal(err)
	}
	at := func(age int) Letter {
		return c.JudgeItem(byKey["systolic"], Value{Kind: Number, Num: 135 * unit}, Subject{Male, age}).Letter
	}
	if at(64) != C || at(65) != A || at(-1) != "" {
		t.Errorf("%q %q %q", at(64), at(65), at(-1))
	}
}
