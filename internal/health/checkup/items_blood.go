package checkup

// Blood tests. The first five digits of a JLAC10 code are the identity; specimen and method digits after
// them differ between bodies. Only where those digits change the meaning (fasting or not) are they longer.
var bloodGroups = []group{
	{"貧血・血液", []entry{
		{id: 40, key: "hemoglobin", name: "血色素量", unit: "g/dL", decimals: 1, kind: Numeric, law: true, span: "3..25", codes: "2A030", names: "ヘモグロビン 血色素 ヘモグロビン値 血色素量ヘモグロビン値 ヘモグロビン量 hb hgb 血色素測定"},
		{id: 41, key: "red_cells", name: "赤血球数", unit: "万/μL", kind: Numeric, law: true, span: "100..900", codes: "2A0200000", names: "赤血球 rbc"},
		{id: 42, key: "hematocrit", name: "ヘマトクリット値", unit: "%", decimals: 1, kind: Numeric, span: "5..80", codes: "2A040", names: "ヘマトクリット ht hct"},
		{id: 43, key: "white_cells", name: "白血球数", unit: "10³/μL", decimals: 1, kind: Numeric, span: "0.1..200", codes: "2A010", names: "白血球 wbc"},
		{id: 44, key: "platelets", name: "血小板数", unit: "万/μL", decimals: 1, kind: Numeric, span: "0.1..300", codes: "2A050", names: "血小板 plt"},
		{id: 45, key: "mcv", name: "MCV", unit: "fL", decimals: 1, kind: Numeric, span: "30..200", codes: "2A060"},
		{id: 46, key: "mch", name: "MCH", unit: "pg", decimals: 1, kind: Numeric, span: "5..80", codes: "2A070"},
		{id: 47, key: "mchc", name: "MCHC", unit: "%", decimals: 1, kind: Numeric, span: "10..60", codes: "2A080"},
		{id: 48, key: "ferritin", name: "血清フェリチン", unit: "ng/mL", decimals: 1, kind: Numeric, span: "0..20000", codes: "5C095", names: "フェリチン"},
	}},
	{"肝機能・蛋白", []entry{
		{id: 50, key: "ast", name: "AST", unit: "U/L", kind: Numeric, law: true, span: "1..5000", codes: "3B035", names: "GOT AST(GOT) GOT(AST)"},
		{id: 51, key: "alt", name: "ALT", unit: "U/L", kind: Numeric, law: true, span: "1..5000", codes: "3B045", names: "GPT ALT(GPT) GPT(ALT)"},
		{id: 52, key: "ggt", name: "γ-GT", unit: "U/L", kind: Numeric, law: true, span: "1..5000", codes: "3B090", names: "γ-GTP γ-GT(γ-GTP) γGTP(γGT) ガンマGT ガンマGTP GGT rGTP r-GT"},
		{id: 53, key: "alp", name: "ALP", unit: "U/L", kind: Numeric, span: "1..5000", codes: "3B070"},
		{id: 54, key: "ld", name: "LD", unit: "U/L", kind: Numeric, span: "1..10000", codes: "3B050", names: "LDH"},
		{id: 55, key: "total_protein", name: "総蛋白", unit: "g/dL", decimals: 1, kind: Numeric, span: "1..20", codes: "3A010", names: "総タンパク 総たんぱく TP 血清総蛋白"},
		{id: 56, key: "albumin", name: "アルブミン", unit: "g/dL", decimals: 1, kind: Numeric, span: "0.5..10", codes: "3A0150000023", names: "Alb 血清アルブミン"},
		{id: 57, key: "ag_ratio", name: "A/G比", decimals: 1, kind: Numeric, span: "0.1..10", codes: "3A016", names: "A/G"},
		{id: 58, key: "bilirubin", name: "総ビリルビン", unit: "mg/dL", decimals: 1, kind: Numeric, span: "0.05..60", codes: "3J010", names: "T-Bil"},
		{id: 59, key: "crp", name: "CRP", unit: "mg/dL", decimals: 2, kind: Numeric, span: "0..100", codes: "5C070"},
	}},
	{"脂質", []entry{
		{id: 60, key: "ldl", name: "LDLコレステロール", unit: "mg/dL", kind: Numeric, law: true, span: "10..1000", codes: "3F077", names: "LDL LDL-C LDLコレ 悪玉コレステロール"},
		{id: 61, key: "hdl", name: "HDLコレステロール", unit: "mg/dL", kind: Numeric, law: true, span: "5..250", codes: "3F070", names: "HDL HDL-C HDLコレ 善玉コレステロール"},
		{id: 62, key: "triglycerides", name: "中性脂肪", unit: "mg/dL", kind: Numeric, law: true, span: "5..5000", codes: "3F0150000", names: "トリグリセリド TG 中性脂肪(TG) 空腹時中性脂肪 空腹時中性脂肪(トリグリセリド) 血清トリグリセライド トリグリセライド"},
		{id: 63, key: "triglycerides_casual", name: "随時中性脂肪", unit: "mg/dL", kind: Numeric, law: true, span: "5..5000", codes: "3F0151299", names: "随時トリグリセリド 随時中性脂肪(トリグリセリド)"},
		{id: 64, key: "non_hdl", name: "non-HDLコレステロール", unit: "mg/dL", kind: Numeric, law: true, span: "10..1000", codes: "3F069", names: "non-HDL nonHDL-C"},
		{id: 65, key: "total_cholesterol", name: "総コレステロール", unit: "mg/dL", kind: Numeric, span: "20..1500", codes: "3F050", names: "TC T-Cho T-CHO 総コレ"},
	}},
	{"血糖", []entry{
		{id: 70, key: "glucose", name: "空腹時血糖", unit: "mg/dL", kind: Numeric, law: true, span: "20..1000", codes: "3D0100000", names: "血糖 空腹時血糖値 血糖値 空腹時グルコース FPG FBS グルコース 血糖(空腹時)"},
		{id: 71, key: "glucose_casual", name: "随時血糖", unit: "mg/dL", kind: Numeric, law: true, span: "20..1500", codes: "3D0101299", names: "随時血糖値 血糖(随時) 食後血糖"},
		{id: 72, key: "hba1c", name: "HbA1c", unit: "%", decimals: 1, kind: Numeric, law: true, span: "3.0..20.0", codes: "3D046", names: "ヘモグロビンA1c HbA1c(NGSP) HbA1c(NGSP値) A1c HbA1cNGSP値"},
		{id: 73, key: "blood_taken", name: "採血時間（食後）", kind: Choice, law: true, codes: "9N141", names: "採血時間 食後時間", choices: "食後10時間未満 食後10時間以上 食後3.5時間以上10時間未満 食後3.5時間未満"},
	}},
	{"腎機能・尿酸", []entry{
		{id: 80, key: "creatinine", name: "クレアチニン", unit: "mg/dL", decimals: 2, kind: Numeric, span: "0.1..30", codes: "3C0150000", names: "血清クレアチニン Cr CRE 血清クレアチニン値"},
		{id: 81, key: "egfr", name: "eGFR", unit: "mL/min/1.73m²", decimals: 1, kind: Numeric, span: "1..300", codes: "8A065", names: "推算糸球体濾過量 推定GFR"},
		{id: 82, key: "uric_acid", name: "尿酸", unit: "mg/dL", decimals: 1, kind: Numeric, span: "0.1..30", codes: "3C020", names: "血清尿酸 UA"},
		{id: 83, key: "urea_nitrogen", name: "尿素窒素", unit: "mg/dL", decimals: 1, kind: Numeric, span: "1..300", codes: "3C025", names: "BUN UN"},
	}},
}
