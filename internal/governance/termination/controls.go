package termination

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

// canaryEvery is how often the invented customer is led out and erased.
const canaryEvery = 30 * 24 * time.Hour

// Canary is what became of the newest invented customer.
type Canary struct {
	At        time.Time
	Subjects  int64 // people whom it had
	Residual  []string
	Tried     int  // values of old backups that were tried to open, with the newest keys
	Opened    int  // of them
	Backups   int  // sets that were tried
	KeyGone   bool // with proof
	Closed    bool // nobody signs in
	Certified bool // a certificate that verifies
	Failed    string
}

// Probing is what the probes of ER-HANDOVER and ER-TERMINATE act on.
type Probing struct {
	Service *Service
	// Customer and Desk are accounts of the probes: an administrator of a probe tenant, and a desk that reaches
	// probe tenants alone.
	Customer, Desk func() (actor.Actor, error)
	// Canary erases an invented customer through the gateway when the newest is older than an age, and says what
	// became of the newest. Sandbox does the same where keys stay, Copies where everything is done but that a backup
	// of the key store with the keys stays.
	Canary  func(ctx context.Context, older time.Duration) (Canary, error)
	Sandbox func(ctx context.Context) (Canary, error)
	Copies  func(ctx context.Context) (Canary, error)
	// Package has an invented customer's records handed over, signed for, and opened, in a sandbox. With spoiled,
	// Spoiled says what was found in packages of which each has one thing wrong, by what it is.
	Package func(ctx context.Context, spoiled bool) (Package, error)
}

// Package is a hand-over that was opened.
type Package struct {
	Files, Records int
	Wrong          []string
	Spoiled        map[string][]string
}

// Controls gives ER-TERMINATE (clause 6-2a) and the extension ER-HANDOVER.
func Controls(p Probing) []control.Control {
	real := []control.Grade{control.Real}
	return []control.Control{
		{
			ID: "ER-TERMINATE", Clauses: []string{"6-2a"}, Grades: real, Owner: "DPO", Every: 6 * time.Hour, Fresh: 35 * 24 * time.Hour,
			Says: fmt.Sprintf("解約の申込みがあったときは、解約希望月の末日から%d日以内に、関係するデータをすべて削除します。申込みから%d日間は消去を確定できず、確認の電話と異なる二人の確認を経て、月末の翌日より前には消去しません。",
				jst.ErasureDays, int(Cooling/(24*time.Hour))),
			NotProven: "利用者に渡した書出しのデータは対象外です。試しの会社は、待つ期間と確認の手順を省いて消去しています（それらは規則の試験で確かめています）。古いバックアップは最も古いもの・中ほど・最新の3つまでを開き、会社の名前と、人・健診結果それぞれ50件までの値を試します。PostgreSQLのクラスターの写しは、8GiBまでで、同じ版のサーバーのプログラムがこのホストにあり、写しを取っている最中でないときだけ、最も古いもの一つを開いて試します。",
			Probe:     p.probeTerminate,
			Mutant:    p.mutantTerminate,
		},
		{
			ID: "ER-HANDOVER", Grades: real, Owner: "DPO", Every: 24 * time.Hour, Fresh: 26 * time.Hour,
			Says:      "消去の前に、記録を開かれた形式で渡し、保存の義務の説明とともに、受取り（または受け取らないこと）を記録します。記録がないうちは、だれも消去を確定できません。",
			NotProven: "渡した後の保存は利用者の責任です。記録のない確定が断られることは、このサービスの検査用の会社で確かめます。渡すファイルは、同じプログラムを切り離した場所（データベースはSQLite）で架空の会社のものを作って開いています。実際の会社に渡したファイルは開きません。PDFは一覧の社員番号だけを探しています。",
			Probe:     p.probeHandover,
			Mutant:    p.mutantHandover,
		},
	}
}

