package checkup

// NingenDock2016 is the active default: the 人間ドック学会 table of 2016-04 with the judgement defaults of
// this service (findings, urine, blood sugar) and the 特定健診 thresholds.
var NingenDock2016 = must(&Criteria{
	ID:     "ningen-dock-2016-04",
	Name:   "人間ドック学会 判定区分 2016年4月版",
	Source: "日本人間ドック学会 判定区分表 2016-04 ／ 標準的な健診・保健指導プログラム",
	Rules: []Rule{
		{Item: "bmi", Bands: "A 18.5..24.9 | C ..18.4 | C 25.0.."},
		{Item: "waist", Sex: Male, Bands: "A ..84.9 | C 85.0.."},
		{Item: "waist", Sex: Female, Bands: "A ..89.9 | C 90.0.."},
		{Item: "systolic", Bands: "A ..129 | B 130..139 | C 140..159 | D 160.."},
		{Item: "diastolic", Bands: "A ..84 | B 85..89 | C 90..99 | D 100.."},
		{Item: "heart_rate", Bands: "A 45..85 | B 40..44 | B 86..100 | D ..39 | D 101.."},
		{Item: "vision", Bands: "A 1.0.. | C 0.7..0.9 | D ..0.6"},
		{Item: "hearing_right_1000", Bands: hearing}, {Item: "hearing_right_4000", Bands: hearing},
		{Item: "hearing_left_1000", Bands: hearing}, {Item: "hearing_left_4000", Bands: hearing},
		{Item: "total_protein", Bands: "A 6.5..8.0 | B 8.1..9.0 | C 6.0..6.4 | D ..5.9 | D 9.1.."},
		{Item: "albumin", Bands: "A 4.0.. | C 3.6..3.9 | D ..3.5"},
		{Item: "creatinine", Sex: Male, Bands: "A ..1.00 | B 1.01..1.09 | C 1.10..1.29 | D 1.30.."},
		{Item: "creatinine", Sex: Female, Bands: "A ..0.70 | B 0.71..0.79 | C 0.80..0.99 | D 1.00.."},
		{Item: "egfr", Bands: "A 60.0.. | C 50.0..59.9 | D ..49.9"},
		{Item: "uric_acid", Bands: "A 2.1..7.0 | B 7.1..7.5 | C ..2.0 | C 7.6..8.9 | D 9.0.."},
		{Item: "hdl", Bands: "A 40..119 | C 30..39 | D ..29 | D 120.."},
		{Item: "ldl", Bands: "A 60..119 | B 120..139 | C 140..179 | D ..59 | D 180.."},
		{Item: "triglycerides", Bands: "A 30..149 | B 150..199 | C 200..399 | D ..29 | D 400.."},
		{Item: "ast", Bands: "A ..30 | B 31..35 | C 36..50 | D 51.."},
		{Item: "alt", Bands: "A ..30 | B 31..40 | C 41..50 | D 51.."},
		{Item: "ggt", Bands: "A ..50 | B 51..80 | C 81..100 | D 101.."},
		{Item: "glucose", Bands: "A ..99 | B 100..109 | C 110..125 | D 126.."},
		{Item: "hba1c", Bands: "A ..5.5 | B 5.6..5.9 | C 6.0..6.4 | D 6.5.."},
		{Item: "red_cells", Sex: Male, Bands: "A 400..539 | B 540..599 | C 360..399 | D ..359 | D 600.."},
		{Item: "red_cells", Sex: Female, Bands: "A 360..489 | B 490..549 | C 330..359 | D ..329 | D 550.."},
		{Item: "white_cells", Bands: "A 3.2..8.5 | B 8.6..8.9 | C 2.6..3.1 | D ..2.5 | D 9.0.."},
		{Item: "hemoglobin", Sex: Male, Bands: "A 13.1..16.6 | B 16.7..17.9 | C 12.0..13.0 | D ..11.9 | D 18.0.."},
		{Item: "hemoglobin", Sex: Female, Bands: "A 12.1..14.6 | B 14.7..15.9 | C 11.0..12.0 | D ..10.9 | D 16.0.."},
	},
	Thresholds: specific, Grades: urine, Found: findings, OneOfTwo: C,
})

