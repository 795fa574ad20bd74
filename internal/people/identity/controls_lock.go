package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// errSlow says that the machine needed longer for an answer than the wait that was to be seen.
var errSlow = errors.New("identity: the answers come too slowly to see the waiting")

// lockAtLimit fails one time less than the limit, sees the waiting on the way, and gets in; then fails as often as
// the limit, and does not, until an administrator has unlocked the account with a reason.
func (p Probing) lockAtLimit(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	back, ok := in.(Waiting)
	if !ok {
		return k.Evidence, fmt.Errorf("identity: nothing ends the waiting behind %s", site.Base)
	}
	a, err := p.account(ctx, site, in, "auditor")
	if err != nil {
		return k.Evidence, err
	}
	defer func() { _ = in.Clear(context.WithoutCancel(ctx), a.Tenant, a.LoginID, true) }()
	limit := min(p.Policy.LockAt, DefaultPolicy().LockAt)
	_, waits, err := k.fails(ctx, site, back, p.Policy, a, limit-1)
	if err != nil {
		return k.Evidence, err
	}
	if err := p.gets(ctx, site, a, &k, true, fmt.Sprintf("%d回の失敗と、待ち時間のうちの%d回のあと、正しいパスワードでサインインできない", limit-1, len(waits))); err != nil {
		return k.Evidence, err
	}
	if len(k.Failed) > 0 { // what follows would say something else than it seems to
		k.Measured = fmt.Sprintf("自己点検用の利用者で%d回の失敗までに%d項目を試し、%d項目が約束どおりでした。ロックとその解除は、まだ試していません。", limit-1, k.tried, k.tried-len(k.Failed))
		return k.Evidence, nil
	}
	wrong, _, err := k.fails(ctx, site, back, p.Policy, a, limit)
	if err != nil {
		return k.Evidence, err
	}
	locked := site.New()
	defer locked.Close()
	page, err := locked.Password(ctx, a)
	if err != nil {
		return k.Evidence, err
	}
	k.want(page.Status != http.StatusSeeOther, fmt.Sprintf("%d回の失敗のあと、正しいパスワードが通る", limit))
	k.want(page.Status == wrong.Status && plainBody(page, a.LoginID, a.Tenant) == plainBody(wrong, a.LoginID, a.Tenant),
		fmt.Sprintf("ロック中の返事が違うパスワードと異なる (%d と %d)", page.Status, wrong.Status))
	if err := p.unlocks(ctx, site, in, back, a, &k); err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("自己点検用の利用者で、%d回の失敗のあとは正しいパスワードで入れ、%d回の失敗のあとは正しいパスワードでも入れず、返事の番号と文面は違うパスワードのときと比べました。失敗のすぐあとの入力には%s秒待つよう返事があり、その%d回は失敗に数えないこと、理由のない解除は断られ、理由のある解除のあとは入れることなど%d項目を試し、%d項目が約束どおりでした。",
		limit-1, limit, joined(waits), len(waits), k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"limit": limit, "retry_after": waits, "tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, nil
}

// joined writes waits as 「1・2・4・8」.
func joined(all []int) (out string) {
	for i, n := range all {
		if i > 0 {
			out += "・"
		}
		out += strconv.Itoa(n)
	}
	return out
}

// fails sends n wrong passwords. Where one has to wait it tries at once, reads how long, and only then lets the wait
// go by. It returns the last answer to a wrong password and the waits.
func (k *checks) fails(ctx context.Context, site *probe.Site, in Waiting, p Policy, a probe.Account, n int) (last *probe.Page, waits []int, err error) {
	c := site.New()
	defer c.Close()
	a.Password = "Wrong-" + a.Password
	for i := 1; i <= n; i++ {
		sent := time.Now()
		if last, err = c.Password(ctx, a); err != nil {
			return last, waits, err
		}
		if last.Status == http.StatusTooManyRequests {
			return last, waits, fmt.Errorf("identity: the probe was throttled at failure %d", i)
		}
		wait := p.delay(i)
		if wait == 0 {
			continue
		}
		early, err := c.Password(ctx, a)
		if err != nil {
			return last, waits, err
		}
		if time.Since(sent) >= wait {
			return last, waits, errSlow
		}
		k.want(early.Status == http.StatusTooManyRequests, fmt.Sprintf("%d回目の失敗のすぐあとの入力が受け付けられる (%d)", i, early.Status))
		seconds, _ := strconv.Atoi(early.Header.Get("Retry-After"))
		least := wholeSeconds(wait - time.Since(sent))
		k.want(time.Duration(seconds)*time.Second <= wait && time.Duration(seconds)*time.Second >= least, fmt.Sprintf("%d回目の失敗のあとの待ち時間が%sでなく%d秒", i, spanJA(wait), seconds))
		if early.Status != http.StatusTooManyRequests {
			return last, waits, nil // it was counted: what follows would say something else
		}
		waits = append(waits, seconds)
		if err := in.EndWait(ctx, a.Tenant, a.LoginID); err != nil {
			return last, waits, err
		}
	}
	return last, waits, nil
}

// gets tries the right password, and where it is to be let in, the code.
func (p Probing) gets(ctx context.Context, site *probe.Site, a probe.Account, k *checks, in bool, promise string) error {
	c := site.New()
	defer c.Close()
	asked := time.Now()
	page, err := c.Password(ctx, a)
	if err != nil {
		return err
	}
	if page.Status != http.StatusSeeOther || !in {
		k.want((page.Status == http.StatusSeeOther) == in, promise)
		return nil
	}
	code, err := site.Code(ctx, a, asked)
	if err != nil {
		return err
	}
	if _, err := c.SubmitCode(ctx, code); err != nil {
		return err
	}
	open, err := inside(ctx, c)
	if err != nil {
		return err
	}
	k.want(open, promise)
	_, err = c.SignOut(ctx)
	return err
}

// unlocks asks as an administrator for the lock to be lifted, without a reason and with one.
func (p Probing) unlocks(ctx context.Context, site *probe.Site, in Inside, back Waiting, a probe.Account, k *checks) error {
	id, err := back.AccountOf(ctx, a.Tenant, a.LoginID)
	if err != nil {
		return err
	}
	admin, _, err := p.enter(ctx, site, in, "tenantadmin")
	if err != nil {
		return err
	}
	defer admin.Close()
	none, err := post(ctx, admin, "/users/"+string(id)+"/unlock", url.Values{"reason": {" "}})
	if err != nil {
		return err
	}
	k.want(none.Code == "identity.reason_missing", fmt.Sprintf("理由のない解除の返事が %d", none.status))
	for _, lift := range []bool{false, true} {
		promise := "理由のない解除のあと、ロックした利用者が入れる"
		if lift {
			promise = "理由のある解除のあとも入れない"
			if _, err := post(ctx, admin, "/users/"+string(id)+"/unlock", url.Values{"reason": {"自己点検"}}); err != nil {
				return err
			}
		}
		if err := back.EndWait(ctx, a.Tenant, a.LoginID); err != nil {
			return err
		}
		if err := p.gets(ctx, site, a, k, lift, promise); err != nil {
			return err
		}
	}
	_, err = admin.SignOut(ctx)
	return err
}
