package identity

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// Route is one row of the route table.
type Route struct {
	Method, Path string
	Public       bool
}

// Probing is what the probes of signing in work with.
type Probing struct {
	Stage  probe.Stage
	Tenant string                           // code of a probe tenant whose accounts no other probe uses
	Routes func() []Route                   // the whole route table
	Inside func(base string) (Inside, bool) // the service behind a site, live or sandbox
	Policy Policy
}

// SabotageRoute names the sandbox in which one page needs no session.
const SabotageRoute = "web.open_route"

// look is one probe, against the running service or a sandbox.
type look func(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error)

// Controls gives AC-UNIQUE, AC-AUTHN, AC-PWPOL, AC-LOCK, AC-2STEP and AC-SESSION (clauses 3-2, 3-3, 3-4a,
// 3-4b, 3-5, 3-12) and the extensions AC-SCREENLOCK, AC-PASSKEY and AC-ROWS.
func Controls(p Probing) []control.Control {
	quarter, hour := 15*time.Minute, time.Hour
	passkey := p.control("AC-PASSKEY", "", p.Policy.SaysPasskey(), "利用者の端末そのものの安全と、実際の端末（指紋・顔認証など）の動作は分かりません。検査は、プログラムで作った模擬の端末で行います。登録のあとの30秒の経過は、検査用の記録を過去へ動かして確かめています。",
		hour, 26*hour, "SEC", p.passkeys, SabotagePasskey)
	passkey.Clauses = nil
	screen := p.control("AC-SCREENLOCK", "", p.Policy.SaysScreen(), "30分の経過は、検査用のサインインの記録を過去へ動かして確かめています。開こうとするのは、代表の画面・JSON・送信だけです。解除を試すのはパスワードだけで、パスキーと会社のアカウントによる解除は試していません。画面を覆うことは検査ではなく試験で確かめています。端末そのもののロックは利用者側で設定します。",
		hour, 26*hour, "DEV", p.screen, SabotageScreen)
	screen.Clauses = nil
	rows := p.control("AC-ROWS", "", p.Policy.SaysRows(), "行をまるごと、署名ごと以前のものへ戻す書き換えは見つけられません。ロックの回数など、署名のない値もあります（ADR 21）。認証サービスの設定と権限の見直しの判断は、毎回の検査ではなく試験で確かめています。検査は自己点検用の契約先で行います。",
		hour, 26*hour, "SEC", p.rows, SabotageRows)
	rows.Clauses = nil
	return []control.Control{
		screen, passkey, rows,
		p.control("AC-UNIQUE", "3-2", p.Policy.SaysUnique(), "一つのIDを複数の人が使っていないことまでは、完全には分かりません。使った端末の数からの疑いだけを数えます。一人の従業員に二つ目のIDを作ろうとすることは、この検査では試していません。重なりの件数を数え、断ることは試験で確かめています。",
			hour, 3*hour, "ITSM", p.unique, SabotageReuse),
		p.control("AC-AUTHN", "3-3", p.Policy.SaysAuthn(), "時間の比較は同じ装置の中での少数回の測定で、2倍までの違いは見分けません。ロック中の返事は AC-LOCK の検査で、パスキーは AC-PASSKEY の検査で確かめます。パスワードの強さ、盗まれたパスワードの使用、複数の利用者IDに分けた総当たりの検知は、この検査では示されません。",
			quarter, hour, "DEV", p.authn, SabotageRoute),
		p.control("AC-PWPOL", "3-4a", p.Policy.SaysPassword(), "よく使われるパスワードの一覧は、公知の語と公開された一覧から作った限られたものです。漏えいしたすべてのパスワードを断ることは示されません。",
			hour, 3*hour, "DEV", p.passwordRules, SabotagePassword),
		p.control("AC-LOCK", "3-4b", p.Policy.SaysLock(), "失敗のあとの待ち時間は、その長さの返事を読んだあと、検査用の記録を動かして終わらせています。実際に待つ検査ではありません。解除の理由が記録に残ることは、試験で確かめています。同時に多数の入力があった場合の回数は、毎回の検査ではなく試験で確かめています。",
			hour, 3*hour, "SEC", p.lockAtLimit, SabotageLock),
		p.control("AC-2STEP", "3-5", p.Policy.SaysTwoStep(), "検査はサービス内の専用の受信箱で行います。外部のメールサーバーへの配送と、本人以外がメールを読んでいないことは示されません。10分と再送の間隔の経過は、検査用のコードの送信時刻を過去へ動かして確かめています。認証アプリは AC-PASSKEY の検査で、回復用コードは試験で確かめています。",
			quarter, hour, "SEC", p.twoSteps, SabotageCode),
		p.control("AC-SESSION", "3-12", p.Policy.SaysSession(), "3時間の経過は、検査用のサインインの記録を過去へ動かして確かめています。実際に3時間待つ検査ではありません。端末が盗まれた場合の保護は示されません。",
			hour, 26*hour, "DEV", p.sessions, SabotageSession),
	}
}

func (p Probing) control(id, clause, says, notProven string, every, fresh time.Duration, owner string, l look, sabotage string) control.Control {
	live, mutant := probe.Pair(p.Stage, sabotage, func(ctx context.Context, site *probe.Site) (control.Evidence, error) { return p.run(ctx, site, l) })
	return control.Control{
		ID: id, Clauses: []string{clause}, Grades: []control.Grade{control.Real}, Says: says, NotProven: notProven, Every: every, Fresh: fresh, Owner: owner,
		Probe: live, Mutant: mutant,
	}
}

func (p Probing) run(ctx context.Context, site *probe.Site, l look) (control.Evidence, error) {
	in, ok := p.Inside(site.Base)
	if !ok {
		return control.Evidence{}, fmt.Errorf("identity: nobody is behind %s", site.Base)
	}
	e, err := l(ctx, site, in)
	e.OK = err == nil && len(e.Failed) == 0
	return e, err
}

// account finds the probe account of a role and clears what an earlier run may have left behind.
func (p Probing) account(ctx context.Context, site *probe.Site, in Inside, role string) (probe.Account, error) {
	a, err := site.Account(p.Tenant, role)
	if err == nil {
		err = in.Clear(ctx, a.Tenant, a.LoginID, true)
	}
	return a, err
}

// cookie is the value of a cookie that a browser holds.
func cookie(c *probe.Client, name string) string {
	for _, k := range c.Cookies() {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

// inside tells whether a browser is signed in. The page asked for does not count as activity.
func inside(ctx context.Context, c *probe.Client) (bool, error) {
	page, err := c.GetJSON(ctx, "/session")
	if err != nil {
		return false, err
	}
	return page.Status == 200, nil
}
