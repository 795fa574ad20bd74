package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/termination"
	"rakudos/internal/people/tenant"
)

// leavingControls are the promises about a customer's leaving and its certificates.
func (a *App) leavingControls() []control.Control {
	human := func(which int, role actor.Role) func() (actor.Actor, error) {
		return func() (actor.Actor, error) {
			if len(a.probes.tenants) <= which {
				return actor.Actor{}, errNotRunning
			}
			return actor.Actor{Kind: actor.Human, Tenant: a.probes.tenants[which], Account: "probe", Roles: []actor.Role{role}, Purpose: "probe"}, nil
		}
	}
	return append(
		termination.Controls(termination.Probing{
			Service: a.Leaving, Customer: human(0, actor.TenantAdmin), Desk: human(1, actor.ITSM), Canary: a.canary,
			Sandbox: a.canaryIn(erasure.SabotageKeys), Copies: a.canaryIn(erasure.SabotageCopies), Package: a.packageIn,
		}),
		certificate.Controls(certificate.Probing{
			Service: a.Certificates, Desk: siteDesk{a}, Temp: a.Config.path("tmp"), Uncertified: a.uncertified, BackupsGone: a.backupsGone,
			Gone: func(ctx context.Context, t ids.Tenant) (bool, error) {
				info, err := a.Tenants.ByID(ctx, t)
				// The probes show the certificates of invented customers alone.
				return info.Closed && strings.HasPrefix(info.Code, canaryCode), err
			},
		})...)
}

// canaryIn leads an invented customer out in a sandbox.
func (a *App) canaryIn(sabotage string) func(context.Context) (termination.Canary, error) {
	return func(ctx context.Context) (termination.Canary, error) {
		run, done, err := a.stage.sandbox(ctx, sabotage)
		if err != nil {
			return termination.Canary{}, err
		}
		defer done()
		return run.canary(ctx, 0)
	}
}

// uncertified names the ended erasures that have no certificate, of the newest ones.
func (a *App) uncertified(ctx context.Context) (n int, whole bool, missing []string, err error) {
	runs, err := a.Erasure.Ended(ctx, actor.System(ids.System, "probe"), 2*mostRuns)
	if err != nil {
		return 0, false, nil, err
	}
	if missing, err = a.Erasure.Forgotten(ctx, actor.System(ids.System, "probe")); err != nil {
		return 0, false, nil, err
	}
	whole = len(runs) <= mostRuns
	runs = runs[:min(len(runs), mostRuns)]
	for _, r := range runs {
		first, _, err := a.Certificates.OfRun(ctx, r.Tenant, slotOf(r))
		if err != nil {
			return 0, false, nil, err
		}
		if first.ID == "" {
			missing = append(missing, r.ID)
		}
	}
	return len(runs), whole, missing, nil
}

// canaryCode begins the codes of the customers that are invented to be erased.
const canaryCode = "canary-"

// canary says what became of the newest invented customer; when that is older than an age, another is made with
// people and check-ups and erased through the gateway.
func (a *App) canary(ctx context.Context, older time.Duration) (termination.Canary, error) {
	all, err := a.Tenants.List(ctx)
	if err != nil {
		return termination.Canary{}, err
	}
	all = slices.DeleteFunc(all, func(t tenant.Tenant) bool { return !strings.HasPrefix(t.Code, canaryCode) })
	slices.SortFunc(all, func(x, y tenant.Tenant) int { return y.CreatedAt.Compare(x.CreatedAt) })
	if len(all) > 0 && all[0].Closed && time.Since(all[0].CreatedAt) < older {
		c, err := a.canaryEnd(ctx, all[0].ID, nil)
		if err != nil || c.Tried > 0 || c.Failed != "" {
			return c, err
		}
		// It was erased before any backup held it, by an earlier version: it shows nothing of backups.
	}
	var t tenant.Tenant
	if len(all) > 0 && !all[0].Closed { // a kill left it alive
		t = all[0]
	} else {
		t, err = a.Tenants.Create(ctx, actor.System(ids.System, "setup"), tenant.New{Code: canaryCode + strings.ToLower(suffix()), Name: canaryName, Kind: tenant.Probe})
		if err != nil {
			return termination.Canary{}, err
		}
		if err := a.seedProbePeople(ctx, t, 9); err != nil {
			return termination.Canary{}, err
		}
	}
	// Or what the erasure tries to open in backups would be nothing of nothing.
	if _, err = a.Backup.Run(ctx, actor.System(ids.System, "probe")); err != nil {
		return termination.Canary{}, err
	}
	_, err = a.Erasure.EraseTenant(ctx, actor.System(ids.System, "probe"), t.ID, erasure.Order{
		Reason: "試しの会社の消去（定期の検査）", RequestedBy: "probe", ApprovedBy: []string{"probe-1", "probe-2"},
	})
	if f := fault.Of(err); f != nil && f.Code == "erasure.under_way" {
		_, err = a.Erasure.Resume(ctx, actor.System(ids.System, "probe"))
	}
	return a.canaryEnd(ctx, t.ID, err)
}

