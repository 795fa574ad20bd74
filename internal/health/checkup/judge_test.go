package checkup

import (
	"testing"

	"pgregory.net/rapid"
)

// The published table once more, in another form than the program's: item, sex, and for each class the
// figures at its ends. The tests below walk one step beyond each end.
var published = []struct {
	item string
	sex  Sex
	d    int
	want map[string]Letter
}{
	{"bmi", Male, 1, map[string]Letter{"18.4": C, "18.5": A, "24.9": A, "25.0": C}},
	{"waist", Male, 1, map[string]Letter{"84.9": A, "85.0": C}},
	{"waist", Female, 1, map[string]Letter{"85.0": A, "89.9": A, "90.0": C}},
	{"systolic", Male, 0, map[string]Letter{"129": A, "130": B, "139": B, "140": C, "159": C, "160": D}},
	{"diastolic", Male, 0, map[string]Letter{"84": A, "85": B, "89": B, "90": C, "99": C, "100": D}},
	{"heart_rate", Male, 0, map[string]Letter{"39": D, "40": B, "44": B, "45": A, "85": A, "86": B, "100": B, "101": D}},
	{"vision_left", Male, 1, map[string]Letter{"0.6": D, "0.7": C, "0.9": C, "1.0": A, "0.05": D}},
	{"hearing_left_4000", Male, 0, map[string]Letter{"30": A, "35": C, "40": D}},
	{"total_protein", Male, 1, map[string]Letter{"5.9": D, "6.0": C, "6.4": C, "6.5": A, "8.0": A, "8.1": B, "9.0": B, "9.1": D}},
	{"albumin", Male, 1, map[string]Letter{"3.5": D, "3.6": C, "3.9": C, "4.0": A}},
	{"creatinine", Male, 2, map[string]Letter{"1.00": A, "1.01": B, "1.09": B, "1.10": C, "1.29": C, "1.30": D}},
	{"creatinine", Female, 2, map[string]Letter{"0.70": A, "0.71": B, "0.79": B, "0.80": C, "0.99": C, "1.00": D}},
	{"egfr", Male, 1, map[string]Letter{"49.9": D, "50.0": C, "59.9": C, "60.0": A}},
	{"uric_acid", Male, 1, map[string]Letter{"2.0": C, "2.1": A, "7.0": A, "7.1": B, "7.5": B, "7.6": C, "8.9": C, "9.0": D}},
	{"hdl", Male, 0, map[string]Letter{"29": D, "30": C, "39": C, "40": A, "119": A, "120": D}},
	{"ldl", Male, 0, map[string]Letter{"59": D, "60": A, "119": A, "120": B, "139": B, "140": C, "179": C, "180": D}},
	{"triglycerides", Male, 0, map[string]Letter{"29": D, "30": A, "149": A, "150": B, "199": B, "200": C, "399": C, "400": D}},
	{"ast", Male, 0, map[string]Letter{"30": A, "31": B, "35": B, "36": C, "50": C, "51": D}},
	{"alt", Male, 0, map[string]Letter{"30": A, "31": B, "40": B, "41": C, "50": C, "51": D}},
	{"ggt", Male, 0, map[string]Letter{"50": A, "51": B, "80": B, "81": C, "100": C, "101": D}},
	{"glucose", Male, 0, map[string]Letter{"99": A, "100": B, "109": B, "110": C, "125": C, "126": D}},
	{"hba1c", Male, 1, map[string]Letter{"5.5": A, "5.6": B, "5.9": B, "6.0": C, "6.4": C, "6.5": D}},
	{"red_cells", Male, 0, map[string]Letter{"359": D, "360": C, "399": C, "400": A, "539": A, "540": B, "599": B, "600": D}},
	{"red_cells", Female, 0, map[string]Letter{"329": D, "330": C, "359": C, "360": A, "489": A, "490": B, "549": B, "550": D}},
	{"white_cells", Male, 1, map[string]Letter{"2.5": D, "2.6": C, "3.1": C, "3.2": A, "8.5": A, "8.6": B, "8.9": B, "9.0": D}},
	{"hemoglobin", Male, 1, map[string]Letter{"11.9": D, "12.0": C, "13.0": C, "13.1": A, "16.6": A, "16.7": B, "17.9": B, "18.0": D}},
	{"hemoglobin", Female, 1, map[string]Letter{"10.9": D, "11.0": C, "12.0": C, "12.1": A, "14.6": A, "14.7": B, "15.9": B, "16.0": D}},
}

