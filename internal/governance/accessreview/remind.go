package accessreview

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
)

// notice is a mail that is to go out.
type notice struct {
	kind    string
	account ids.Account
}

// notify writes down which mails are due and sends those that have not gone out.
func (s *Service) notify(ctx context.Context, t tenant.Tenant, c Campaign, p *picture, now time.Time) error {
	lines, err := s.lines(ctx, t.ID, c.ID)
	if err != nil {
		return err
	}
	open := map[ids.Account]int{}
	for _, l := range lines {
		if l.Decision == Open && l.Reviewer != "" {
			open[l.Reviewer]++
		}
	}
	var due []notice
	if kind := remindKind(c, now); kind != "" {
		for who := range open {
			due = append(due, notice{kind, who})
		}
	}
	if q, ok := ParseQuarter(c.ID); ok && len(open) > 0 && !now.Before(q.Escalates()) {
		for _, r := range append(append([]Reviewer{}, p.bench.administrators...), p.bench.seconds...) {
			due = append(due, notice{"escalate", r.Account})
		}
	}
	if err := s.ask(ctx, t.ID, c.ID, due, now); err != nil {
		return err
	}
	return s.send(ctx, t, c, p.bench, open)
}

// remindKind is the newest reminder whose time has come since the campaign opened; at first the notice that
// it has opened.
func remindKind(c Campaign, now time.Time) string {
	q, ok := ParseQuarter(c.ID)
	if !ok {
		return ""
	}
	kind := "opened"
	for i, at := range q.Reminders() {
		if !now.Before(at) && !at.Before(c.OpenedAt) {
			kind = fmt.Sprintf("remind-%d", ReminderDays[i])
		}
	}
	return kind
}

func (s *Service) ask(ctx context.Context, t ids.Tenant, campaign string, due []notice, now time.Time) error {
	if len(due) == 0 {
		return nil
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		for _, n := range due {
			if _, err := tx.Exec(qNotice, t, campaign, n.kind, string(n.account), db.Micros(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// send delivers the mails of a campaign that have not gone out. One that fails is tried again at the next
// round; a mail may arrive twice after a crash, never not at all.
func (s *Service) send(ctx context.Context, t tenant.Tenant, c Campaign, b bench, open map[ids.Account]int) error {
	var due []notice
	err := s.DB.View(ctx, t.ID, func(tx *db.Tx) (err error) {
		due, err = db.All(tx, qNoticeDue, func(r db.Scanner) (n notice, err error) { return n, r.Scan(&n.kind, &n.account) }, t.ID, c.ID)
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	to := map[ids.Account]ids.Tenant{}
	for _, r := range append(append([]Reviewer{}, b.administrators...), b.seconds...) {
		to[r.Account] = r.Tenant
	}
	total := 0
	for _, n := range open {
		total += n
	}
	for _, n := range due {
		if to[n.account] != "" {
			subject, text := s.letter(t, c, n, open[n.account], total)
			if err := s.Mail.SendTo(ctx, to[n.account], n.account, subject, text); err != nil && !fault.Is(err, fault.Missing) { // who is gone needs no mail
				s.Logger.Warn("a mail about an access review could not be sent; it will be tried again", "campaign", c.ID, "kind", n.kind, "err", err)
				continue
			}
		}
		if err := s.sent(ctx, t.ID, c.ID, n); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) sent(ctx context.Context, t ids.Tenant, campaign string, n notice) error {
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		if _, err := tx.Exec(qNoticeOut, t, campaign, n.kind, string(n.account), db.Micros(time.Now())); err != nil {
			return err
		}
		_, err := s.record(tx, "review.reminded", machine(t), map[string]any{"campaign": campaign, "kind": n.kind, "reviewer": string(n.account)})
		return err
	})
}

// tellClosed tells the administrators what their silence came to, and the association about a last
// administrator that was kept.
func (s *Service) tellClosed(ctx context.Context, t tenant.Tenant, c Campaign, b *bench) error {
	lines, err := s.lines(ctx, t.ID, c.ID)
	if err != nil {
		return err
	}
	open := map[ids.Account]int{}
	suspended := 0
	for _, l := range lines {
		if l.Decision == Escalated {
			open[l.Reviewer]++
		}
		if l.Decision == Suspended {
			suspended++
		}
	}
	if suspended > 0 {
		var due []notice
		for _, r := range b.administrators {
			due = append(due, notice{"suspended", r.Account})
		}
		if err := s.ask(ctx, t.ID, c.ID, due, time.Now()); err != nil {
			return err
		}
	}
	return s.send(ctx, t, c, *b, open)
}

// letter names nobody: how much is waiting, until when, and where.
func (s *Service) letter(t tenant.Tenant, c Campaign, n notice, mine, all int) (subject, text string) {
	until := jst.Japanese(jst.Of(c.DueAt)) + " " + jst.Clock(c.DueAt)
	subject, text = "アクセス権限の見直しの残りがあります", fmt.Sprintf("%sのアクセス権限の見直しで、あなたの判断を待っている権限が%d件あります。\n\n・期限：%s\n\n期限までに判断のない権限は、自動で停止します。\n", c.Title(), mine, until)
	switch n.kind {
	case "opened":
		subject = "アクセス権限の見直しが始まりました"
	case "escalate":
		subject, text = "アクセス権限の見直しの期限が近づいています", fmt.Sprintf("契約先 %s の%sのアクセス権限の見直しに、まだ判断のない権限が%d件あります。\n\n・期限：%s\n\n見直しの担当者に確かめてください。期限までに判断のない権限は、自動で停止します。\n", t.Code, c.Title(), all, until)
	case "suspended":
		subject, text = "判断のなかった権限を停止しました", fmt.Sprintf("%sのアクセス権限の見直しを締め切り、期限までに判断のなかった権限を停止しました。\n\n必要な権限は、利用者と役割の画面で、理由を記録して与え直してください。\n", c.Title())
	case "kept-last":
		subject, text = "管理者の権限の判断をお願いします", fmt.Sprintf("契約先 %s の%sのアクセス権限の見直しで、最後の管理者の権限に判断がありませんでした。停止すると管理する人がいなくなるため、停止していません。\n\n保健会による判断が必要です。\n", t.Code, c.Title())
	}
	return subject, text + "\n・画面：" + s.Site + "/reviews\n"
}
