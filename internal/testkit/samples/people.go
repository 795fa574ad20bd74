// Package samples makes synthetic rosters and check-up files in the shapes that Japanese check-up bodies
// send, together with the answer. No real person is in them, and it must never be imported by the program.
package samples

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// person is one invented employee.
type person struct {
	number, name, kana string
	male               bool
	birth              time.Time
	site               int
	dept               string
}

var (
	families = [][2]string{{"佐藤", "サトウ"}, {"鈴木", "スズキ"}, {"高橋", "タカハシ"}, {"田中", "タナカ"}, {"伊藤", "イトウ"}, {"渡邊", "ワタナベ"}, {"山本", "ヤマモト"}, {"中村", "ナカムラ"}, {"小林", "コバヤシ"}, {"加藤", "カトウ"}, {"吉田", "ヨシダ"}, {"佐々木", "ササキ"}, {"髙木", "タカギ"}, {"井上", "イノウエ"}, {"林", "ハヤシ"}, {"斎藤", "サイトウ"}, {"山﨑", "ヤマザキ"}}
	men      = [][2]string{{"翔太", "ショウタ"}, {"健一", "ケンイチ"}, {"大輔", "ダイスケ"}, {"誠", "マコト"}, {"拓也", "タクヤ"}, {"浩", "ヒロシ"}}
	women    = [][2]string{{"美咲", "ミサキ"}, {"陽子", "ヨウコ"}, {"恵", "メグミ"}, {"由美子", "ユミコ"}, {"智子", "トモコ"}, {"さくら", "サクラ"}}
	sites    = [][2]string{{"S01", "本社"}, {"S02", "伏見工場"}, {"S03", "大阪営業所"}}
	depts    = []string{"総務部", "製造一課", "製造二課", "品質保証部", "営業部", "研究開発部", "物流課"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func newPerson(i int, r *rand.Rand) person {
	p := person{number: fmt.Sprint(100000 + i), male: r.IntN(2) == 0, dept: pick(r, depts)}
	given := women
	if p.male {
		given = men
	}
	f, g := pick(r, families), pick(r, given)
	p.name, p.kana = f[0]+" "+g[0], f[1]+" "+g[1]
	p.birth = time.Date(1961+r.IntN(43), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
	switch n := r.IntN(10); {
	case n < 5:
	case n < 9:
		p.site = 1
	default:
		p.site = 2
	}
	return p
}

func (p person) sex() string {
	if p.male {
		return "男"
	}
	return "女"
}

// identity is what a line without an employee number is matched by.
func (p person) identity() string { return p.kana + p.birth.Format(time.DateOnly) + p.sex() }

// items in the order of the columns of body A.
var items = strings.Split("身長,体重,BMI,腹囲,視力右裸眼,視力左裸眼,聴力右1000,聴力右4000,聴力左1000,聴力左4000,胸部X線,収縮期血圧,拡張期血圧,血色素量,赤血球数,AST,ALT,γ-GT,LDLコレステロール,HDLコレステロール,中性脂肪,空腹時血糖,HbA1c,尿糖,尿蛋白,心電図,喫煙,既往歴,自覚症状", ",")

// omittable items need not be examined under 40 (35 excepted).
var omittable = strings.Split("腹囲,血色素量,赤血球数,AST,ALT,γ-GT,LDLコレステロール,HDLコレステロール,中性脂肪,空腹時血糖,HbA1c,心電図", ",")

// values invents one examination.
func (p person) values(r *rand.Rand) map[string]string {
	age := 2026 - p.birth.Year()
	by := func(m, f float64) float64 {
		if p.male {
			return m
		}
		return f
	}
	gauss := func(mean, sd, low float64) float64 { return max(low, mean+sd*r.NormFloat64()) }
	odds := func(words ...string) string { // the first word nine times in ten
		if r.IntN(10) > 0 {
			return words[0]
		}
		return pick(r, words[1:])
	}
	found := func() string { return odds("所見なし", "所見あり") }
	whole := func(f float64) string { return fmt.Sprintf("%.0f", f) }
	tenth := func(f float64) string { return fmt.Sprintf("%.1f", f) }
	height := math.Round(gauss(by(171, 158), 6, 140)*10) / 10
	bmi := gauss(by(23.6, 21.8), 3.4, 16)
	weight := math.Round(bmi*height*height/1000) / 10
	risk := max(0, float64(age-35)/30) + max(0, (bmi-23)/6)
	systolic := gauss(116+10*risk, 13, 80)
	eyes := []string{"0.1", "0.3", "0.5", "0.7", "0.9", "1.0", "1.2", "1.5"}
	v := map[string]string{
		"身長": tenth(height), "体重": tenth(weight), "BMI": tenth(weight / height / height * 10000),
		"腹囲":    tenth(gauss(66+bmi*0.75+by(4, 0), 5, 55)),
		"視力右裸眼": pick(r, eyes), "視力左裸眼": pick(r, eyes),
		"聴力右1000": found(), "聴力右4000": found(), "聴力左1000": found(), "聴力左4000": found(), "胸部X線": found(),
		"収縮期血圧": whole(systolic), "拡張期血圧": whole(min(gauss(72+7*risk, 9, 45), systolic-12)),
		"血色素量": tenth(gauss(by(15, 12.9), 1.1, 7)), "赤血球数": whole(gauss(by(490, 435), 35, 250)),
		"AST": whole(gauss(22+3*risk, 8, 8)), "ALT": whole(gauss(21+6*risk, 12, 5)), "γ-GT": whole(gauss(by(30, 20)+by(14, 6)*risk, 22, 8)),
		"LDLコレステロール": whole(gauss(118+8*risk, 30, 40)), "HDLコレステロール": whole(gauss(by(56, 66), 14, 22)), "中性脂肪": whole(gauss(95+35*risk, 55, 28)),
		"空腹時血糖": whole(gauss(92+8*risk, 12, 60)), "HbA1c": tenth(gauss(5.4+0.25*risk, 0.45, 4.2)),
		"尿糖": odds("-", "±", "+", "2+"), "尿蛋白": odds("-", "±", "+", "2+"), "心電図": found(),
		"喫煙": pick(r, []string{"はい", "いいえ", "いいえ", "やめた"}), "既往歴": odds("特記なし", "高血圧", "糖尿病", "脂質異常症"),
		"自覚症状": odds("なし", "頭痛", "腰痛;肩こり", "めまい"),
	}
	if age < 40 && age != 35 {
		for _, k := range omittable {
			if r.IntN(100) < 35 {
				v[k] = "未実施"
			}
		}
	}
	return v
}
