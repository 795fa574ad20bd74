package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// The paths of signing in and the length of the mailed code are a stable interface of the service.
const (
	PathLogin  = "/login"
	PathCode   = "/login/code"
	PathLogout = "/logout"
)

var codeRun = regexp.MustCompile(`(?:^|\D)(\d{8})(?:\D|$)`)

// ErrNoCode says that no mail came with a code of 8 digits.
var ErrNoCode = errors.New("probe: no mail has a code")

// SignIn goes through both steps as the first tenant's account of a role.
func (c *Client) SignIn(ctx context.Context, role string) error {
	a, err := c.site.Account("", role)
	if err != nil {
		return err
	}
	return c.SignInAs(ctx, a)
}

// SignInAs goes through both steps: password, then the code from the mailbox. It fails unless the
// service answers as agreed: 303 to the code page, then 303 to anywhere but back to signing in.
func (c *Client) SignInAs(ctx context.Context, a Account) error {
	defer c.site.hold(a)()
	asked := time.Now()
	p, err := c.Password(ctx, a)
	if err != nil {
		return err
	}
	if p.Status != http.StatusSeeOther || p.Location != PathCode {
		return fmt.Errorf("%w: password step of %s/%s: status %d, location %q", ErrRefused, a.Tenant, a.LoginID, p.Status, p.Location)
	}
	code, err := c.site.Code(ctx, a, asked)
	if err != nil {
		return err
	}
	if p, err = c.SubmitCode(ctx, code); err != nil {
		return err
	}
	if p.Status != http.StatusSeeOther || p.Location == PathLogin || p.Location == PathCode {
		return fmt.Errorf("%w: code step of %s/%s: status %d, location %q", ErrRefused, a.Tenant, a.LoginID, p.Status, p.Location)
	}
	return nil
}

// Password sends the first step alone.
func (c *Client) Password(ctx context.Context, a Account) (*Page, error) {
	return c.PostForm(ctx, PathLogin, url.Values{"tenant": {a.Tenant}, "login_id": {a.LoginID}, "password": {a.Password}})
}

// SubmitCode sends the second step alone.
func (c *Client) SubmitCode(ctx context.Context, code string) (*Page, error) {
	return c.PostForm(ctx, PathCode, url.Values{"code": {code}})
}

// SignOut ends the session.
func (c *Client) SignOut(ctx context.Context) (*Page, error) {
	return c.PostForm(ctx, PathLogout, url.Values{})
}

// Code reads the newest code mailed to an account since an instant, waiting for it at most Timeout. Mails
// without a code are passed over.
func (s *Site) Code(ctx context.Context, a Account, after time.Time) (string, error) {
	if s.Mail == nil {
		return "", errors.New("probe: the site has no mailbox")
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	for {
		text, err := s.Mail.Newest(ctx, a.Email, after)
		if err != nil {
			return "", fmt.Errorf("probe: mail to %s: %w", a.Email, err)
		}
		if m := codeRun.FindStringSubmatch(text); m != nil {
			return m[1], nil
		}
		select { // a notice of another kind came first
		case <-ctx.Done():
			return "", ErrNoCode
		case <-time.After(50 * time.Millisecond):
		}
	}
}
