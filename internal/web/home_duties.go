package web

import (
	"cmp"
	"fmt"
	"net/http"
	"rakudos/internal/base/fault"
	"slices"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/support"
)

// duties are what waits for the visitor beside the daily work: requests to decide, envelopes to look after,
// customers who leave. What the visitor may not open is no duty.
func (s *server) duties(r *http.Request, v *Visitor) (out []todo, err error) {
	now := time.Now()
	may := func(p access.Permission) bool { return inReach(v.TenantKind, p) && access.Allows(v.Actor, p) }
	if may(access.SupportDesk) {
		all, err := s.Support.Desk(r.Context(), v.Actor)
		if err != nil {
			return nil, err
		}
		out = append(out, supportTodos(all, v.Account, may(access.SupportApprove), now)...)
	}
	if may(access.SealedRead) {
		all, err := s.Identity.SealedAccounts(r.Context(), v.Actor)
		if err != nil {
			return nil, err
		}
		out = append(out, sealedTodos(all, jst.Of(now))...)
	}
	if may(access.TerminationDesk) {
		all, unread, err := s.Leaving.Desk(r.Context(), v.Actor)
		if err != nil {
			return nil, err
		}
		if unread > 0 {
			out = append(out, todo{"/desk/leaving", fmt.Sprintf("読めない解約の手続が%d件あります", unread), "コード termination.unread", "late"})
		}
		for _, c := range all {
			out = append(out, deskTodos(c, now)...)
		}
	}
	if may(access.TerminationRequest) {
		c, err := s.Leaving.Mine(r.Context(), v.Actor)
		switch f := fault.Of(err); {
		case f != nil && f.Code == "termination.unread": // the page says what to do
			out = append(out, todo{"/leaving", "解約の手続の記録を読めません", "保健会に連絡してください", "late"})
		case err != nil:
			return nil, err
		}
		out = append(out, leavingTodos(c, now)...)
	}
	if may(access.HandoverTake) {
		all, err := s.Handover.List(r.Context(), v.Actor)
		if err != nil {
			return nil, err
		}
		out = append(out, fileTodos(all, now)...)
	}
	if err := s.erasureDuties(r, v, may, &out); err != nil {
		return nil, err
	}
	return out, s.operationDuties(r, v, may, &out)
}

// supportTodos are the requests that somebody else has to decide, and the visitor's own that run.
func supportTodos(all []support.Access, me ids.Account, decides bool, now time.Time) (out []todo) {
	for _, a := range all {
		switch state := a.At(now); {
		case state == support.Asked && decides && a.Asker != me:
			out = append(out, todo{"/support", a.TenantName + "へのサポート入室の申込みが、承認を待っています", "受付番号 " + a.Ticket, "soon"})
		case state == support.Approved && a.Asker == me:
			out = append(out, todo{"/support", a.TenantName + "へのサポート入室が承認されています", clockTime(a.EndsAt) + " まで", "soon"})
		}
	}
	return out
}

// sealedTodos: an opened envelope comes first, then its review and the new seal, then the quarter's drill.
func sealedTodos(all []identity.SealedAccount, today jst.Date) (out []todo) {
	drilled := len(all) == 0
	for _, a := range all {
		l := newSealedLine(a, today)
		drilled = drilled || l.Drilled
		switch {
		case a.State == identity.Broken || a.State == identity.Opened:
			out = append(out, todo{"/sealed", "緊急用の利用者IDが使われています", a.LoginID, "late"})
		case l.Reviews:
			out = append(out, todo{"/sealed", "緊急用の利用者IDが使われました。確認を記録してください", a.LoginID, "soon"})
		case a.State == identity.Spent:
			out = append(out, todo{"/sealed", "緊急用の利用者IDに、封をし直す必要があります", a.LoginID, "soon"})
		}
	}
	if !drilled {
		out = append(out, todo{"/sealed", "緊急用の利用者IDの、今四半期の訓練がまだです", "", ""})
	}
	return out
}

// deskTodos are what the association has to do about one customer's leaving.
func deskTodos(c *termination.Case, now time.Time) []todo {
	path, name, due := "/desk/leaving/"+c.ID, c.Name+"の解約: ", day(c.EraseBy)+" まで"
	switch phase := c.Phase(); {
	case c.Late(now):
		return []todo{{path, name + "消去の期限を過ぎています", due, "late"}}
	case c.Fault != "" && phase == termination.Erasing:
		return []todo{{path, name + "消去が失敗しています", due, "late"}}
	case phase != termination.Requested:
		return nil
	case slices.Contains(c.Missing(), termination.NeedCallBack):
		return []todo{{path, name + "確認の電話をしてください", due, "soon"}}
	case slices.Contains(c.Missing(), termination.NeedConfirm) && !now.Before(c.ConfirmFrom()):
		return []todo{{path, name + "消去の確認を待っています", due, "soon"}}
	}
	return nil
}

// leavingTodos are what the customer's administrator still has to do.
func leavingTodos(c *termination.Case, now time.Time) []todo {
	if c == nil || c.Phase() != termination.Requested {
		return nil
	}
	due := "消去は " + day(c.EraseNotBefore) + " から"
	switch {
	case slices.Contains(c.Missing(), termination.NeedReceipt):
		return []todo{{"/leaving", "解約: データの受け取りを記録してください", due, "soon"}}
	case slices.Contains(c.Missing(), termination.NeedConfirm) && !now.Before(c.ConfirmFrom()):
		return []todo{{"/leaving", "解約: 消去の確認を待っています", due, "soon"}}
	}
	return nil
}

// fileTodos tell of hand-over files that nobody has fetched yet.
func fileTodos(all []handover.File, now time.Time) []todo {
	for _, f := range all { // newest first
		if f.State == handover.Ready && f.Taken == 0 && now.Before(f.Expires) {
			return []todo{{"/leaving/files", "解約時のデータを受け取れます", day(jst.Of(f.Expires)) + " まで", "soon"}}
		}
	}
	return nil
}

// byUrgency puts what is late first; what is equally urgent keeps its place.
func byUrgency(all []todo) {
	slices.SortStableFunc(all, func(a, b todo) int { return cmp.Compare(urgencies[a.Class], urgencies[b.Class]) })
}

var urgencies = map[string]int{"late": 0, "soon": 1, "": 2}
