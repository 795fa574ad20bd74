package checkup

// Body measures, senses and circulation. Ranges are those of decisions.md where it names one.
var bodyGroups = []group{
	{"身体計測", []entry{
		{id: 1, key: "height", name: "身長", unit: "cm", decimals: 1, kind: Numeric, law: true, span: "100..230", codes: "9N001"},
		{id: 2, key: "weight", name: "体重", unit: "kg", decimals: 1, kind: Numeric, law: true, span: "25..300", codes: "9N006"},
		{id: 3, key: "bmi", name: "BMI", unit: "kg/m²", decimals: 1, kind: Numeric, law: true, span: "10..80", codes: "9N011", names: "体格指数 ボディマス指数"},
		{id: 4, key: "waist", name: "腹囲", unit: "cm", decimals: 1, kind: Numeric, law: true, span: "40..200", codes: "9N016", names: "腹囲実測 ウエスト 胴囲 ウエスト周囲長 腹囲自己判定 腹囲自己申告"},
		{id: 5, key: "visceral_fat", name: "内臓脂肪面積", unit: "cm²", decimals: 1, kind: Numeric, span: "0..1000", codes: "9N021"},
		{id: 6, key: "obesity", name: "肥満度", unit: "%", decimals: 1, kind: Numeric, span: "-60..300", codes: "9N026"},
		{id: 7, key: "body_fat", name: "体脂肪率", unit: "%", decimals: 1, kind: Numeric, span: "2..80"},
	}},
	{"視力・聴力", []entry{
		{id: 10, key: "vision_right", name: "視力右裸眼", decimals: 1, kind: Numeric, law: true, span: "0.01..3.0", codes: "9E1601621", names: "裸眼視力右 右裸眼視力 視力裸眼右 視力右 右視力 裸眼右 右裸眼"},
		{id: 11, key: "vision_left", name: "視力左裸眼", decimals: 1, kind: Numeric, law: true, span: "0.01..3.0", codes: "9E1601622", names: "裸眼視力左 左裸眼視力 視力裸眼左 視力左 左視力 裸眼左 左裸眼"},
		{id: 12, key: "vision_right_corrected", name: "視力右矯正", decimals: 1, kind: Numeric, law: true, span: "0.01..3.0", codes: "9E1601625", names: "矯正視力右 右矯正視力 視力矯正右 矯正右 右矯正"},
		{id: 13, key: "vision_left_corrected", name: "視力左矯正", decimals: 1, kind: Numeric, law: true, span: "0.01..3.0", codes: "9E1601626", names: "矯正視力左 左矯正視力 視力矯正左 矯正左 左矯正"},
		{id: 14, key: "hearing_right_1000", name: "聴力右1000", unit: "Hz", kind: Finding, law: true, span: "-20..120", codes: "9D1001631", names: "聴力1000右 右聴力1000 聴力右1k 聴力1k右 右1000 オージオ右1000"},
		{id: 15, key: "hearing_right_4000", name: "聴力右4000", unit: "Hz", kind: Finding, law: true, span: "-20..120", codes: "9D1001632", names: "聴力4000右 右聴力4000 聴力右4k 聴力4k右 右4000 オージオ右4000"},
		{id: 16, key: "hearing_left_1000", name: "聴力左1000", unit: "Hz", kind: Finding, law: true, span: "-20..120", codes: "9D1001635", names: "聴力1000左 左聴力1000 聴力左1k 聴力1k左 左1000 オージオ左1000"},
		{id: 17, key: "hearing_left_4000", name: "聴力左4000", unit: "Hz", kind: Finding, law: true, span: "-20..120", codes: "9D1001636", names: "聴力4000左 左聴力4000 聴力左4k 聴力4k左 左4000 オージオ左4000"},
		{id: 18, key: "hearing_method", name: "聴力検査方法", kind: Choice, law: true, codes: "9D1001640", names: "聴力方法", choices: "オージオメトリー その他"},
		{id: 19, key: "hearing_other", name: "聴力その他の所見", kind: Text, law: true, codes: "9D1001609", names: "聴力その他 聴力所見"},
		{id: 20, key: "eye_pressure_right", name: "眼圧右", unit: "mmHg", decimals: 0, kind: Numeric, span: "1..80", codes: "9E1051621"},
		{id: 21, key: "eye_pressure_left", name: "眼圧左", unit: "mmHg", decimals: 0, kind: Numeric, span: "1..80", codes: "9E1051622"},
	}},
	{"血圧・心拍", []entry{
		{id: 30, key: "systolic", name: "収縮期血圧", unit: "mmHg", kind: Numeric, law: true, span: "50..300", codes: "9A755", names: "最高血圧 血圧最高 血圧収縮期 収縮期 血圧上 血圧最大 最大血圧 上の血圧 収縮期血圧その他 sbp"},
		{id: 31, key: "diastolic", name: "拡張期血圧", unit: "mmHg", kind: Numeric, law: true, span: "20..200", codes: "9A765", names: "最低血圧 血圧最低 血圧拡張期 拡張期 血圧下 血圧最小 最小血圧 下の血圧 拡張期血圧その他 dbp"},
		{id: 32, key: "systolic_1", name: "収縮期血圧1回目", unit: "mmHg", kind: Numeric, law: true, span: "50..300", codes: "9A751", names: "最高血圧1回目 血圧最高1回目 血圧1回目最高 収縮期血圧1"},
		{id: 33, key: "diastolic_1", name: "拡張期血圧1回目", unit: "mmHg", kind: Numeric, law: true, span: "20..200", codes: "9A761", names: "最低血圧1回目 血圧最低1回目 血圧1回目最低 拡張期血圧1"},
		{id: 34, key: "systolic_2", name: "収縮期血圧2回目", unit: "mmHg", kind: Numeric, law: true, span: "50..300", codes: "9A752", names: "最高血圧2回目 血圧最高2回目 血圧2回目最高 収縮期血圧2"},
		{id: 35, key: "diastolic_2", name: "拡張期血圧2回目", unit: "mmHg", kind: Numeric, law: true, span: "20..200", codes: "9A762", names: "最低血圧2回目 血圧最低2回目 血圧2回目最低 拡張期血圧2"},
		{id: 36, key: "heart_rate", name: "心拍数", unit: "回/分", kind: Numeric, span: "20..250", codes: "9N121", names: "脈拍 脈拍数 脈拍回分"},
	}},
}
