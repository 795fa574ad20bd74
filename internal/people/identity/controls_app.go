package identity

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/engine/probe"
)

var shownSecret = regexp.MustCompile(`<code>([A-Z2-7 ]{32,})</code>`)

// stepRoom is what has to be left of a half minute before tries begin that belong into one.
const stepRoom = 6 * time.Second

// inStep runs tries that belong into one half minute. When it turned meanwhile they have shown nothing, and begin
// anew in the next.
func inStep(ctx context.Context, try func(step int64) error) error {
	for range 3 {
		now := time.Now()
		if left := time.Unix((totpStep(now)+1)*totpPeriod, 0).Sub(now); left < stepRoom {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(left):
			}
		}
		step := totpStep(time.Now())
		err := try(step)
		if totpStep(time.Now()) == step {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.New("identity: the tries with an app did not fit into three half minutes")
}

// codesAround gives the codes of the step before, of a step, and of the one after.
func codesAround(secret []byte, step int64) (before, present, after string, err error) {
	var out [3]string
	for i := range out {
		if out[i], err = totpCode(secret, step-1+int64(i)); err != nil {
			return "", "", "", err
		}
	}
	return out[0], out[1], out[2], nil
}

// app enrols an authenticator app, signs in with the code of the present half minute, and tries what must not
// work: that code again, and the ones before and after, for enrolling and for signing in.
func (k *checks) app(ctx context.Context, site *probe.Site, back Factoring, d desk, a probe.Account) error {
	var secret []byte
	var early, again bool
	err := inStep(ctx, func(step int64) (err error) {
		secret, early, err = enrolApp(ctx, d, step)
		if err != nil {
			return err
		}
		_, present, _, err := codesAround(secret, step)
		if err == nil {
			again, err = byApp(ctx, site, a, present)
		}
		return err
	})
	if err != nil {
		return err
	}
	k.want(!early, "前の30秒の認証アプリの数字で登録できる")
	k.want(!again, "登録に使った認証アプリの数字がもう一度通る")
	if _, err := d.SignOut(ctx); err != nil {
		return err
	}
	var open [4]bool
	err = inStep(ctx, func(step int64) error {
		if err := back.RewindApp(ctx, a.Tenant, a.LoginID); err != nil {
			return err
		}
		before, present, after, err := codesAround(secret, step)
		for i, code := range []string{before, present, present, after} {
			if err == nil {
				open[i], err = byApp(ctx, site, a, code)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	k.want(!open[0], "30秒を過ぎた認証アプリの数字が通る")
	k.want(open[1], "認証アプリの数字でサインインできない")
	k.want(!open[2], "使用済みの認証アプリの数字がもう一度通る")
	k.want(!open[3], "まだ始まっていない30秒の認証アプリの数字が通る")
	return nil
}

// enrolApp enrols a new app with the code of a step, after one that is over.
func enrolApp(ctx context.Context, d desk, step int64) (secret []byte, early bool, err error) {
	if _, err := d.PostForm(ctx, "/me/factors/totp", url.Values{}); err != nil {
		return nil, false, err
	}
	page, err := d.Get(ctx, "/me/factors/totp")
	if err != nil {
		return nil, false, err
	}
	m := shownSecret.FindSubmatch(page.Body)
	if m == nil {
		return nil, false, fmt.Errorf("identity: no secret of an app is shown: status %d", page.Status)
	}
	secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(string(m[1]), " ", ""))
	if err != nil {
		return nil, false, err
	}
	before, present, _, err := codesAround(secret, step)
	if err != nil {
		return nil, false, err
	}
	for _, code := range []string{before, present} {
		page, err = d.PostForm(ctx, "/me/factors/totp/confirm", url.Values{"code": {code}})
		if err != nil {
			return nil, false, err
		}
		if page.Status < http.StatusBadRequest {
			return secret, code == before, nil
		}
	}
	return nil, false, fmt.Errorf("identity: the app is not enrolled: status %d", page.Status)
}

// byApp signs in with the password and a code of the app.
func byApp(ctx context.Context, site *probe.Site, a probe.Account, code string) (bool, error) {
	c := site.New()
	defer c.Close()
	page, err := c.Password(ctx, a)
	if err == nil && (page.Status != http.StatusSeeOther || page.Location != probe.PathCode) {
		err = fmt.Errorf("identity: password step of %s: status %d, location %q", a.Role, page.Status, page.Location)
	}
	if err != nil {
		return false, err
	}
	if _, err := c.SubmitCode(ctx, code); err != nil {
		return false, err
	}
	open, err := inside(ctx, c)
	if err == nil && open {
		_, err = c.SignOut(ctx)
	}
	return open, err
}