// probeTerminate: no case is late, and the newest invented customer is gone without a trace.
func (p Probing) probeTerminate(ctx context.Context) (control.Evidence, error) {
	open, late, gone, err := p.Service.Late(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	c, err := p.Canary(ctx, canaryEvery)
	if err != nil {
		return control.Evidence{}, err
	}
	e, err := c.judge()
	if err != nil {
		return e, err
	}
	if late > 0 {
		e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf("期限を過ぎた解約が%d件あります。", late))
	}
	if gone > 0 {
		e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf("監査ログにある解約の申込みのうち%d件の記録が、なくなっているか、読めません。", gone))
	}
	e.Measured = fmt.Sprintf("進行中の解約%d件のうち期限を過ぎたもの%d件。%s", open, late, e.Measured)
	if e.Facts == nil {
		e.Facts = map[string]any{}
	}
	e.Facts["open"], e.Facts["late"], e.Facts["gone"] = open, late, gone
	return e, nil
}

// refusedByCertificate is how the erasure ends when its certificate would say what is not so.
const refusedByCertificate = "certificate.unverified"

// mutantTerminate must be found out twice: where keys stay, and where all is well but for what old backups give away.
func (p Probing) mutantTerminate(ctx context.Context) (control.Evidence, error) {
	c, err := p.Sandbox(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	if e, err := c.judge(); err != nil || e.OK {
		return e, err
	}
	if c, err = p.Copies(ctx); err != nil {
		return control.Evidence{}, err
	}
	// The certificate refuses by itself what opens in backups; here the probe alone has to find it out. Found out by
	// anything else, the mutant says nothing of backups.
	if c.Failed == "" || c.Failed == refusedByCertificate {
		c.Failed, c.Certified = "", true
	}
	e, err := c.judge()
	if err == nil {
		e.OK = c.Opened == 0 || len(e.Failed) != 1
	}
	return e, err
}

// untried is an erasure that no backup was there to betray: whoever counts none of nothing has not looked.
type untried struct{}

func (untried) Error() string { return "termination: no value of an old backup was tried" }
func (untried) Reason() string {
	return "試しの会社の消去で、古いバックアップの値を一つも試せていないため、確認できません。"
}

// judge says what is wrong with a canary's end.
func (c Canary) judge() (control.Evidence, error) {
	e := control.Evidence{OK: true}
	fail := func(ok bool, format string, a ...any) {
		if !ok {
			e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf(format, a...))
		}
	}
	fail(c.Failed == "", "試しの会社の消去が終わりませんでした（%s）。", c.Failed)
	fail(len(c.Residual) == 0, "試しの会社の消去の後に%d箇所の残りがあります。", len(c.Residual))
	fail(c.Opened == 0, "試しの会社の古いバックアップの値が%d件読めます。", c.Opened)
	fail(c.KeyGone, "試しの会社の鍵が残っています。")
	fail(c.Closed, "試しの会社が閉じられていません。")
	fail(c.Certified, "試しの会社の消去証明書がないか、検証に通りません。")
	fail(time.Since(c.At) <= canaryEvery+5*24*time.Hour, "試しの会社の消去が%sから行われていません。", jst.Stamp(c.At))
	if e.OK && c.Tried == 0 {
		return control.Evidence{}, untried{}
	}
	e.Measured = fmt.Sprintf("架空の%d人がいる試しの会社を、バックアップに入れてから%sに消去しました。すべての置き場所を調べて、残りは%d箇所でした。古いバックアップ%d個に残る値%d件を最新の鍵で開こうとして、読めたものは%d件でした。",
		c.Subjects, jst.Stamp(c.At), len(c.Residual), c.Backups, c.Tried, c.Opened)
	if c.Failed != "" {
		e.Measured = fmt.Sprintf("試しの会社の消去は、終わりませんでした（%s）。", c.Failed)
	}
	e.Facts = map[string]any{"subjects": c.Subjects, "residual": len(c.Residual), "backups": c.Backups, "tried": c.Tried, "opened": c.Opened, "certified": c.Certified}
	return e, nil
}