func TestPublishedTable(t *testing.T) {
	for _, p := range published {
		it := byKey[p.item]
		for text, want := range p.want {
			if got := NingenDock2016.JudgeItem(it, Value{Kind: Number, Num: num(text)}, Subject{Sex: p.sex, Age: 45}).Letter; got != want {
				t.Errorf("%s %s: %s, want %s", p.item, text, got, want)
			}
		}
	}
}

// Every band of every version, at both ends, one step beyond, and just below and at the half step that
// rounds across: generated from the table itself.
func TestEveryBoundary(t *testing.T) {
	for _, c := range BuiltIn {
		for _, r := range c.Rules {
			it := byKey[r.Item]
			if r.Item == "vision" {
				it = byKey["vision_right"]
			}
			d := decimalsFor(it)
			bands, err := parseBands(r.Bands, d)
			if err != nil {
				t.Fatal(err)
			}
			at := func(n Num) Letter {
				return c.JudgeItem(it, Value{Kind: Number, Num: n}, Subject{Sex: r.Sex, Age: 45}).Letter
			}
			for i, b := range bands {
				if b.low != minNum && (at(b.low) != b.letter || at(b.low-step(d)/2) != b.letter || at(b.low-step(d)/2-1) != bands[i-1].letter) {
					t.Errorf("%s %s: lower end of %s", c.ID, r.Item, b)
				}
				if b.high != maxNum && (at(b.high) != b.letter || at(b.high+step(d)/2-1) != b.letter || at(b.high+step(d)) != bands[i+1].letter) {
					t.Errorf("%s %s: upper end of %s", c.ID, r.Item, b)
				}
			}
		}
	}
}

func TestThresholds(t *testing.T) {
	for _, x := range specific {
		it := byKey[x.Item]
		s := Subject{Sex: x.Sex, Age: 45}
		at := func(n Num) Action { return NingenDock2016.JudgeItem(it, Value{Kind: Number, Num: n}, s).Action }
		way := step(it.Decimals)
		if x.Low {
			way = -way
		}
		if g := num(x.Guidance); at(g) != Guidance || at(g-way) != NoAction {
			t.Errorf("%s: guidance at %s", x.Item, x.Guidance)
		}
		if x.Referral != "" {
			if r := num(x.Referral); at(r) != Referral || at(r-way) != Guidance {
				t.Errorf("%s: referral at %s", x.Item, x.Referral)
			}
		}
	}
}

// sample builds values from pairs of key and cell.
func sample(t testing.TB, pairs ...string) []ItemValue {
	t.Helper()
	var out []ItemValue
	for i := 0; i < len(pairs); i += 2 {
		v, code := ParseValue(byKey[pairs[i]], pairs[i+1], false)
		if code != "" {
			t.Fatalf("%s %s: %s", pairs[i], pairs[i+1], code)
		}
		out = append(out, ItemValue{byKey[pairs[i]], v})
	}
	return out
}

