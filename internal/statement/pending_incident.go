package statement

import (
	"fmt"

	"rakudos/internal/base/jst"
)

// incidentPromises are those of chapter 5. Their figures are those that jst computes deadlines with.
func incidentPromises(f Figures) []promise {
	s := fmt.Sprintf
	urgent, major, minor := f.SLA[jst.Urgent], f.SLA[jst.Important], f.SLA[jst.Minor]
	return []promise{
		{
			"SLA-MEASURE", on("5-2a"), live, "ITSM",
			"インシデントの発生から解決までを時刻で記録し、目標を守れたかを計測して評価します。",
			"利用者が気づいて知らせるまでの時間は測れません。",
			"インシデントの時計の機能はまだ作られていないため、記録から計算し直して一致することを確認できません。",
		},
		{
			"SLA-ACK", on("5-2b"), live, "ITSM",
			s("対応を始めるまでの時間は、緊急（業務全体に支障が出る問題）は窓口の時間帯なら%s以内・それ以外は%s以内、重要（業務の一部に支障が出る問題）は%s以内、軽微（すぐの対応が要らない問題）は%s以内を目標とします。",
				minutes(urgent.ResponseInHours), minutes(urgent.ResponseOffHours), hours(major.Response), span(minor.Response)),
			"始めた対応が適切だったかどうかは分かりません。",
			"インシデントの時計の機能はまだ作られていないため、対応を始めた時刻を確認できません。",
		},
		{
			"SLA-RESOLVE", on("5-1", "5-2c"), live, "ITSM",
			s("利用者が業務を続けられるよう、ITのインシデントを優先度ごとの目標時間のうちに解決します。目標は、緊急は%s以内、重要は%s以内、軽微は%s以内です。",
				hours(urgent.Resolve), f.resolve(major), f.resolve(minor)),
			"目標を過ぎないことを約束するものではなく、守れた割合を示します。",
			"インシデントの時計の機能はまだ作られていないため、目標を守れた割合を計算できません。",
		},
		{
			"SLA-HOURS", on("5-2d"), live, "ITSM",
			s("緊急には24時間365日（24H×7Days）、重要と軽微には%sに対応します。", f.desk()),
			"当番の人が実際に応じられることは、訓練でしか分かりません。",
			"当番表と暦を管理する機能はまだ作られていないため、空きのないことを確認できません。",
		},
		{
			"SLA-REPORT", on("5-2e"), live, "ITSM",
			s("対応の状況は、緊急は%sごと、重要は%sごと、軽微は%sごとに報告します。", span(urgent.Report), span(major.Report), span(minor.Report)),
			"報告の内容が十分かどうかは分かりません。",
			"状況報告の機能はまだ作られていないため、報告の抜けがないことを確認できません。",
		},
		{
			"SLA-NOTIFY", on("5-2f"), live, "ITSM",
			s("緊急はサインインの画面（お知らせ欄）と%sで、重要と軽微はサインインの画面（お知らせ欄）で知らせます。", f.HomePage),
			"知らせを利用者が読んだことまでは分かりません。",
			"お知らせの機能はまだ作られていないため、外から見えることを確認できません。",
		},
		{
			"SLA-PRIO", on("5-2g"), live, "ITSM",
			"優先度は、インシデントが業務に及ぼす影響と、その範囲から決めます。",
			"影響と範囲の見積もりそのものの正しさは分かりません。",
			"優先度を決める機能はまだ作られていないため、同じ入力から同じ優先度になることを確認できません。",
		},
		{
			"SLA-PRIOCHG", on("5-2h"), live, "ITSM",
			"優先度は、利用者側の責任者とITサービスマネジャーの合意があれば、その都度変えることがあります。",
			"合意に至った話合いの内容は記録しません。",
			"優先度を変える機能はまだ作られていないため、片方だけの同意では変わらないことを確認できません。",
		},
		{
			"IR-DISCLOSE", on("5-3"), live, "DPO",
			"確認したセキュリティインシデントが利用者に重大な影響を及ぼすおそれがあるときは、求めに応じて、関係するログと文書を適切な範囲で開示します。",
			"影響が重大かどうかの判断の正しさは分かりません。",
			"インシデントの開示の機能はまだ作られていないため、訓練による確認ができません。",
		},
	}
}
