package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/words"
)

// Users is what app gives to the user verbs; each works on a stopped service's data, in one tenant, as the
// host's operator.
type Users struct {
	List   func(ctx context.Context, o Options, tenant string) ([]identity.Account, error)
	Create func(ctx context.Context, o Options, tenant, site string, n identity.NewAccount) (identity.Account, error)
	// Act unlocks, disables, enables, vouches for, takes factors away or resets; the first password of a reset comes back.
	Act func(ctx context.Context, o Options, tenant, login, act, reason string) (identity.Account, error)
	// Personnel states whether somebody has personnel authority: held, none or nothing.
	Personnel func(ctx context.Context, o Options, tenant, login, say, reason string) (identity.Account, error)
	// Seal makes an emergency account or seals one anew; what belongs into the envelope comes back, once.
	Seal func(ctx context.Context, o Options, tenant, login, name string) (identity.Envelope, error)
}

// user is the JSON of an account.
type user struct {
	LoginID       string   `json:"login_id"`
	Name          string   `json:"name"`
	Email         string   `json:"email"`
	Roles         []string `json:"roles"`
	State         string   `json:"state"` // active, locked, disabled, tampered
	MustChange    bool     `json:"must_change"`
	SignedInAt    string   `json:"signed_in_at"`
	Personnel     string   `json:"personnel"`                // held, none; empty: not stated
	FirstPassword string   `json:"first_password,omitempty"` // only in the answer that generated it
}

func userOf(a identity.Account) user {
	u := user{LoginID: a.LoginID, Name: a.Name, Email: a.Email, Roles: []string{}, State: "active", MustChange: a.MustChange, Personnel: string(a.Personnel), FirstPassword: a.FirstPassword}
	for _, g := range a.Grants {
		u.Roles = append(u.Roles, string(g.Role))
	}
	switch {
	case a.Tampered:
		u.State = "tampered"
	case a.Disabled:
		u.State = "disabled"
	case a.Locked:
		u.State = "locked"
	}
	if !a.SignedInAt.IsZero() {
		u.SignedInAt = jst.StampSec(a.SignedInAt)
	}
	return u
}

func userCommands() []command {
	return []command{
		userListCommand(), userCreateCommand(), userSealCommand(), userPersonnelCommand(),
		userActCommand("unlock", "ロックされた利用者を、理由を記録して解除します。本人にメールで知らせます。"),
		userActCommand("disable", "利用者を停止します。サインインできなくなり、使用中の画面も終わります。利用者IDはほかの人に使えません。"),
		userActCommand("enable", "停止した利用者を、もう一度使えるようにします。"),
		userActCommand("vouch", "利用者が独立した一人だと確かめ、記録します。二人の確認が要る操作で、役割を与えた人とは別の人と数えられます。本人に会うか、よく知る人を通じて確かめてから使ってください。"),
		userActCommand("factors", "パスキー・認証アプリ・回復用コードの登録をすべて外します。使用中の画面は終わり、本人にメールで知らせます。"),
		userActCommand("reset", "最初のパスワードを作り直し、一度だけ表示します。使用中の画面は終わります。"),
	}
}

func userListCommand() command {
	return command{
		name: "user list", says: "契約先の利用者を一覧にします。", args: "--tenant 契約先コード [--data フォルダー] [--json]",
		examples: []string{"rakudos user list --data data --tenant midori"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			tenant := f.String("tenant", "", "契約先コード（必須）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--tenant", *tenant); err != nil {
					return err
				}
				all, err := s.house.Users.List(ctx, o, *tenant)
				if err != nil {
					return err
				}
				out := []user{}
				for _, a := range all {
					out = append(out, userOf(a))
				}
				return s.answer(out, func(w io.Writer) {
					for _, u := range out {
						tellUser(w, u)
					}
					fmt.Fprintf(w, "%d 人\n", len(out))
				})
			}
		},
	}
}

func userCreateCommand() command {
	return command{
		name: "user create", says: "利用者を登録します。最初のパスワードは一度だけ表示し、はじめのサインインで変えていただきます。",
		args: "--tenant 契約先コード --login-id 利用者ID --name 名前 --email アドレス --role 役割[,役割…] [--site 事業所コード] [--personnel held|none] [--data フォルダー] [--json]",
		examples: []string{
			"rakudos user create --data data --tenant midori --login-id admin --name '管理 花子' --email admin@example.jp --role tenantadmin",
			"rakudos user create --data data --tenant midori --login-id nurse1 --name '保健 一子' --email nurse1@example.jp --role nurse --site S01",
		},
		setup: func(f *flag.FlagSet) action {
			var o Options
			var n identity.NewAccount
			dataFlags(f, &o)
			tenant := f.String("tenant", "", "契約先コード（必須）")
			roles := f.String("role", "", "役割（必須、コンマ区切り）: "+strings.Join(roleList(), " "))
			site := f.String("site", "", "事業所コード（役割をその事業所だけにするとき）")
			say := f.String("personnel", "", "人事権（解雇・昇進・異動を直接決める立場）: held（あり） none（なし）。書かなければ未確認")
			f.StringVar(&n.LoginID, "login-id", "", "利用者ID（必須）")
			f.StringVar(&n.Name, "name", "", "表示する名前（必須）")
			f.StringVar(&n.Email, "email", "", "認証コードを送るメールアドレス（必須）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--tenant", *tenant, "--login-id", n.LoginID, "--name", n.Name, "--email", n.Email, "--role", *roles); err != nil {
					return err
				}
				n.Personnel = actor.Personnel(*say)
				for r := range strings.SplitSeq(*roles, ",") {
					n.Grants = append(n.Grants, identity.Grant{Role: actor.Role(strings.TrimSpace(r))})
				}
				a, err := s.house.Users.Create(ctx, o, *tenant, *site, n)
				if err != nil {
					return err
				}
				return s.answer(userOf(a), func(w io.Writer) { tellUser(w, userOf(a)) })
			}
		},
	}
}

func userActCommand(act, says string) command {
	return command{
		name: "user " + act, says: says, args: "--tenant 契約先コード --login-id 利用者ID --reason 理由 [--data フォルダー] [--json]",
		examples: []string{"rakudos user " + act + " --data data --tenant midori --login-id hr --reason '本人から電話で依頼'"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			tenant := f.String("tenant", "", "契約先コード（必須）")
			login := f.String("login-id", "", "利用者ID（必須）")
			reason := f.String("reason", "", "理由（必須。監査ログに残ります）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--tenant", *tenant, "--login-id", *login, "--reason", *reason); err != nil {
					return err
				}
				a, err := s.house.Users.Act(ctx, o, *tenant, *login, act, *reason)
				if err != nil {
					return err
				}
				return s.answer(userOf(a), func(w io.Writer) { tellUser(w, userOf(a)) })
			}
		},
	}
}

func roleList() (out []string) {
	for _, r := range actor.Roles {
		out = append(out, string(r))
	}
	return out
}

func tellUser(w io.Writer, u user) {
	var roles []string
	for _, r := range u.Roles {
		roles = append(roles, access.RoleName(actor.Role(r)))
	}
	state := u.State
	if state == "active" && u.MustChange {
		state = "must_change"
	}
	fmt.Fprintf(w, "%-20s %s  %s  %s  %s\n", u.LoginID, words.AccountStates[state], glyph.Shown(u.Name), glyph.Shown(u.Email), strings.Join(roles, "、"))
	if u.FirstPassword != "" {
		fmt.Fprintf(w, "最初のパスワード（ここに一度だけ表示します）: %s\n", u.FirstPassword)
	}
}