func TestBloodSugarTable(t *testing.T) {
	for _, c := range []struct {
		glucose, hba1c string
		want           Letter
	}{
		{"99", "5.5", A}, {"100", "5.5", B}, {"109", "5.9", B}, {"99", "5.6", B}, {"99", "5.9", B},
		{"110", "5.5", C}, {"125", "5.5", C}, {"99", "6.0", C}, {"99", "6.4", C}, {"126", "6.4", C}, {"126", "5.0", C}, {"125", "6.5", C}, {"90", "7.0", C},
		{"126", "6.5", D}, {"300", "12.0", D},
		{"126", "", D}, {"", "6.5", D}, {"125", "", C}, {"", "5.9", B}, {"99", "未実施", A},
	} {
		var v []ItemValue
		if c.glucose != "" {
			v = append(v, sample(t, "glucose", c.glucose)...)
		}
		if c.hba1c != "" {
			v = append(v, sample(t, "hba1c", c.hba1c)...)
		}
		if got := NingenDock2016.JudgeAll(v, Subject{Male, 45}).Overall; got != c.want {
			t.Errorf("glucose %s HbA1c %s: %s, want %s", c.glucose, c.hba1c, got, c.want)
		}
	}
}

func TestEyes(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   Letter
	}{
		{[]string{"vision_right", "1.2", "vision_left", "0.7"}, C},
		{[]string{"vision_right", "0.1", "vision_left", "0.1", "vision_right_corrected", "1.0", "vision_left_corrected", "1.2"}, A},
		{[]string{"vision_right", "0.1", "vision_left", "1.0", "vision_right_corrected", "測定不能"}, D},
		{[]string{"vision_right", "0.05"}, D},
	} {
		if got := NingenDock2016.JudgeAll(sample(t, c.values...), Subject{Male, 45}).Overall; got != c.want {
			t.Errorf("%v: %s, want %s", c.values, got, c.want)
		}
	}
}

func TestDerived(t *testing.T) {
	j := NingenDock2016.JudgeAll(sample(t, "height", "170.0", "weight", "72.2", "creatinine", "0.80", "total_cholesterol", "220", "hdl", "50"), Subject{Male, 45})
	got := map[string]string{}
	for _, v := range j.Derived {
		got[v.Item.Key] = v.Show(v.Item)
	}
	// 72.2/1.7² = 24.98 → 25.0; 194·0.80^−1.094·45^−0.287 = 83.05; 220−50
	for k, w := range map[string]string{"bmi": "25.0", "non_hdl": "170", "egfr": "83.1"} {
		if got[k] != w {
			t.Errorf("%s %s, want %s", k, got[k], w)
		}
	}
	if j.Overall != C || j.Action != Referral { // BMI 25.0, non-HDL 170
		t.Errorf("overall %s %s", j.Overall, j.Action)
	}
	if d := derive(sample(t, "height", "170", "weight", "70", "bmi", "24.0"), Subject{}); len(d) != 0 {
		t.Errorf("a given BMI is computed again: %v", d)
	}
}