// NingenDockDraft is the newer table as far as secondary sources give it. It stays a draft until a
// physician approves it; the red cell count is judged by haemoglobin there.
var NingenDockDraft = must(&Criteria{
	ID:     "ningen-dock-newer-draft",
	Name:   "人間ドック学会 判定区分 近年版（案）",
	Source: "二次資料による近年の判定区分。原表の確認と産業医の承認が必要",
	Draft:  true,
	Rules: replaced(NingenDock2016.Rules, []string{"red_cells"},
		Rule{Item: "total_protein", Bands: "A 6.5..7.9 | B 8.0..8.3 | C 6.2..6.4 | D ..6.1 | D 8.4.."},
		Rule{Item: "albumin", Bands: "A 3.9.. | C 3.7..3.8 | D ..3.6"},
		Rule{Item: "egfr", Bands: "A 60.0.. | C 45.0..59.9 | D ..44.9"},
		Rule{Item: "uric_acid", Bands: "A 2.1..7.0 | B 7.1..7.9 | C ..2.0 | C 8.0..8.9 | D 9.0.."},
		Rule{Item: "hdl", Bands: "A 40.. | C 35..39 | D ..34"},
		Rule{Item: "triglycerides", Bands: "A 30..149 | B 150..299 | C 300..499 | D ..29 | D 500.."},
		Rule{Item: "white_cells", Bands: "A 3.1..8.4 | B 8.5..8.9 | C 9.0..9.9 | D ..3.0 | D 10.0.."},
		Rule{Item: "hemoglobin", Sex: Male, Bands: "A 13.1..16.3 | B 16.4..18.0 | C 12.1..13.0 | D ..12.0 | D 18.1.."},
		Rule{Item: "hemoglobin", Sex: Female, Bands: "A 12.1..14.5 | B 14.6..16.0 | C 11.1..12.0 | D ..11.0 | D 16.1.."},
	),
	Thresholds: specific, Grades: urine, Found: findings, OneOfTwo: C,
})

// BuiltIn lists the versions that ship with the program, the default first.
var BuiltIn = []*Criteria{NingenDock2016, NingenDockDraft}

const hearing = "A ..30 | C 31..39 | D 40.." // decibels, in steps of five

// specific are the 特定健診 figures (保健指導判定値, 受診勧奨判定値).
var specific = []Threshold{
	{Item: "bmi", Guidance: "25.0"},
	{Item: "waist", Sex: Male, Guidance: "85.0"},
	{Item: "waist", Sex: Female, Guidance: "90.0"},
	{Item: "systolic", Guidance: "130", Referral: "140"},
	{Item: "diastolic", Guidance: "85", Referral: "90"},
	{Item: "triglycerides", Guidance: "150", Referral: "300"},
	{Item: "triglycerides_casual", Guidance: "175", Referral: "300"},
	{Item: "hdl", Low: true, Guidance: "39", Referral: "34"},
	{Item: "ldl", Guidance: "120", Referral: "140"},
	{Item: "non_hdl", Guidance: "150", Referral: "170"},
	{Item: "glucose", Guidance: "100", Referral: "126"},
	{Item: "glucose_casual", Guidance: "100", Referral: "126"},
	{Item: "hba1c", Guidance: "5.6", Referral: "6.5"},
	{Item: "ast", Guidance: "31", Referral: "51"},
	{Item: "alt", Guidance: "31", Referral: "51"},
	{Item: "ggt", Guidance: "51", Referral: "101"},
	{Item: "hemoglobin", Sex: Male, Low: true, Guidance: "13.0", Referral: "12.0"},
	{Item: "hemoglobin", Sex: Female, Low: true, Guidance: "12.0", Referral: "11.0"},
	{Item: "egfr", Low: true, Guidance: "59.9", Referral: "44.9"},
	{Item: "uric_acid", Guidance: "7.1", Referral: "8.0"},
}

var urine = map[string]string{"urine_protein": "ABCDDD", "urine_sugar": "ABCDDD", "urine_blood": "ABCDDD"}

var findings = map[string]Letter{
	"chest_xray": C, "ecg": C, "hearing_right_1000": C, "hearing_right_4000": C, "hearing_left_1000": C, "hearing_left_4000": C,
	"chest_ct": C, "upper_gi_xray": C, "upper_gi_scope": C, "abdominal_echo": C, "fundus": C, "stool_blood": C, "sputum": C, "urine_sediment": C,
}

func must(c *Criteria) *Criteria {
	if err := c.Compile(); err != nil {
		panic(err)
	}
	return c
}

// replaced takes the rules over, except those of the items dropped or given anew.
func replaced(rules []Rule, drop []string, with ...Rule) []Rule {
	gone := map[string]bool{}
	for _, k := range drop {
		gone[k] = true
	}
	for _, r := range with {
		gone[r.Item] = true
	}
	var out []Rule
	for _, r := range rules {
		if !gone[r.Item] {
			out = append(out, r)
		}
	}
	return append(out, with...)
}
