package checkup

// Urine, imaging, electrocardiogram and the physician's examination.
var findingGroups = []group{
	{"尿・便", []entry{
		{id: 90, key: "urine_sugar", name: "尿糖", kind: Grade, law: true, codes: "1A020", names: "尿糖定性 糖定性 尿(糖) 糖(尿)"},
		{id: 91, key: "urine_protein", name: "尿蛋白", kind: Grade, law: true, codes: "1A010", names: "尿タンパク 尿たんぱく 蛋白定性 尿蛋白定性 尿(蛋白) 蛋白(尿)"},
		{id: 92, key: "urine_blood", name: "尿潜血", kind: Grade, codes: "1A100", names: "潜血 尿潜血反応 尿(潜血) 潜血(尿)"},
		{id: 93, key: "urine_gravity", name: "尿比重", decimals: 3, kind: Numeric, span: "0.9..1.2", codes: "1A030"},
		{id: 94, key: "urobilinogen", name: "ウロビリノーゲン", kind: Grade, codes: "1A040", names: "尿ウロビリノーゲン 尿ウロビリ"},
		{id: 95, key: "urine_sediment", name: "尿沈渣", kind: Finding, codes: "1A1051607"},
		{id: 96, key: "stool_blood", name: "便潜血", kind: Finding, codes: "1B030", names: "便潜血反応 便潜血1回目"},
	}},
	{"胸部X線・心電図", []entry{
		{id: 100, key: "chest_xray", name: "胸部X線", kind: Finding, law: true, codes: "9N2061607 9N2211607", names: "胸部X線検査 胸部エックス線 胸部レントゲン 胸部XP 胸部X-P 胸部X線(所見の有無) 胸部X線所見有無 胸部X線直接撮影 胸部X線間接撮影 胸部X線判定"},
		{id: 101, key: "chest_xray_text", name: "胸部X線所見", kind: Text, law: true, codes: "9N2061608 9N2211608", names: "胸部X線(所見) 胸部エックス線所見 胸部レントゲン所見"},
		{id: 102, key: "chest_ct", name: "胸部CT", kind: Finding, codes: "9N2511607", names: "胸部CT検査"},
		{id: 103, key: "ecg", name: "心電図", kind: Finding, law: true, codes: "9A1101607", names: "心電図検査 安静時心電図 12誘導心電図 心電図(所見の有無) 心電図所見有無 ECG 心電図判定"},
		{id: 104, key: "ecg_text", name: "心電図所見", kind: Text, law: true, codes: "9A1101608", names: "心電図(所見)"},
		{id: 105, key: "sputum", name: "喀痰検査", kind: Finding, law: true, codes: "6A0101607", names: "喀痰 喀痰塗抹"},
		{id: 106, key: "sputum_cells", name: "喀痰細胞診", kind: Text, law: true, codes: "7A010"},
		{id: 107, key: "upper_gi_xray", name: "上部消化管X線", kind: Finding, codes: "9N2561607 9N2611607", names: "胃部X線 胃X線 胃部レントゲン"},
		{id: 108, key: "upper_gi_scope", name: "上部消化管内視鏡", kind: Finding, codes: "9N2661607", names: "胃内視鏡 胃カメラ"},
		{id: 109, key: "abdominal_echo", name: "腹部超音波", kind: Finding, names: "腹部エコー"},
		{id: 110, key: "fundus", name: "眼底", kind: Finding, names: "眼底検査 眼底カメラ"},
	}},
	{"診察・問診", []entry{
		{id: 120, key: "history", name: "既往歴", kind: Text, law: true, codes: "9N0560000", names: "既往 既往症 既往歴の有無", choices: "特記すべきことあり 特記すべきことなし"},
		{id: 121, key: "history_text", name: "具体的な既往歴", kind: Text, law: true, codes: "9N0561604", names: "既往歴詳細 既往歴内容"},
		{id: 122, key: "work_history", name: "業務歴", kind: Text, law: true, codes: "9N051", names: "業務の経歴"},
		{id: 123, key: "symptoms", name: "自覚症状", kind: Text, law: true, codes: "9N0610000", names: "自覚症状の有無", choices: "特記すべきことあり 特記すべきことなし"},
		{id: 124, key: "symptoms_text", name: "自覚症状所見", kind: Text, law: true, codes: "9N0611608", names: "自覚症状(所見) 自覚症状内容 具体的な自覚症状"},
		{id: 125, key: "signs", name: "他覚症状", kind: Text, law: true, codes: "9N0660000", names: "他覚症状の有無 他覚所見", choices: "特記すべきことあり 特記すべきことなし"},
		{id: 126, key: "signs_text", name: "他覚症状所見", kind: Text, law: true, codes: "9N0661608", names: "他覚症状(所見) 他覚症状内容 具体的な他覚症状"},
		{id: 127, key: "body_judgement", name: "医師の診断（判定）", kind: Text, law: true, codes: "9N511", names: "医師の判定 総合判定 判定 医師の診断 健診判定"},
		{id: 128, key: "body_physician", name: "健診医師名", kind: Text, law: true, codes: "9N516", names: "健康診断を実施した医師の氏名 医師名 判定医"},
		{id: 129, key: "body_opinion", name: "医師の意見", kind: Text, law: true, codes: "9N521"},
		{id: 130, key: "body_opinion_by", name: "意見を述べた医師", kind: Text, law: true, codes: "9N526", names: "意見を述べた医師の氏名"},
		{id: 131, key: "remarks", name: "備考", kind: Text, codes: "9N551", names: "コメント 特記事項"},
		{id: 132, key: "body_metabolic", name: "メタボリックシンドローム判定", kind: Choice, codes: "9N501", names: "メタボ判定 メタボリック判定 内臓脂肪症候群判定", choices: "基準該当 予備群該当 非該当 判定不能", also: "該当=1 予備群=2"},
		{id: 133, key: "guidance_level", name: "保健指導レベル", kind: Choice, codes: "9N506", names: "支援レベル", choices: "積極的支援 動機付け支援 なし 判定不能", also: "情報提供=3"},
	}},
	{"総合", []entry{
		{id: 240, key: "vision", name: "視力（悪い側）", kind: Joint, law: true, names: "視力"},
		{id: 241, key: "sugar", name: "血糖（空腹時・HbA1c）", kind: Joint, law: true, names: "糖代謝"},
	}},
}
