package access

import (
	"slices"

	"rakudos/internal/base/actor"
)

// Second is a rule that needs two people: who decides, by which permission, beside whoever asked by another. Whether the
// one is independent of the other is package identity's to tell.
type Second struct {
	Rule    string
	Says    string // what takes two people, for the documents
	Decides []Permission
	Asks    []Permission
	// OneWay: only the decider must not be a creature of the other. An administrator may decide about those whose
	// accounts he has made, and they not about him.
	OneWay bool
}

// Seconds is every such rule of the program. A comparison of two accounts that decides something and is not in it makes
// a test of the whole source fail (archtest).
var Seconds = []Second{
	{Rule: "support.approve", Says: "サポート入室の承認", Decides: []Permission{SupportApprove}, Asks: []Permission{SupportAsk}},
	{Rule: "sso.confirm", Says: "認証サービスの二要素の確認", Decides: []Permission{FederationManage, FederationSecond}, Asks: []Permission{FederationManage}},
	{Rule: "scim.confirm", Says: "人事システムから届いた利用者と役割の確認", Decides: []Permission{FederationManage}, OneWay: true},
	{Rule: "roles.add", Says: "役割を足すこと", Decides: []Permission{AccountManage}, OneWay: true},
	{Rule: "account.judge", Says: "人事権の記録と、共用の疑いの確認", Decides: []Permission{AccountManage}, OneWay: true},
	{Rule: "sealed.seal", Says: "使用の確認のあとに、緊急用の利用者IDへ封をし直すこと", Decides: []Permission{SealedSeal}, Asks: []Permission{SealedReview}},
	{Rule: "asset.decide", Says: "資源の処分の承認", Decides: []Permission{AssetManage}, Asks: []Permission{AssetManage}},
	{Rule: "termination.confirm", Says: "解約の二人目の確認", Decides: []Permission{TerminationRequest, TerminationDesk}, Asks: []Permission{TerminationRequest, TerminationDesk}},
	{Rule: "retention.approve", Says: "保存期間を過ぎた記録の消去の二人目の承認", Decides: []Permission{RetentionCustomer, RetentionDesk}, Asks: []Permission{RetentionCustomer, RetentionDesk}},
	{Rule: "review.decide", Says: "権限の見直し", Decides: []Permission{ReviewDecide}, OneWay: true},
}

// Deciders gives the roles by which one decides and asks under a rule; ok is false for a rule that nobody has named.
func Deciders(rule string) (decides, asks []actor.Role, oneWay, ok bool) {
	i := slices.IndexFunc(Seconds, func(s Second) bool { return s.Rule == rule })
	if i < 0 {
		return nil, nil, false, false
	}
	of := func(all []Permission) (out []actor.Role) {
		for _, row := range Matrix {
			if slices.Contains(all, row.Permission) {
				out = append(out, row.Roles...)
			}
		}
		return out
	}
	return of(Seconds[i].Decides), of(Seconds[i].Asks), Seconds[i].OneWay, true
}