// probeHandover: nobody confirms without a receipt, and a package holds what the records hold.
func (p Probing) probeHandover(ctx context.Context) (control.Evidence, error) {
	e, err := p.handover(ctx, p.Service)
	if err != nil {
		return e, err
	}
	k, err := p.Package(ctx, false)
	if err != nil {
		return e, err
	}
	e.Failed = append(e.Failed, k.Wrong...)
	e.OK = len(e.Failed) == 0
	e.Measured += fmt.Sprintf("架空の会社の記録を渡して受取りを記録し、ファイル%d個（CSV・Excel・JSON・PDFなど）をすべて開いて、記録%d件を元の記録と比べました。問題は%d件です。", k.Files, k.Records, len(k.Wrong))
	e.Facts["files"], e.Facts["records"], e.Facts["wrong"] = k.Files, k.Records, len(k.Wrong)
	return e, nil
}

// mutantHandover takes away one thing at a time, and each must be missed: one that goes unnoticed makes the whole pass.
func (p Probing) mutantHandover(ctx context.Context) (control.Evidence, error) {
	s := New(p.Service.Deps)
	s.AnyReceipt = true // asks for no receipt; the cooling-off still stands in its way
	e, err := p.handover(ctx, s)
	if err != nil || e.OK {
		return e, err
	}
	k, err := p.Package(ctx, true)
	if err != nil {
		return e, err
	}
	e.OK = len(k.Wrong) > 0 || len(k.Spoiled) == 0 // an honest package must be found whole, or nothing is shown
	for _, what := range slices.Sorted(maps.Keys(k.Spoiled)) {
		e.Failed = append(e.Failed, k.Spoiled[what]...)
		if len(k.Spoiled[what]) == 0 {
			e.OK, e.Measured = true, "わざと壊した渡し方（"+what+"）を見逃しました。"
		}
	}
	return e, nil
}

// handover asks to leave for a probe tenant, records the call, and tries to confirm without any word on the
// hand-over. The request is cancelled afterwards, whatever came of it.
func (p Probing) handover(ctx context.Context, s *Service) (e control.Evidence, err error) {
	customer, err := p.Customer()
	if err != nil {
		return e, err
	}
	desk, err := p.Desk()
	if err != nil {
		return e, err
	}
	if old, err := s.Mine(ctx, customer); err != nil {
		return e, err
	} else if old != nil && old.changeable() == nil { // left by a kill
		if err := s.Cancel(ctx, customer, "検査の後始末"); err != nil {
			return e, err
		}
	}
	c, err := s.Request(ctx, customer, jst.Of(time.Now()).AddMonths(1))
	if err != nil {
		return e, err
	}
	defer func() {
		if cancelled := s.Cancel(context.WithoutCancel(ctx), customer, "検査の後始末"); err == nil {
			err = cancelled
		}
	}()
	e.OK = true
	fail := func(format string, a ...any) { e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf(format, a...)) }
	if err := s.CallBack(ctx, desk, c.ID, "検査"); err != nil {
		return e, err
	}
	for _, try := range []struct {
		what, want string
		err        error
	}{
		{"受取りの記録のない消去の確定", "termination.no_receipt", s.Confirm(ctx, desk, c.ID)},
		{"保存の義務の説明を読まない受取り", "termination.duty", s.Receive(ctx, customer, true, "検査", "")},
		{"理由のない受取りの拒否", "termination.reason", s.Receive(ctx, customer, true, "", "検査")},
	} {
		got := ""
		if f := fault.Of(try.err); f != nil {
			got = f.Code
		}
		if got != try.want {
			fail("%sが、断られるべき理由（%s）で断られません（%s）。", try.what, try.want, got)
		}
	}
	e.Measured = fmt.Sprintf("検査用の会社の解約で、受取りの記録のない消去の確定、説明を読まない受取り、理由のない拒否の3つを試みました。断られなかったもの%d件。", len(e.Failed))
	e.Facts = map[string]any{"tried": 3, "taken": len(e.Failed)}
	return e, nil
}
