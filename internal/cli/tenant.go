package cli

import (
	"context"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/tenant"
)

// Tenants is what app gives to the tenant verbs.
type Tenants struct {
	List func(ctx context.Context, o Options) ([]tenant.Tenant, error)
	// Create may begin a data directory that is not there yet: the first tenant of an installation.
	Create func(ctx context.Context, o Options, n tenant.New) (tenant.Tenant, error)
	// TwoFactor gives, and with set first chooses, the roles for which a tenant requires two factors.
	TwoFactor func(ctx context.Context, o Options, tenant string, set bool, roles []actor.Role) ([]actor.Role, error)
}

// contract is the JSON of a tenant.
type contract struct {
	Code      string `json:"code"`
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Closed    bool   `json:"closed"`
	CreatedAt string `json:"created_at"`
}

var kindOfTenant = map[tenant.Kind]string{tenant.Customer: "契約先", tenant.Association: "保健会", tenant.Probe: "自己点検用"}

func contractOf(t tenant.Tenant) contract {
	return contract{t.Code, t.Name, string(t.Kind), t.Closed, jst.StampSec(t.CreatedAt)}
}

func tellTenant(w io.Writer, t tenant.Tenant) {
	fmt.Fprintf(w, "%-20s %s  %s\n", t.Code, kindOfTenant[t.Kind], t.Name)
}

func tenantListCommand() command {
	return command{
		name: "tenant list", says: "契約先を一覧にします。", args: "[--data フォルダー] [--json]",
		examples: []string{"rakudos tenant list --data data"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				all, err := s.house.Tenants.List(ctx, o)
				if err != nil {
					return err
				}
				out := []contract{}
				for _, t := range all {
					out = append(out, contractOf(t))
				}
				return s.answer(out, func(w io.Writer) {
					for _, t := range all {
						tellTenant(w, t)
					}
				})
			}
		},
	}
}

func tenantCreateCommand() command {
	return command{
		name: "tenant create", says: "契約先を登録します。データフォルダーがまだ無ければ、ここで作ります。",
		args: "--data フォルダー --code 契約先コード --name 名前 [--association] [--json]",
		examples: []string{
			"rakudos tenant create --data /var/lib/rakudos --code midori --name '株式会社みどり製作所'",
			"rakudos tenant create --data /var/lib/rakudos --code kyokai --name 保健会 --association",
		},
		setup: func(f *flag.FlagSet) action {
			var o Options
			n := tenant.New{Kind: tenant.Customer}
			dataFlags(f, &o)
			f.StringVar(&n.Code, "code", "", "契約先コード（必須。英小文字で始まる3〜32文字）")
			f.StringVar(&n.Name, "name", "", "契約先の名前（必須）")
			association := f.Bool("association", false, "サービスを運営する保健会の契約先として登録します")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--code", n.Code, "--name", n.Name); err != nil {
					return err
				}
				if *association {
					n.Kind = tenant.Association
				}
				t, err := s.house.Tenants.Create(ctx, o, n)
				if err != nil {
					return err
				}
				return s.answer(contractOf(t), func(w io.Writer) {
					tellTenant(w, t)
					fmt.Fprintf(w, "次に、最初の管理者を登録してください: rakudos user create --tenant %s --role tenantadmin …\n", t.Code)
				})
			}
		},
	}
}
