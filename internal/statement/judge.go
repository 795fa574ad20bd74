package statement

import (
	"fmt"
	"time"

	"rakudos/internal/base/control"
)

// Result of one run of a probe.
type Result string

const (
	Held   Result = "ok"     // the promise was found kept
	Broken Result = "broken" // the promise was found broken
	Failed Result = "error"  // the probe could not look
)

// MutantResult tells whether the same probe found a deliberately broken sandbox broken.
type MutantResult string

const (
	Caught MutantResult = "caught" // it did: this check can fail
	Missed MutantResult = "missed" // it did not: this check proves nothing
	Errors MutantResult = "error"  // the sandbox could not be looked at
	None   MutantResult = "none"   // it did not run
)

// skew is how far ahead an observation may be before the clock is suspected.
const skew = time.Minute

// Judge gives the status of a control from its newest observation (nil: none) at an instant, and for
// everything but PASS the reason in Japanese. Without evidence it is UNKNOWN, never PASS.
func Judge(c control.Control, o *Observation, now time.Time) (control.Status, string) {
	switch {
	case c.Probe == nil:
		return control.Unknown, c.Pending
	case o == nil:
		return control.Unknown, "まだ検査していません。"
	case o.Result == Broken:
		return control.Fail, "検査で、約束どおりでないことが見つかりました。"
	case o.Result != Held && o.Reason != "":
		return control.Unknown, o.Reason
	case o.Result != Held:
		return control.Unknown, "検査を実行できませんでした。"
	case o.limit != "":
		return o.limit, o.why
	case o.ObservedAt.After(now.Add(skew)):
		return control.Unknown, "観測の時刻が現在より先のため、時計を確かめる必要があります。"
	}
	if c.Mutant != nil {
		switch {
		case o.Mutant == Missed:
			return control.Unknown, "検査が失敗できることを確認できません（わざと壊した環境でも不適合になりませんでした）。"
		case o.Mutant != Caught:
			return control.Unknown, "検査が失敗できることを確認できません（わざと壊した環境での検査を実行できませんでした）。"
		case now.After(o.MutantAt.Add(c.Fresh)):
			return control.Stale, "検査が失敗できることの確認が古くなりました。"
		}
	}
	if now.After(o.ObservedAt.Add(c.Fresh)) {
		return control.Stale, "証拠が古くなりました。"
	}
	return control.Pass, ""
}

var statusWords = map[control.Status]string{
	control.Pass:      "確認済",
	control.Fail:      "不適合",
	control.Unknown:   "未確認",
	control.Stale:     "期限切れ（要再確認）",
	control.Exception: "例外",
}

var gradeWords = map[control.Grade]string{
	control.Real:      "実動作の確認",
	control.Config:    "設定値の確認",
	control.Human:     "人による証明",
	control.Inherited: "事業者からの継承",
}

// grades joins "R+H" and 「実動作の確認＋人による証明」.
func grades(all []control.Grade) (code, text string) {
	for i, g := range all {
		if i > 0 {
			code, text = code+"+", text+"＋"
		}
		code, text = code+string(g), text+gradeWords[g]
	}
	return code, text
}

var mutantWords = map[MutantResult]string{
	Caught: "わざと壊した環境では不適合になることを確認しました。",
	Missed: "わざと壊した環境でも不適合になりませんでした。",
	Errors: "わざと壊した環境での検査を実行できませんでした。",
}

var owners = map[string]string{
	"CISO": "情報セキュリティ責任者", "ITSM": "ITサービスマネジャー", "SRE": "運用", "SEC": "セキュリティ運用",
	"DEV": "開発", "DPO": "個人情報保護管理者", "AUD": "独立した内部監査", "EXT": "第三者監査機関", "TA": "利用者側の責任者",
}

// OwnerText names the duty behind a short name; what has none is shown as it is.
func OwnerText(owner string) string {
	if text := owners[owner]; text != "" {
		return text
	}
	return owner
}

// rollUp judges clause 1: the worst of its own controls and of all other clauses. It never averages.
func rollUp(own, others []control.Status) (status control.Status, text, reason string) {
	status = control.Worst(append(append([]control.Status{}, own...), others...)...)
	text = statusWords[status]
	n := map[control.Status]int{}
	for _, s := range others {
		n[s]++
	}
	if status == control.Unknown && n[control.Unknown] > 0 {
		text = fmt.Sprintf("一部未確認（%d件）", n[control.Unknown])
	}
	if open := len(others) - n[control.Pass]; open > 0 {
		reason = fmt.Sprintf("ほかの%d条のうち%d条が確認済ではありません（不適合%d、未確認%d、期限切れ%d、例外%d）。",
			len(others), open, n[control.Fail], n[control.Unknown], n[control.Stale], n[control.Exception])
	}
	return status, text, reason
}
