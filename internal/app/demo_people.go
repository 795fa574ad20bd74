package app

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"rakudos/internal/base/jst"
)

// The demo's people are invented. Their names are none of those in common sample files, so that a file
// matched by kana, birth date and sex never meets one of them.
var (
	demoFamily = [][2]string{{"青木", "アオキ"}, {"石川", "イシカワ"}, {"上田", "ウエダ"}, {"遠藤", "エンドウ"}, {"岡田", "オカダ"}, {"片山", "カタヤマ"}, {"北村", "キタムラ"}, {"黒田", "クロダ"}, {"近藤", "コンドウ"}, {"坂本", "サカモト"}, {"島田", "シマダ"}, {"須藤", "スドウ"}, {"関口", "セキグチ"}, {"竹内", "タケウチ"}, {"千葉", "チバ"}, {"土屋", "ツチヤ"}, {"西村", "ニシムラ"}, {"野口", "ノグチ"}, {"橋本", "ハシモト"}, {"平野", "ヒラノ"}, {"福田", "フクダ"}, {"星野", "ホシノ"}, {"松井", "マツイ"}, {"宮本", "ミヤモト"}, {"村上", "ムラカミ"}, {"矢野", "ヤノ"}, {"横山", "ヨコヤマ"}, {"和田", "ワダ"}}
	demoMale   = [][2]string{{"隆", "タカシ"}, {"修", "オサム"}, {"剛", "ツヨシ"}, {"亮", "リョウ"}, {"学", "マナブ"}, {"洋平", "ヨウヘイ"}, {"和也", "カズヤ"}, {"徹", "トオル"}, {"悠斗", "ユウト"}, {"慎吾", "シンゴ"}}
	demoFemale = [][2]string{{"優子", "ユウコ"}, {"千尋", "チヒロ"}, {"麻衣", "マイ"}, {"葵", "アオイ"}, {"久美子", "クミコ"}, {"奈々", "ナナ"}, {"裕美", "ヒロミ"}, {"早紀", "サキ"}, {"和子", "カズコ"}, {"瞳", "ヒトミ"}}
)

type demoTenant struct {
	code, name, prefix string
	people             int
	sites              [][2]string // code, name
	depts              []string
	seed               uint64
}

var demoTenants = []demoTenant{
	{"midori", "株式会社みどり製作所", "M", 200, [][2]string{{"S01", "本社"}, {"S02", "伏見工場"}, {"S03", "大阪営業所"}}, []string{"総務部", "製造一課", "製造二課", "品質保証部", "営業部", "研究開発部", "物流課"}, 11},
	{"hikari", "ひかり商事", "H", 60, [][2]string{{"H01", "本店"}}, []string{"管理部", "営業部", "物流部"}, 12},
}

type demoPerson struct {
	number, name, kana, sex string
	birth                   jst.Date
	site                    [2]string
	dept                    string
	height, bmi, drift      float64
}

// demoPeople makes the same people from the same seed.
func demoPeople(t demoTenant) []demoPerson {
	r := rand.New(rand.NewPCG(t.seed, 1))
	out := make([]demoPerson, t.people)
	for i := range out {
		p := &out[i]
		given, mean := demoMale, 171.0
		p.sex = "男"
		if r.IntN(2) == 0 {
			p.sex, given, mean = "女", demoFemale, 158
		}
		f, g := demoFamily[r.IntN(len(demoFamily))], given[r.IntN(len(given))]
		p.number = fmt.Sprintf("%s%04d", t.prefix, i+1)
		p.name, p.kana = f[0]+" "+g[0], f[1]+" "+g[1]
		p.birth = jst.Date{Y: 1962 + r.IntN(40), M: 1 + r.IntN(12), D: 1 + r.IntN(28)}
		p.site = t.sites[min(int(math.Abs(r.NormFloat64())*1.1), len(t.sites)-1)]
		p.dept = t.depts[i%len(t.depts)]
		p.height = mean + 6*r.NormFloat64()
		p.bmi = max(17, 23+3*r.NormFloat64())
		p.drift = 0.25 * r.NormFloat64()
	}
	return out
}

