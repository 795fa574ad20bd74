package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// rows writes past the service what would open a door, if it were believed, and asks for it over the network.
func (p Probing) rows(ctx context.Context, site *probe.Site, in Inside) (_ control.Evidence, err error) {
	var k checks
	for _, what := range Forgeries {
		if err := p.forged(ctx, site, in, what, &k); err != nil {
			return k.Evidence, err
		}
	}
	k.Measured = fmt.Sprintf("自己点検用の契約先で、サービスを通さずにデータベースへ書いた%d種類の行（サインイン、管理者の役割、利用者についての記録）を試し、%d項目のうち%d項目が無いものとして扱われました。", len(Forgeries), k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, nil
}

// forged tries one of them, and leaves nothing behind.
func (p Probing) forged(ctx context.Context, site *probe.Site, in Inside, what Forgery, k *checks) (err error) {
	c, _, err := p.enter(ctx, site, in, "employee")
	if err != nil {
		return err
	}
	defer c.Close()
	page, err := c.GetJSON(ctx, "/users")
	if err != nil {
		return err
	}
	if page.Status != http.StatusForbidden {
		return fmt.Errorf("identity: /users answers an employee with %d", page.Status)
	}
	kept := c.Cookies() // a session that is refused takes its cookie away
	for _, one := range kept {
		one.Path, one.Secure = "/", true
	}
	token, undo, err := in.Forge(ctx, cookie(c, CookieSession), what)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, undo(context.WithoutCancel(ctx))) }()
	switch what {
	case ForgedSession:
		other := site.New()
		defer other.Close()
		other.SetCookies([]*http.Cookie{{Name: CookieSession, Value: token, Path: "/", Secure: true}})
		open, err := inside(ctx, other)
		if err != nil {
			return err
		}
		k.want(!open, "データベースに書き足したサインインで入れる")
	case ForgedGrant:
		if page, err = c.GetJSON(ctx, "/users"); err != nil {
			return err
		}
		k.want(page.Status != http.StatusOK, "データベースに書き足した管理者の役割が効く")
	case ForgedAccount:
		open, err := inside(ctx, c)
		if err != nil {
			return err
		}
		k.want(!open, "データベースで書き換えた利用者のまま使い続けられる")
	}
	if err := undo(ctx); err != nil {
		return err
	}
	c.SetCookies(kept)
	open, err := inside(ctx, c)
	if err != nil {
		return err
	}
	k.want(open, "元に戻しても使えない")
	_, err = c.SignOut(ctx)
	return err
}
