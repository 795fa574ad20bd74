package checkup

import "slices"

// Advice is a plain word to the employee about one item: what it is, and what to do next. It names no
// disease and makes no diagnosis.
type Advice struct {
	Item   string
	Letter Letter
	Title  string
	Text   string
}

// topics groups items that the same word fits.
var topics = map[string]string{
	"bmi": "weight", "waist": "weight",
	"systolic": "pressure", "diastolic": "pressure",
	"ldl": "lipid", "hdl": "lipid", "triglycerides": "lipid", "triglycerides_casual": "lipid", "non_hdl": "lipid",
	"glucose": "sugar", "hba1c": "sugar", "glucose_casual": "sugar", "sugar": "sugar", "urine_sugar": "sugar",
	"ast": "liver", "alt": "liver", "ggt": "liver", "total_protein": "liver", "albumin": "liver",
	"hemoglobin": "blood", "red_cells": "blood", "white_cells": "blood",
	"creatinine": "kidney", "egfr": "kidney", "urine_protein": "kidney", "urine_blood": "kidney",
	"uric_acid": "uric", "vision": "eyes", "heart_rate": "heart", "ecg": "heart", "chest_xray": "chest",
	"hearing_right_1000": "ears", "hearing_right_4000": "ears", "hearing_left_1000": "ears", "hearing_left_4000": "ears",
}

// daily is what one can do oneself.
var daily = map[string]string{
	"weight":   "体重とおなかまわりは、食事の量とふだんの動き方に表れます。まず1か月、体重を同じ時間にはかって書きとめてみましょう。",
	"pressure": "血圧は日や時間で変わります。家で朝と夜にはかって記録し、食塩をひかえ、よく眠ることから始めましょう。",
	"lipid":    "血液中の脂質は、油や甘いもの、お酒の量、体を動かす時間に左右されます。魚や野菜を増やし、1日10分多く歩いてみましょう。",
	"sugar":    "血糖は食べ方と運動に左右されます。甘い飲み物をお茶や水に替え、食後に少し体を動かしてみましょう。",
	"liver":    "肝臓のはたらきを示す値です。お酒を飲まない日を週に2日つくり、体重が増えていないかも見てみましょう。",
	"blood":    "血液の濃さや細胞の数を示す値です。疲れやすさや立ちくらみがあれば、書きとめておきましょう。",
	"kidney":   "腎臓のはたらきに関わる値です。水分をこまめにとり、食塩をひかえましょう。",
	"uric":     "尿酸は、お酒や食べすぎ、水分の不足で上がりやすい値です。水分をこまめにとりましょう。",
	"eyes":     "見えにくさは疲れや事故につながります。めがねやコンタクトの度が合っているかを確かめましょう。",
	"heart":    "脈や心臓の電気の動きを見る検査です。動悸や息切れ、胸の違和感があれば、書きとめておきましょう。",
	"chest":    "胸の写真に、確かめておきたいところがありました。前の年の写真と比べることが大切です。",
	"ears":     "聞こえ方の検査です。大きな音の中で働く人は耳栓などの保護具を使いましょう。",
	"":         "ふだんと違う体調があれば、書きとめておきましょう。",
}

// next is what to do, by class.
var next = map[Letter]string{
	B: "今すぐの受診は要りません。次の健診で変化を見ましょう。",
	C: "生活を見直し、健診機関が示した時期に再検査を受けてください。迷うときは保健師に相談できます。",
	D: "できるだけ早く医療機関で詳しい検査を受けてください。この結果を持って行くと話が早く進みます。",
	E: "いまの治療を続けてください。薬や通院で困っていることがあれば、保健師に相談できます。",
}

// AdviceFor says what to do about the deciding items that are not A, the most severe first. Items with the
// same class and the same advice stand together.
func AdviceFor(j *Judgement) []Advice {
	var out []Advice
	for i := len(Letters) - 1; i > 0; i-- {
		for _, x := range j.Items {
			if x.Letter != Letters[i] || x.Has(Part) {
				continue
			}
			title, text := x.Item.Name, daily[topics[x.Item.Key]]+next[x.Letter]
			if x.Item.Kind == Finding {
				title += x.Item.Unit // hearing at 1000Hz and 4000Hz
			}
			if at := slices.IndexFunc(out, func(a Advice) bool { return a.Letter == x.Letter && a.Text == text }); at >= 0 {
				out[at].Title += "、" + title
				continue
			}
			out = append(out, Advice{Item: x.Item.Name, Letter: x.Letter, Title: title, Text: text})
		}
	}
	return out
}

// Sentence is the newest result in one sentence.
func Sentence(j *Judgement) string {
	switch j.Overall {
	case A:
		return "気になる項目はありませんでした。この調子で過ごしましょう。"
	case B:
		return "少しだけ基準から外れた項目がありました。次の健診で変化を見ましょう。"
	case C:
		return "生活の見直しや再検査が必要な項目がありました。下の案内を見てください。"
	case D:
		return "詳しい検査や治療が必要な項目がありました。早めに医療機関を受診してください。"
	case E:
		return "治療中の項目があります。通院や薬を続けてください。"
	}
	return "判定できる検査値がありませんでした。"
}
