package retention

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// SabotageOne lets one approval stand for two, in a sandbox.
const SabotageOne = "retention-one-approver"

// Sabotages lists them. No file, variable or flag can set one.
var Sabotages = []string{SabotageOne}

// Canary is an invented person whose every period has ended, and the two who decide.
type Canary struct {
	Tenant         ids.Tenant
	Person         ids.Person
	Customer, Desk actor.Actor
}

// Remains is what can still be found of a canary.
type Remains struct {
	Readable  int   // sealed values from before that today's keys open
	Rows      int64 // in the database
	Certified bool  // a certificate of its erasure is there
}

// Scene is a service in which the probe may erase.
type Scene interface {
	Service() *Service
	Canary(ctx context.Context) (Canary, error)
	Remains(ctx context.Context, c Canary) (Remains, error)
}

// Probing is what the probe needs of the program.
type Probing struct {
	Live    *Service
	Sandbox func(ctx context.Context, sabotage string) (Scene, func(), error)
	Apart   string   // what a sandbox is not, for the statement
	Whole   string   // name of a sandbox with every protection on
	Broken  []string // those in each of which the probe must fail
}

type notYet string

func (u notYet) Error() string  { return "retention: " + string(u) }
func (u notYet) Reason() string { return string(u) }

// Controls gives ER-RETENTION (clause 6-1).
func Controls(p Probing) []control.Control {
	return []control.Control{{
		ID: "ER-RETENTION", Clauses: []string{"6-1"}, Grades: []control.Grade{control.Real}, Owner: "DPO", Fresh: 26 * time.Hour, Every: 6 * time.Hour,
		Says: fmt.Sprintf("保持期間が終わった顧客のデータは、毎晩挙げ、契約先の管理者と保健会の責任者の異なる2人が承認した後、関係するものすべてを完全に消去し、元に戻せない状態にします。在職中の人の一部の記録だけを消すときは、今の記録から消し、消す前のバックアップの写しは、そのバックアップが消える最長1年の後になくなります。承認を%d日を超えて待たせているものがあれば、この約束を守れていないものとします。", WaitDays),
		NotProven: p.Apart +
			"承認を待った日数は候補の行に書かれた日から数えるため、データベースに書ける者が行を消すか日付を変えると、数え直しになります。" +
			"承認を見送ったもの、保全を指定したもの、利用者に渡した写しや印刷物は対象外です。在職中の人の一部の記録を消した後のバックアップは、開いて試していません。",
		Probe: p.probe,
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			var out control.Evidence
			for _, name := range p.Broken {
				e, err := p.in(ctx, name)
				if err != nil || e.OK {
					return e, err // one that passes is found out
				}
				out.Measured += e.Measured
				out.Failed = append(out.Failed, e.Failed...)
			}
			return out, nil
		},
	}}
}

