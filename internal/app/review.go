package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/cli"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/org"
	"rakudos/internal/people/tenant"
)

// openReview builds the quarterly reviews and plans their work.
func (a *App) openReview() {
	a.Review = accessreview.New(accessreview.Deps{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Mail: a.Identity, Tenants: a.Tenants, Accounts: a.Identity, Second: a.Identity,
		Signs: signs{a.Identity, a.Org}, Principals: principals{a}, Restore: a.Identity, Guard: require, Site: "https://" + a.Config.Listen, Logger: a.log,
		RecordOnly: a.Config.sabotage[accessreview.SabotageRecord],
		AnyRow:     a.Config.sabotage[identity.SabotageRows],
	})
	if !a.Config.sandbox() {
		a.Review.Register(a.Jobs)
	}
}

// signs tells a review what identity and the roster know of an account.
type signs struct {
	*identity.Service
	org *org.Service
}

// LeftOn gives the last day of those who have one.
func (s signs) LeftOn(ctx context.Context, t ids.Tenant, people []ids.Person) (map[ids.Person]jst.Date, error) {
	out := map[ids.Person]jst.Date{}
	if len(people) == 0 {
		return out, nil
	}
	d, err := s.org.Directory(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, id := range people {
		if p, ok := d.Person(id); ok && !p.Left.IsZero() {
			out[id] = p.Left
		}
	}
	return out, nil
}

// principals are those who act without being a person. The service's own and those of the databases are
// the association's to review, and are withdrawn by hand on the host.
type principals struct{ app *App }

func (p principals) Principals(ctx context.Context, t ids.Tenant) ([]accessreview.Principal, error) {
	out, err := p.tokens(ctx, t)
	if err != nil {
		return nil, err
	}
	of, err := p.app.Tenants.ByID(ctx, t)
	if err != nil || of.Kind != tenant.Association {
		return out, err
	}
	out = append(out, []accessreview.Principal{
		{Kind: accessreview.Machine, ID: "service", Name: "サービスの自動処理", Holds: permitted(actor.Machine)},
		{Kind: accessreview.Machine, ID: "host", Name: "サーバーの管理者（rakudosコマンド）", Holds: permitted(actor.Host), Privileged: "コマンドで利用者と権限を管理できます"},
		{Kind: accessreview.Machine, ID: "probe", Name: "自己点検用の利用者（" + strings.Join(probeCodes[:], "、") + "）", Holds: fmt.Sprintf("自己点検用の契約先だけでの%d種類の役割", len(actor.Roles))},
	}...)
	for _, d := range []struct {
		id, name string
		db       *db.DB
	}{{"main", "記録のデータベース", p.app.DB}, {"keys", "鍵のデータベース", p.app.Keys}} {
		roles, err := d.db.Principals(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range roles {
			out = append(out, accessreview.Principal{Kind: accessreview.Database, ID: d.id + ":" + r.Name, Name: d.name + "の " + r.Name, Holds: d.name + "：" + r.Holds, Privileged: r.Privileged})
		}
	}
	return out, nil
}

// permitted counts what a kind of caller may do, in words.
func permitted(k actor.Kind) string {
	n := 0
	for _, row := range access.Matrix {
		if access.Allows(actor.Actor{Kind: k, Tenant: ids.System}, row.Permission) {
			n++
		}
	}
	return fmt.Sprintf("権限の表の%d種類の操作", n)
}

// ofSCIM begins the identifier of a personnel system's token.
const ofSCIM = "scim:"

// tokens are the keys of the tenant's personnel systems that still open something.
func (p principals) tokens(ctx context.Context, t ids.Tenant) ([]accessreview.Principal, error) {
	all, err := p.app.SCIM.Tokens(ctx, actor.System(t, "review"))
	var out []accessreview.Principal
	for _, k := range all {
		if k.Live(time.Now()) {
			out = append(out, accessreview.Principal{
				Kind: accessreview.Machine, ID: ofSCIM + k.ID, Name: "人事システムとの連携「" + k.Label + "」", Holds: "利用者の登録・停止とグループによる役割の変更",
				Privileged: "利用者を登録し、グループに結び付けた役割を変えられます", LastUsed: k.UsedAt,
			})
		}
	}
	return out, err
}

// Withdraw revokes a token; the others are withdrawn by hand on the host. One that was revoked meanwhile is done.
func (p principals) Withdraw(ctx context.Context, a actor.Actor, of accessreview.Principal, _ string) error {
	id, ok := strings.CutPrefix(of.ID, ofSCIM)
	if !ok || of.Kind != accessreview.Machine {
		return accessreview.ErrByHand
	}
	err := p.app.SCIM.RevokeToken(ctx, a, id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// houseReviews reads where the reviews stand out of a stopped service's data.
func houseReviews(ctx context.Context, o cli.Options, code string) ([]accessreview.Standing, error) {
	return onStopped(ctx, o, func(a *App) ([]accessreview.Standing, error) {
		if code != "" {
			if _, err := a.Tenant(ctx, code); err != nil {
				return nil, err
			}
		}
		all, err := a.Review.Standings(ctx)
		if code == "" || err != nil {
			return all, err
		}
		var out []accessreview.Standing
		for _, s := range all {
			if s.Code == tenant.NormalCode(code) {
				out = append(out, s)
			}
		}
		return out, nil
	})
}

// reviewsOf finds the reviews behind a site, for the probe's own campaign.
func (s *stage) reviewsOf(base string) (accessreview.Inside, bool) {
	in, ok := s.reviews.Load(base)
	if !ok {
		return nil, false
	}
	return in.(*accessreview.Service), true
}
