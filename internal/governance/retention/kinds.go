package retention

// RecordKind says how long the rows of one store are kept: by a class of its own, from a base day, or as long as
// what they serve.
type RecordKind struct {
	Store string // as the deletion gateway's register calls it
	Says  string
	Class string // empty: With
	Base  string // which day the period counts from
	With  string // the store that they go with
}

const (
	roster = "労働者名簿"
	// The card of a check-up is complete with the last thing that was written on it (安衛則51条の2): later than
	// the examination itself, so never too short.
	cardBase = "健診日（後から意見・受診勧奨の記録を書き足したときは、その最後の日）"
)

// Kinds lists every store that holds rows of people. A test in package erasure compares it with the register.
var Kinds = []RecordKind{
	{Store: "checkup_result", Says: "健診の結果", Class: "一般健康診断", Base: cardBase},
	{Store: "checkup_judgement", Says: "健診の判定", Class: "一般健康診断", Base: cardBase},
	{Store: "work_opinion", Says: "産業医の意見と就業区分", Class: "一般健康診断", Base: cardBase},
	{Store: "checkup_followup", Says: "受診勧奨のその後", Class: "一般健康診断", Base: cardBase},
	{Store: "person", Says: "名簿", Class: roster, Base: "退職の日"},
	{Store: "person_event", Says: "入社・異動・退職の履歴", With: "person"},
	{Store: "consent", Says: "同意", With: "person"},
	{Store: "identity_accounts", Says: "利用者とサインインの記録", With: "person"},
	{Store: "support_accesses", Says: "保健会の一時的な閲覧", With: "person"},
	{Store: "roster_stage", Says: "取り込み待ちの名簿", With: "person"},
	{Store: "roster_stage_event", Says: "取り込み待ちの名簿（履歴）", With: "person"},
}

// KindOf finds the kind of a store's rows.
func KindOf(store string) (RecordKind, bool) {
	for _, k := range Kinds {
		if k.Store == store {
			return k, true
		}
	}
	return RecordKind{}, false
}