// demoRoster is the roster file of a demo tenant, in the shape an employer's HR system exports.
func demoRoster(t demoTenant) string {
	var b strings.Builder
	b.WriteString("社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n")
	for _, p := range demoPeople(t) {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,%s,%s,%s@%s.example,2015-04-01\n",
			p.number, p.name, p.kana, p.sex, p.birth, p.site[0], p.site[1], p.dept, strings.ToLower(p.number), t.code)
	}
	return b.String()
}

// demoCheckups is one fiscal year's check-up file: drifting values, so that the trend charts have
// something to show. Only the share of the people is examined; nobody after today.
func demoCheckups(t demoTenant, year int, share float64, today jst.Date) string {
	var b strings.Builder
	b.WriteString("社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,腹囲,視力右裸眼,視力左裸眼,聴力右1000,聴力右4000,聴力左1000,聴力左4000,胸部X線,収縮期血圧,拡張期血圧,血色素量,赤血球数,AST,ALT,γ-GT,LDLコレステロール,HDLコレステロール,中性脂肪,空腹時血糖,HbA1c,尿糖,尿蛋白,心電図,喫煙,既往歴,自覚症状\n")
	people := demoPeople(t)
	for i, p := range people {
		r := rand.New(rand.NewPCG(t.seed*1000+uint64(year), uint64(i)))
		day := jst.Date{Y: year, M: 5 + r.IntN(6), D: 1 + r.IntN(28)}
		if r.Float64() > share || day.After(today) {
			continue
		}
		years := float64(year - 2023)
		male := p.sex == "男"
		pick := func(a, b float64) float64 {
			if male {
				return a
			}
			return b
		}
		g := func(mean, sd, low float64) float64 { return max(low, mean+sd*r.NormFloat64()) }
		bmi := p.bmi + p.drift*years*1.5
		risk := max(0, float64(year-p.birth.Y-38)/28) + max(0, (bmi-23)/6)
		sys := g(114+9*risk, 9, 85)
		dia := min(g(71+7*risk, 7, 48), sys-15)
		one := func(v float64) string { return fmt.Sprintf("%.1f", v) }
		zero := func(v float64) string { return fmt.Sprintf("%.0f", v) }
		odds := func(n int, yes, no string) string {
			if r.IntN(100) < n {
				return yes
			}
			return no
		}
		found := func(n int) string { return odds(n, "所見あり", "所見なし") }
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,京都サンプル健診センター,", p.number, p.name, p.kana, p.sex, p.birth, day)
		b.WriteString(strings.Join([]string{
			one(p.height), one(bmi * p.height * p.height / 10000), one(g(65+bmi*0.78+pick(4, 0), 3, 56)),
			one(0.1 * float64(4+r.IntN(12))), one(0.1 * float64(4+r.IntN(12))),
			found(3), found(8), found(3), found(8), found(4), zero(sys), zero(dia),
			one(g(pick(15, 12.9), 0.8, 8)), zero(g(pick(488, 433), 28, 270)),
			zero(g(21+3*risk, 6, 9)), zero(g(20+6*risk, 9, 6)), zero(g(pick(28, 19)+pick(13, 6)*risk, 15, 9)),
			zero(g(114+8*risk, 24, 45)), zero(g(pick(56, 66), 11, 26)), zero(g(92+34*risk, 42, 30)),
			zero(g(91+7*risk, 9, 65)), one(g(5.3+0.24*risk, 0.3, 4.4)),
			odds(4, "±", "-"), odds(5, "±", "-"), found(6),
			odds(22, "はい", "いいえ"), odds(6, "高血圧", "特記なし"), odds(9, "腰痛", "なし"),
		}, ","))
		b.WriteString("\n")
	}
	return b.String()
}