// probe looks at every tenant of the running service, and at a whole erasure in a sandbox.
func (p Probing) probe(ctx context.Context) (control.Evidence, error) {
	l, err := p.Live.Late(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	if l.Night.IsZero() {
		return control.Evidence{}, notYet("保持期間の終わったものを挙げる処理が、まだ一度も終わっていません。")
	}
	e, err := p.in(ctx, p.Whole)
	if err != nil {
		return e, err
	}
	e.Facts["tenants"], e.Facts["waiting"], e.Facts["stuck"], e.Facts["unlisted"], e.Facts["night"] = l.Tenants, l.Waiting, l.Stuck, l.Unlisted, l.Night.String()
	for what, n := range map[string]int{"承認を待ちすぎているもの": l.Waiting, "承認されたのに消えていないもの": l.Stuck, "期限が過ぎたのに挙がっていないもの": l.Unlisted} {
		if n > 0 {
			e.Failed = append(e.Failed, fmt.Sprintf("%sが%d件あります。", what, n))
		}
	}
	if jst.Of(time.Now()).Sub(l.Night) > GraceDays {
		e.Failed = append(e.Failed, "毎晩の処理が、"+l.Night.String()+" を最後に終わっていません。")
	}
	slices.Sort(e.Failed)
	e.OK = len(e.Failed) == 0
	e.Measured += fmt.Sprintf("契約先%d件の記録を調べ直し、期限を過ぎて消えていないものは%d件（ほかに期限内で承認を待つもの%d件）でした。", l.Tenants, l.Overdue(), l.Open)
	return e, nil
}

func (p Probing) in(ctx context.Context, sabotage string) (control.Evidence, error) {
	sc, stop, err := p.Sandbox(ctx, sabotage)
	if err != nil {
		return control.Evidence{}, err
	}
	defer stop()
	return follow(ctx, sc)
}

// follow takes one canary from its listing to its certificate.
func follow(ctx context.Context, sc Scene) (e control.Evidence, err error) {
	s := sc.Service()
	c, err := sc.Canary(ctx)
	if err != nil {
		return e, err
	}
	before, err := sc.Remains(ctx, c)
	if err != nil {
		return e, err
	}
	if before.Readable < 2 || before.Rows == 0 || before.Certified { // or the look afterwards would prove nothing
		return e, fmt.Errorf("retention: the canary cannot be read before it is erased: %+v", before)
	}
	fail := func(format string, a ...any) { e.Failed = append(e.Failed, fmt.Sprintf(format, a...)) }
	if _, err := s.List(ctx, c.Tenant); err != nil {
		return e, err
	}
	one := func() (string, error) {
		all, err := s.Of(ctx, c.Desk, c.Tenant)
		i := slices.IndexFunc(all, func(d Candidate) bool { return d.Kind == OfPerson && d.Person == c.Person && d.State == Open })
		if err != nil || i < 0 {
			return "", err
		}
		return all[i].ID, nil
	}
	id, err := one()
	if err != nil {
		return e, err
	}
	if id == "" {
		return control.Evidence{Measured: "保持期間の終わった架空の人が、消去の候補に挙がりません。", Failed: []string{"候補に挙がりません。"}, Facts: map[string]any{}}, nil
	}
	if err := s.ApproveOwn(ctx, c.Customer, []string{id}); err != nil {
		return e, err
	}
	same := c.Desk
	same.Account = c.Customer.Account
	if err := s.Approve(ctx, same, c.Tenant, []string{id}); err == nil {
		fail("同じ人が2人分の承認をできました。")
	}
	if err := s.EraseOf(ctx, c.Tenant); err != nil {
		fail("1人の承認で消去が始まり、終わりません（%s）。", fault.Of(err).Code)
	}
	early, err := sc.Remains(ctx, c)
	if err != nil {
		return e, err
	}
	if early.Readable < before.Readable || early.Rows < before.Rows {
		fail("1人の承認だけで消去されました。")
	}
	if len(e.Failed) == 0 {
		if err := s.Approve(ctx, c.Desk, c.Tenant, []string{id}); err != nil {
			fail("2人目が承認できません（%s）。", fault.Of(err).Code)
		}
		if err := s.EraseOf(ctx, c.Tenant); err != nil {
			fail("消去が終わりません（%s）。", fault.Of(err).Code)
		}
	}
	after, err := sc.Remains(ctx, c)
	if err != nil {
		return e, err
	}
	if after.Readable > 0 || after.Rows > 0 {
		fail("消去した人の%d行が残り、%d件を読めました。", after.Rows, after.Readable)
	}
	if !after.Certified {
		fail("消去証明書が発行されていません。")
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"before": before.Readable, "after": after.Readable, "rows": after.Rows, "certified": after.Certified}
	e.Measured = fmt.Sprintf("退職して保持期間の終わった架空の人（封をした値%d件を読めることを確認）が候補に挙がり、1人の承認では消えず、異なる2人の承認の後に残ったのは%d行、読めたのは%d件で、証明書は%s。",
		before.Readable, after.Rows, after.Readable, control.Said(after.Certified, "発行されました", "発行されていません"))
	return e, nil
}
