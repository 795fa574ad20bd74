package sso

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rakudos/internal/engine/probe"
)

const (
	formKind = "application/x-www-form-urlencoded"
	scimKind = "application/scim+json"
	scimUser = "/scim/v2/Users"
)

// found is a list of a personnel system's users.
type found struct {
	Resources []struct {
		ID     string
		Active bool
	}
}

// token makes one for a personnel system.
func token(ctx context.Context, admin *probe.Client) (string, error) {
	var made struct{ Token string }
	status, err := asJSON(ctx, admin, http.MethodPost, "/federation/token", formKind, url.Values{"label": {"自己点検"}, "days": {"1"}}.Encode(), "", &made)
	if err == nil && made.Token == "" {
		err = fmt.Errorf("sso: a token of the probe is answered with %d", status)
	}
	return made.Token, err
}

// scim sends what a personnel system would, from a machine without cookies.
func (k *look) scim(ctx context.Context, token, method, path, body string, into any) (int, error) {
	return asJSON(ctx, k.open(), method, path, scimKind, body, token, into)
}

// named finds users by their login ID.
func (k *look) named(ctx context.Context, token, login string) (out found, err error) {
	status, err := k.scim(ctx, token, http.MethodGet, scimUser+"?filter="+url.QueryEscape(`userName eq "`+login+`"`), "", &out)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("sso: a personnel system of the probe is answered with %d", status)
	}
	return out, err
}

func leaves(is bool) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":%v}]}`, !is)
}

// provisioning plays the personnel systems of both tenants: what a token may not do, and what a leaver's notice does.
func (k *look) provisioning(ctx context.Context) error {
	own, err := token(ctx, k.admin)
	if err != nil {
		return err
	}
	theirs, err := token(ctx, k.other)
	if err != nil {
		return err
	}
	mine, err := k.named(ctx, own, k.who.LoginID)
	if err != nil {
		return err
	}
	neighbour, err := k.named(ctx, theirs, k.foreign.LoginID)
	if err != nil {
		return err
	}
	if len(mine.Resources) != 1 || len(neighbour.Resources) != 1 {
		return fmt.Errorf("sso: %d and %d users of the probes are found", len(mine.Resources), len(neighbour.Resources))
	}
	id := scimUser + "/" + mine.Resources[0].ID
	if !mine.Resources[0].Active { // a run was cut off
		if _, err := k.scim(ctx, own, http.MethodPatch, id, leaves(false), nil); err != nil {
			return err
		}
	}
	if err := k.elsewhere(ctx, own, theirs, scimUser+"/"+neighbour.Resources[0].ID); err != nil {
		return err
	}
	if err := k.leaver(ctx, own, id); err != nil {
		return err
	}
	if err := k.clean(ctx, k.admin); err != nil { // revokes it
		return err
	}
	status, err := k.scim(ctx, own, http.MethodGet, scimUser, "", nil)
	k.want(status >= http.StatusBadRequest, "取り消したトークンが使える")
	return err
}

// elsewhere tries a token on the neighbour's people and on pages, and pages' sessions and a guess on what is a token's.
func (k *look) elsewhere(ctx context.Context, own, theirs, neighbour string) error {
	for _, one := range []struct{ method, body, promise string }{
		{http.MethodGet, "", "ほかの契約先の利用者を、トークンで読める"},
		{http.MethodPatch, leaves(true), "ほかの契約先の利用者を、トークンで停止できる"},
		{http.MethodDelete, "", "ほかの契約先の利用者を、トークンで消せる"},
	} {
		status, err := k.scim(ctx, own, one.method, neighbour, one.body, nil)
		if err != nil {
			return err
		}
		k.want(status == http.StatusNotFound, one.promise)
	}
	seen, err := k.named(ctx, own, k.foreign.LoginID)
	if err != nil {
		return err
	}
	k.want(len(seen.Resources) == 0, "ほかの契約先の利用者が、トークンでの一覧に出る")
	still, err := k.named(ctx, theirs, k.foreign.LoginID)
	if err != nil {
		return err
	}
	k.want(len(still.Resources) == 1 && still.Resources[0].Active, "ほかの契約先のトークンの操作のあと、利用者が停止している")
	for _, path := range []string{"/people", "/users", "/federation"} {
		status, err := k.scim(ctx, own, http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		k.want(status >= http.StatusMultipleChoices, "人事システムのトークンで、画面が開く")
	}
	status, err := asJSON(ctx, k.admin, http.MethodGet, scimUser, scimKind, "", "", nil)
	if err != nil {
		return err
	}
	k.want(status >= http.StatusBadRequest, "画面のサインインで、人事システムの窓口が開く")
	status, err = k.scim(ctx, "rks_"+strings.Repeat("A", 43), http.MethodGet, scimUser, "", nil)
	k.want(status >= http.StatusBadRequest, "推測したトークンが使える")
	return err
}

// leaver tells that somebody has left, and that it was a mistake.
func (k *look) leaver(ctx context.Context, own, id string) error {
	c, err := k.in(ctx, k.who)
	if err != nil {
		return err
	}
	defer func() { _, _ = k.scim(context.WithoutCancel(ctx), own, http.MethodPatch, id, leaves(false), nil) }()
	status, err := k.scim(ctx, own, http.MethodPatch, id, leaves(true), nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("sso: a leaver's notice is answered with %d", status)
	}
	if err != nil {
		return err
	}
	open, err := alive(ctx, c)
	if err != nil {
		return err
	}
	k.want(!open, "退職の知らせのあとも、サインインが続く")
	again, err := k.byPassword(ctx)
	k.want(!again, "退職の知らせのあとも、パスワードが通る")
	return err
}
