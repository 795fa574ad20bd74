package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// Privileged roles see health data or give roles. Whoever gets one, all administrators of the tenant are told at once
// (clause 3-2): a role that somebody gave to a helper of his own must not stay unseen.
var Privileged = []actor.Role{actor.Physician, actor.Nurse, actor.StressImplementer, actor.StressStaff, actor.TenantAdmin, actor.ITSM, actor.Operator}

// gains are the roles that a set of grants opens beyond what is held: new ones, and those that reach further.
func gains(held, next []Grant) (out []actor.Role) {
	roles, before := scope(held)
	more, after := scope(next)
	for _, r := range more {
		was, limited := before[r]
		now, still := after[r]
		switch {
		case !slices.Contains(roles, r):
		case !limited && (r != actor.Manager || !still): // a manager without a department reaches nobody
			continue
		case limited && still && (actor.Reach{Places: was}).Contains(actor.Reach{Places: now}):
			continue
		}
		out = append(out, r)
	}
	return out
}

// tellPrivileged mails the administrators and whoever has got the roles. What the service sets up itself, before there
// is anybody to tell, is not told.
func (s *Service) tellPrivileged(by actor.Actor, info TenantInfo, id ids.Account, more []actor.Role) {
	more = slices.DeleteFunc(slices.Clone(more), func(r actor.Role) bool { return !slices.Contains(Privileged, r) })
	if len(more) == 0 || by.Kind == actor.Machine && by.Account == "" {
		return
	}
	var names []string
	for _, r := range more {
		names = append(names, s.roleName(r))
	}
	s.later(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 30*time.Second)
		defer cancel()
		who, err := s.NameOf(ctx, info.ID, id)
		if err != nil {
			who = "（名前を読めません）"
		}
		giver := "サーバーの管理者（rakudosコマンド）"
		switch {
		case strings.HasPrefix(string(by.Account), "scim:"):
			giver = "人事システムとの連携"
		case by.Account != "":
			if giver, err = s.NameOf(ctx, info.ID, by.Account); err != nil {
				giver = "（名前を読めません）"
			}
		}
		text := fmt.Sprintf(`%s で、健康情報を見られる役割、または権限を与えられる役割が与えられました。

・与えられた人：%s
・役割：%s
・与えた人：%s
・時刻：%s

心当たりがない場合は、「利用者と役割」でその利用者を停止し、「操作の記録」で経緯を確かめてください。
`, oneLine(info.Name), oneLine(who), strings.Join(names, "、"), oneLine(giver), moment(time.Now()))
		const subject = "重い役割が与えられました"
		s.Announce(info.ID, administrators, "account.role_notice", subject, text)
		if acc, err := s.Effective(ctx, info.ID, id); err == nil && !acc.Has(administrators...) {
			_ = s.SendTo(ctx, info.ID, id, subject, text) // whether the administrators were told is the event
		}
	})
}

func (s *Service) roleName(r actor.Role) string {
	if s.named == nil {
		return string(r)
	}
	return s.named(r)
}
