package checkup

// The 特定健診 questionnaire and what bodies ask beside it. None of it is statutory under 安衛則44条.
var askGroups = []group{
	{"質問票", []entry{
		{id: 150, key: "drug_pressure", name: "服薬1（血圧）", kind: Choice, codes: "9N7010000", names: "服薬血圧 血圧服薬 血圧の薬 降圧薬 服薬(血圧)", choices: yesNo, also: yesNoAlso},
		{id: 151, key: "drug_sugar", name: "服薬2（血糖）", kind: Choice, codes: "9N7060000", names: "服薬血糖 血糖服薬 血糖の薬 服薬(血糖) 服薬2(インスリン注射又は血糖を下げる薬)", choices: yesNo, also: yesNoAlso},
		{id: 152, key: "drug_lipid", name: "服薬3（脂質）", kind: Choice, codes: "9N7110000", names: "服薬脂質 脂質服薬 コレステロールの薬 服薬(脂質)", choices: yesNo, also: yesNoAlso},
		{id: 153, key: "past_stroke", name: "既往歴1（脳血管）", kind: Choice, codes: "9N716", choices: yesNo, also: yesNoAlso},
		{id: 154, key: "past_heart", name: "既往歴2（心血管）", kind: Choice, codes: "9N721", choices: yesNo, also: yesNoAlso},
		{id: 155, key: "past_kidney", name: "既往歴3（腎不全・人工透析）", kind: Choice, codes: "9N726", choices: yesNo, also: yesNoAlso},
		{id: 156, key: "past_anemia", name: "貧血", kind: Choice, codes: "9N731", choices: yesNo, also: yesNoAlso},
		{id: 157, key: "smoking", name: "喫煙", kind: Choice, codes: "9N736", names: "喫煙習慣 たばこ タバコ 喫煙歴", choices: "はい 以前は吸っていたが最近1か月は吸わない いいえ", also: "吸う=1 あり=1 有=1 現在吸っている=1 喫煙=1 毎日=1 やめた=2 禁煙=2 過去に吸っていた=2 以前=2 なし=3 無=3 吸わない=3 非喫煙=3"},
		{id: 158, key: "weight_change", name: "20歳からの体重変化", kind: Choice, codes: "9N741", choices: yesNo, also: yesNoAlso},
		{id: 159, key: "exercise", name: "30分以上の運動習慣", kind: Choice, codes: "9N746", names: "運動習慣", choices: yesNo, also: yesNoAlso},
		{id: 160, key: "activity", name: "歩行又は身体活動", kind: Choice, codes: "9N751", names: "身体活動", choices: yesNo, also: yesNoAlso},
		{id: 161, key: "walking_speed", name: "歩行速度", kind: Choice, codes: "9N756", choices: yesNo, also: yesNoAlso},
		{id: 162, key: "chewing", name: "咀嚼", kind: Choice, codes: "9N872", choices: "何でも かみにくい ほとんどかめない"},
		{id: 163, key: "eating_speed", name: "食べ方1（早食い等）", kind: Choice, codes: "9N766", names: "食べる速さ", choices: "速い ふつう 遅い"},
		{id: 164, key: "late_meal", name: "食べ方2（就寝前）", kind: Choice, codes: "9N771", choices: yesNo, also: yesNoAlso},
		{id: 165, key: "snacks", name: "食べ方3（間食）", kind: Choice, codes: "9N782", choices: "毎日 時々 ほとんど摂取しない"},
		{id: 166, key: "breakfast", name: "食習慣", kind: Choice, codes: "9N781", names: "朝食を抜く", choices: yesNo, also: yesNoAlso},
		{id: 167, key: "alcohol", name: "飲酒", kind: Choice, codes: "9N786", names: "飲酒習慣 飲酒頻度", choices: "毎日 週5〜6日 週3〜4日 週1〜2日 月1〜3日 月1日未満 やめた 飲まない"},
		{id: 168, key: "alcohol_amount", name: "飲酒量", kind: Choice, codes: "9N791", choices: "1合未満 1〜2合未満 2〜3合未満 3〜5合未満 5合以上"},
		{id: 169, key: "sleep", name: "睡眠", kind: Choice, codes: "9N796", names: "睡眠で休養", choices: yesNo, also: yesNoAlso},
		{id: 170, key: "improvement", name: "生活習慣の改善", kind: Choice, codes: "9N801", choices: "意志なし 意志あり(6か月以内) 意志あり(近いうち) 取組済み(6か月未満) 取組済み(6か月以上)"},
		{id: 171, key: "guidance_past", name: "特定保健指導の受診歴", kind: Choice, codes: "9N808", names: "保健指導の希望", choices: yesNo, also: yesNoAlso},
		{id: 172, key: "family_history", name: "家族歴", kind: Text, codes: "9N071", names: "その他(家族歴等)"},
	}},
}

const (
	yesNo     = "はい いいえ"
	yesNoAlso = "あり=1 有=1 服薬中=1 服用中=1 ○=1 なし=2 無=2 服薬なし=2"
)
