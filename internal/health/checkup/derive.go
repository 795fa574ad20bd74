package checkup

import "math"

// derive computes what the file does not give: BMI, eGFR and non-HDL cholesterol.
func derive(values []ItemValue, s Subject) []ItemValue {
	var out []ItemValue
	add := func(key string, n Num) {
		out = append(out, ItemValue{Item: byKey[key], Value: Value{Kind: Number, Num: n}})
	}
	if h, w := number(values, "height"), number(values, "weight"); lacks(values, "bmi") && h != noNum && w != noNum && h > 0 {
		add("bmi", bodyMass(h, w))
	}
	if cr := number(values, "creatinine"); lacks(values, "egfr") && cr != noNum && cr > 0 && s.Age >= 18 && s.Sex != AnySex {
		add("egfr", filtration(cr, s))
	}
	if t, h := number(values, "total_cholesterol"), number(values, "hdl"); lacks(values, "non_hdl") && t != noNum && h != noNum && t > h {
		add("non_hdl", t-h)
	}
	return out
}

// lacks: an item that is there but was not done is not measured either.
func lacks(values []ItemValue, key string) bool {
	v := find(values, key)
	return v == nil || !v.Measured()
}

// number is the exact figure of an item, or noNum.
func number(values []ItemValue, key string) Num {
	if v := find(values, key); v != nil && v.Kind == Number {
		return v.Num
	}
	return noNum
}

// bodyMass is weight / height², in exact integers, to one decimal (half away from zero).
func bodyMass(cm, kg Num) Num {
	// kg/(cm/100)² in tenths: kg·10^5/cm²; both are in millionths, cut to thousandths to stay in 64 bits.
	w, h := int64(kg/1000), int64(cm/1000)
	num, den := w*1000*100_000, h*h // thousandths of kg × 1000 over (thousandths of cm)²
	return Num((num+den/2)/den) * step(1)
}

// filtration is the Japanese eGFR: 194 × Cr^−1.094 × age^−0.287, × 0.739 for women; to one decimal.
func filtration(cr Num, s Subject) Num {
	e := 194 * math.Pow(cr.Float(), -1.094) * math.Pow(float64(s.Age), -0.287)
	if s.Sex == Female {
		e *= 0.739
	}
	return fromFloat(e).Round(1)
}

// risk is what one component of the metabolic syndrome says.
type risk uint8

const (
	riskUnknown risk = iota
	riskNo
	riskYes
)

// metabolic applies the 特定健診 rule: waist, and of blood pressure, lipids and blood sugar two (基準該当)
// or one (予備群該当). Medication counts as present. What decides but is not known gives 判定不能.
func metabolic(values []ItemValue, s Subject) Metabolic {
	waist := number(values, "waist")
	limit := map[Sex]Num{Male: 85 * unit, Female: 90 * unit}[s.Sex]
	if waist == noNum || limit == 0 {
		return MetabolicUnknown
	}
	if waist.Round(1) < limit {
		return MetabolicNo
	}
	sugar := atLeast(values, "glucose", 110*unit)
	if sugar == riskUnknown {
		sugar = atLeast(values, "hba1c", 6*unit)
	}
	yes, unknown := 0, 0
	for _, r := range [3]risk{
		treated(values, "drug_pressure", both(atLeast(values, "systolic", 130*unit), atLeast(values, "diastolic", 85*unit))),
		treated(values, "drug_lipid", both(atLeast(values, "triglycerides", 150*unit), under(values, "hdl", 40*unit))),
		treated(values, "drug_sugar", sugar),
	} {
		switch r {
		case riskYes:
			yes++
		case riskUnknown:
			unknown++
		}
	}
	switch {
	case yes >= 2:
		return MetabolicYes
	case unknown > 0:
		return MetabolicUnknown
	case yes == 1:
		return MetabolicNear
	}
	return MetabolicNo
}

func atLeast(values []ItemValue, key string, limit Num) risk {
	return compare(values, key, func(low, high Num) (bool, bool) { return low >= limit, high < limit })
}

func under(values []ItemValue, key string, limit Num) risk {
	return compare(values, key, func(low, high Num) (bool, bool) { return high < limit, low >= limit })
}

func compare(values []ItemValue, key string, f func(low, high Num) (yes, no bool)) risk {
	v := find(values, key)
	if v == nil || !v.Measured() {
		return riskUnknown
	}
	yes, no := f(interval(v.Value, v.Item.Decimals))
	switch {
	case yes:
		return riskYes
	case no:
		return riskNo
	}
	return riskUnknown
}

// both: either figure suffices for yes, both are needed for no.
func both(a, b risk) risk {
	switch {
	case a == riskYes || b == riskYes:
		return riskYes
	case a == riskNo && b == riskNo:
		return riskNo
	}
	return riskUnknown
}

func treated(values []ItemValue, drug string, r risk) risk {
	if v := find(values, drug); v != nil && v.Kind == ChoiceValue && v.Num == 1 {
		return riskYes
	}
	return r
}
