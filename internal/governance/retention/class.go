// Package retention knows how long each kind of record must be kept and when a leaving customer's data must
// be gone. Every night it lists what has outlived its period, two different people decide, and the deletion gateway
// erases (clause 6-1).
// It must never delete anything itself, never list what is held or not expired, and never take one person for two.
package retention

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

// Class is a kind of record with its legal period.
type Class struct {
	Name   string   // as people call it
	Also   []string // other names that are accepted
	Years  int
	Base   string // 起算日: the day that the period counts from
	Source string
}

// Classes are the periods of health.md §3.8. The duty is the employer's; the service keeps for them.
var Classes = []Class{
	{"一般健康診断", []string{"健康診断個人票", "定期健康診断", "一般健診"}, 5, "健康診断個人票の作成日", "労働安全衛生規則51条"},
	{"有機溶剤", []string{"有機溶剤健康診断"}, 5, "健康診断個人票の作成日", "有機溶剤中毒予防規則"},
	{"鉛", []string{"鉛健康診断", "四アルキル鉛"}, 5, "健康診断個人票の作成日", "鉛中毒予防規則、四アルキル鉛中毒予防規則"},
	{"高気圧業務", []string{"高気圧", "高気圧業務健康診断"}, 5, "健康診断個人票の作成日", "高気圧作業安全衛生規則"},
	{"特定化学物質", []string{"特化物", "特定化学物質健康診断"}, 5, "健康診断個人票の作成日", "特定化学物質障害予防規則"},
	{"特定化学物質特別管理", []string{"特別管理物質", "特化物特別管理", "特定化学物質特別管理物質"}, 30, "健康診断個人票の作成日（資料により業務に従事した日。遅い方を指定してください）", "特定化学物質障害予防規則（特別管理物質）"},
	{"電離放射線", []string{"電離放射線健康診断", "除染等電離", "除染等電離放射線", "電離放射線・除染等電離"}, 30, "健康診断個人票の作成日", "電離放射線障害防止規則、除染電離則"},
	{"石綿", []string{"石綿健康診断"}, 40, "石綿の業務に常時従事しなくなった日", "石綿障害予防規則"},
	{"じん肺", []string{"じん肺健康診断"}, 7, "健康診断の記録の作成日", "じん肺法"},
	{"長時間労働面接指導", []string{"長時間面接", "面接指導"}, 5, "面接指導の記録の作成日", "労働安全衛生規則52条の6"},
	{"ストレスチェック", []string{"ストレスチェック結果"}, 5, "検査結果の記録の作成日", "労働安全衛生規則52条の13（同意のない結果は指針による）"},
	{"ストレスチェック面接指導", []string{"高ストレス者面接指導"}, 5, "面接指導の記録の作成日", "労働安全衛生規則52条の18"},
	{"特定健康診査", []string{"特定健診"}, 5, "記録の作成日", "高齢者の医療の確保に関する法律に基づく基準"},
	{"診療録", nil, 5, "診療の完結の日", "医師法24条"},
	{roster, []string{"名簿"}, 5, "退職の日", "労働基準法109条（当分の間は143条により3年。長いほうで保存します）"},
	{"労働時間の状況", []string{"労働時間"}, 3, "記録の作成日", "労働安全衛生規則52条の7の3"},
}

// ByName finds a class by any of its names, whatever their width; fault.Missing "retention.class_unknown".
func ByName(name string) (Class, error) {
	want := fold(name)
	for _, c := range Classes {
		for _, n := range append([]string{c.Name}, c.Also...) {
			if fold(n) == want {
				return c, nil
			}
		}
	}
	return Class{}, fault.New(fault.Missing, "retention.class_unknown", "classes", strings.Join(names(), "、"))
}

func fold(s string) string {
	return strings.ToLower(strings.ReplaceAll(norm.NFKC.String(strings.TrimSpace(s)), " ", ""))
}

func names() (out []string) {
	for _, c := range Classes {
		out = append(out, c.Name)
	}
	return out
}

// KeepUntil is the last day on which the record must still be there. The base day itself is not counted and
// a period ends with the day of the same number, or the month's last day (民法140条, 143条), which is never
// earlier than any other way of counting.
func (c Class) KeepUntil(base jst.Date) jst.Date { return base.AddMonths(12 * c.Years) }