func TestMetabolic(t *testing.T) {
	for _, c := range []struct {
		name   string
		sex    Sex
		values []string
		want   Metabolic
	}{
		{"slim", Male, []string{"waist", "84.9"}, MetabolicNo},
		{"no waist", Male, []string{"systolic", "150"}, MetabolicUnknown},
		{"two", Male, []string{"waist", "85", "systolic", "130", "triglycerides", "150"}, MetabolicYes},
		{"one and all known", Male, []string{"waist", "85", "systolic", "130", "diastolic", "70", "triglycerides", "100", "hdl", "50", "glucose", "90"}, MetabolicNear},
		{"one, sugar unknown", Male, []string{"waist", "85", "systolic", "130", "diastolic", "70", "triglycerides", "100", "hdl", "50"}, MetabolicUnknown},
		{"none", Female, []string{"waist", "95", "systolic", "110", "diastolic", "70", "triglycerides", "100", "hdl", "50", "hba1c", "5.9"}, MetabolicNo},
		{"woman below 90", Female, []string{"waist", "89.9"}, MetabolicNo},
		{"HbA1c instead", Female, []string{"waist", "95", "systolic", "130", "hba1c", "6.0"}, MetabolicYes},
		{"glucose goes first", Female, []string{"waist", "95", "systolic", "130", "diastolic", "70", "glucose", "100", "hba1c", "6.4", "hdl", "60", "triglycerides", "90"}, MetabolicNear},
		{"drugs count", Male, []string{"waist", "90", "drug_pressure", "はい", "drug_lipid", "はい"}, MetabolicYes},
		{"low HDL", Male, []string{"waist", "90", "hdl", "39", "diastolic", "85"}, MetabolicYes},
	} {
		if got := metabolic(sample(t, c.values...), Subject{c.sex, 45}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestMedicationMark(t *testing.T) {
	if !NingenDock2016.JudgeAll(sample(t, "systolic", "120"), Subject{Male, 45}).MedicationUnknown {
		t.Error("medication is not asked, and not marked")
	}
	if NingenDock2016.JudgeAll(sample(t, "systolic", "120", "drug_pressure", "いいえ", "drug_sugar", "いいえ", "drug_lipid", "いいえ"), Subject{Male, 45}).MedicationUnknown {
		t.Error("medication is known, and marked")
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		item, cell string
		want       Letter
		marked     bool
	}{
		{"triglycerides", "<30", D, false}, {"triglycerides", "30以下", A, true}, {"triglycerides", ">=400", D, false},
		{"triglycerides", ">399", D, false}, {"triglycerides", ">300", C, true}, {"ggt", "<10", A, false}, {"hba1c", "<3.9", A, false},
		{"egfr", ">90", A, false}, {"ldl", "<60", D, false},
	} {
		v, _ := ParseValue(byKey[c.item], c.cell, false)
		j := NingenDock2016.JudgeItem(byKey[c.item], v, Subject{Male, 45})
		if j.Letter != c.want || j.Has(ByBound) != c.marked {
			t.Errorf("%s %s: %s marked %v", c.item, c.cell, j.Letter, j.Has(ByBound))
		}
	}
}

func TestTreatedIsNeverAutomatic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values []ItemValue
		for _, it := range Items() {
			if it.Kind == Joint || !rapid.Bool().Draw(t, it.Key) {
				continue
			}
			cell := rapid.SampledFrom([]string{"E", "治療中", "1", "5", "99", "5.5", "-", "3+", "所見あり", "所見あり(E)", "未実施", "140", "<30"}).Draw(t, "cell")
			if v, code := ParseValue(it, cell, rapid.Bool().Draw(t, "coded")); code == "" && v.Kind != Empty {
				values = append(values, ItemValue{it, v})
			}
		}
		j := NingenDock2016.JudgeAll(values, Subject{Sex(rapid.IntRange(0, 2).Draw(t, "sex")), rapid.IntRange(-1, 90).Draw(t, "age")})
		worst := Letter("")
		for _, i := range j.Items {
			if i.Letter == E {
				t.Fatalf("%s is E by itself", i.Item.Key)
			}
			if !i.Has(Part) {
				worst = max(worst, i.Letter)
			}
		}
		if j.Overall != worst {
			t.Fatalf("overall %q, worst %q", j.Overall, worst)
		}
		if body, got, err := decodeValues(appendValues(nil, "京都", values)); err != nil || body != "京都" || len(got) != len(values) {
			t.Fatalf("encoding: %v", err)
		} else {
			for i := range got {
				if got[i] != values[i] {
					t.Fatalf("%+v became %+v", values[i], got[i])
				}
			}
		}
	})
}

func TestCriteriaRefuseGaps(t *testing.T) {
	for _, bands := range []string{"A ..10 | B 12..", "A ..10 | B 10..", "A ..10", "A 1..10", "E ..10 | A 11..", "A ..1.05 | B 1.06..", "x", ""} {
		if _, err := parseBands(bands, 0); err == nil {
			t.Errorf("%q is accepted", bands)
		}
	}
}