const canaryName = "試しの会社（架空）"

// canaryEnd looks at what is left of an erased customer; failed is what the gateway said.
func (a *App) canaryEnd(ctx context.Context, t ids.Tenant, failed error) (c termination.Canary, err error) {
	if failed != nil {
		c.Failed, c.At = fault.Of(failed).Code, time.Now()
	}
	runs, err := a.Erasure.Runs(ctx, actor.System(ids.System, "probe"), t, 1)
	if err != nil {
		return c, err
	}
	if len(runs) > 0 && !runs[0].Finished.IsZero() {
		r := runs[0]
		c.At, c.Subjects, c.Residual, c.Opened = r.Finished, r.Subjects, r.Verification.Residual, r.Verification.Opened
		c.Tried, c.Backups = r.Verification.Tried, len(r.Verification.Backups)
		if c.Certified, err = a.certified(ctx, r); err != nil {
			return c, err
		}
	} else if c.Failed == "" {
		c.Failed = "erasure.no_run"
	}
	_, err = a.Vault.Tenant(ctx, t)
	f := fault.Of(err)
	c.KeyGone = f != nil && f.Code == "vault.key_destroyed"
	info, err := a.Tenants.ByID(ctx, t)
	if err != nil { // a name that its key should open, and does not: half of it is gone
		c.Failed = fault.Of(err).Code
	}
	c.Closed = err == nil && info.Closed
	return c, nil
}

// certified verifies a run's certificate, waiting a little for its event to be published.
func (a *App) certified(ctx context.Context, r erasure.Record) (bool, error) {
	first, _, err := a.Certificates.OfRun(ctx, r.Tenant, slotOf(r))
	if err != nil || first.ID == "" {
		return false, err
	}
	trust, err := a.Certificates.Trust(ctx)
	if err != nil {
		return false, err
	}
	for try := 0; ; try++ {
		f, err := a.Certificates.File(ctx, actor.System(ids.System, "probe"), first.ID)
		if err == nil {
			b, err := f.Encode()
			return err == nil && certificate.Verify(b, trust).OK, err
		}
		if !fault.Is(err, fault.Busy) || try == 100 {
			return false, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// siteDesk presents and verifies over the network, as people do.
type siteDesk struct{ app *App }

var presentedAt = regexp.MustCompile(`/certificates/presented/([0-9a-f-]{36})/json`)

// Present signs in at the probes' desk, registers the presentation and takes the file.
func (d siteDesk) Present(ctx context.Context, id string, r certificate.Request) (string, []byte, error) {
	site, err := d.app.stage.Live(ctx)
	if err != nil {
		return "", nil, err
	}
	c := site.New()
	defer c.Close()
	if err := c.SignIn(ctx, string(actor.ITSM)); err != nil {
		return "", nil, err
	}
	p, err := c.PostForm(ctx, "/certificates/"+id+"/present", url.Values{"requester": {r.Requester}, "organisation": {r.Organisation}, "checked": {r.Checked}})
	if err != nil {
		return "", nil, err
	}
	if p.Status == http.StatusSeeOther && strings.HasPrefix(p.Location, "/certificates/") {
		if p, err = c.Get(ctx, p.Location); err != nil {
			return "", nil, err
		}
	}
	m := presentedAt.FindSubmatch(p.Body)
	if p.Status != http.StatusOK || m == nil {
		return "", nil, fault.New(fault.Invalid, "certificate.request", "field", fmt.Sprint(p.Status))
	}
	file, err := c.Get(ctx, string(m[0]))
	if err == nil && file.Status != http.StatusOK {
		err = fault.New(fault.Invalid, "certificate.not_presented")
	}
	if err != nil {
		return "", nil, err
	}
	_, err = c.SignOut(ctx)
	return string(m[1]), file.Body, err
}

// Page asks the public page of verification, without signing in.
func (d siteDesk) Page(ctx context.Context, file []byte) (bool, error) {
	site, err := d.app.stage.Live(ctx)
	if err != nil {
		return false, err
	}
	c := site.New()
	defer c.Close()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	w, err := m.CreateFormFile("file", "certificate.json")
	if err != nil {
		return false, err
	}
	if _, err := w.Write(file); err != nil {
		return false, err
	}
	if err := m.Close(); err != nil {
		return false, err
	}
	req, err := c.Request(ctx, http.MethodPost, "/certificates/verify", &b)
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("Accept", "application/json")
	p, err := c.Do(req)
	if err != nil {
		return false, err
	}
	var answer struct {
		OK *bool `json:"ok"`
	}
	if err := json.Unmarshal(p.Body, &answer); err != nil || p.Status != http.StatusOK || answer.OK == nil {
		return false, errors.New("app: the page of verification does not answer")
	}
	return *answer.OK, nil
}
