package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// TestExplainPasswordSaysWhatItDidNotCompare: without the tenant's name the answer doesn't pass for the service's.
func TestExplainPasswordSaysWhatItDidNotCompare(t *testing.T) {
	h := House{Password: func(_ Options, c PasswordCheck) ([]identity.RuleResult, error) {
		return identity.CheckPassword(identity.DefaultPolicy(), c.Context, c.Password), nil
	}}
	for name, want := range map[string]struct {
		code int
		says bool
	}{"": {Done, true}, "みどり製作所": {Failed, false}} {
		var o, e bytes.Buffer
		args := []string{"explain", "password", "--tenant", "midori"}
		if name != "" {
			args = append(args, "--tenant-name", name)
		}
		code := Main(Process{Args: args, In: strings.NewReader("Aa1!xxみどり製作所"), Out: &o, Err: &e}, h)
		if strings.Contains(o.String(), "契約先の名前は比べていません") != want.says || name == "" && code != want.code {
			t.Errorf("%q: code %d: %s%s", name, code, o.String(), e.String())
		}
	}
}

// TestExplainPassword takes the vectors of decision 3-4a through the command line.
func TestExplainPassword(t *testing.T) {
	h := House{Password: func(_ Options, c PasswordCheck) ([]identity.RuleResult, error) {
		return identity.CheckPassword(identity.DefaultPolicy(), c.Context, c.Password), nil
	}}
	long := strings.Repeat("x", 200)
	for password, broken := range map[string]string{
		"Abcdef1!xx":        "",
		"Abcdef1!xx\n":      "",
		"Abcdef1!xx\r\n":    "",
		"Abcdef1!x":         "length",
		"Abcdef1！xx":        "classes",
		"Password1!":        "blocklist",
		"Midori#2026x":      "context",
		"Kv7#" + long[:60]:  "",
		"Kv7#" + long[:124]: "",
		"Kv7#" + long[:125]: "maximum",
		" Abcdef1!":         "length",
		"Abcdef1!x ":        "",
		"":                  "length,classes",
	} {
		var o, e bytes.Buffer
		args := []string{"explain", "password", "--tenant", "midori", "--login-id", "hr", "--json"}
		code := Main(Process{Args: args, In: strings.NewReader(password), Out: &o, Err: &e}, h)
		var got struct {
			OK    *bool `json:"ok"`
			Rules []struct {
				Rule string `json:"rule"`
				OK   bool   `json:"ok"`
			} `json:"rules"`
		}
		if err := json.Unmarshal(o.Bytes(), &got); err != nil || got.OK == nil || code != Done {
			t.Fatalf("%q: code %d, %v: %s%s", password, code, err, o.String(), e.String())
		}
		var names, bad []string
		for _, r := range got.Rules {
			if names = append(names, r.Rule); !r.OK {
				bad = append(bad, r.Rule)
			}
		}
		if strings.Join(bad, ",") != broken || *got.OK != (broken == "") || strings.Join(names, " ") != "length classes blocklist context maximum" {
			t.Errorf("%q: %s, want %q", password, o.String(), broken)
		}
		if p := strings.TrimSpace(password); p != "" && strings.Contains(o.String()+e.String(), p) {
			t.Errorf("the password is shown: %s", o.String())
		}
	}
	code, out, _ := call(t, h, "explain", "password")
	if code != Done || !strings.Contains(out, "使えません") || !strings.Contains(out, "10文字以上") {
		t.Errorf("code %d: %s", code, out)
	}
}

func TestAccessMatrixIsTheTable(t *testing.T) {
	code, out, _ := call(t, House{}, "access", "matrix", "--csv")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || code != Done || len(rows) != 3+len(access.Matrix)+len(access.Data)+len(access.Duties) {
		t.Errorf("code %d, %d lines, %v", code, len(rows), err)
	}
	var all []map[string]any
	if _, out, _ = call(t, House{}, "access", "matrix", "--json"); json.Unmarshal([]byte(out), &all) != nil || len(all) != len(access.Matrix) {
		t.Errorf("JSON: %s", out)
	}
	if _, out, _ = call(t, House{}, "access", "matrix"); !strings.Contains(out, "名簿を取り込む: 人事・健康管理担当者\n") {
		t.Errorf("text: %s", out)
	}
}

func TestUserVerbsNeedTheirFlags(t *testing.T) {
	asked := ""
	h := House{Users: Users{
		Create: func(_ context.Context, _ Options, tenant, site string, n identity.NewAccount) (identity.Account, error) {
			return identity.Account{LoginID: n.LoginID, Grants: n.Grants, FirstPassword: "shown-once"}, nil
		},
		Act: func(_ context.Context, _ Options, _, login, act, reason string) (identity.Account, error) {
			asked = act + " " + login + " " + reason
			return identity.Account{LoginID: login, Locked: true}, nil
		},
	}}
	code, out, _ := call(t, h, "user", "create", "--tenant", "midori", "--login-id", "a", "--name", "b", "--email", "a@example.jp", "--role", "hr, nurse")
	if code != Done || !strings.Contains(out, "shown-once") || !strings.Contains(out, "人事・健康管理担当者、保健師・看護職") {
		t.Errorf("code %d: %s", code, out)
	}
	for _, args := range [][]string{{"user", "create", "--tenant", "x"}, {"user", "list"}, {"user", "unlock", "--tenant", "x", "--login-id", "y"}, {"tenant", "create", "--code", "x"}} {
		if code, _, errs := call(t, h, args...); code != Usage || !strings.Contains(errs, "cli.need_flag") {
			t.Errorf("%v: code %d: %s", args, code, errs)
		}
	}
	if code, out, _ := call(t, h, "user", "unlock", "--tenant", "x", "--login-id", "y", "--reason", "z"); code != Done || asked != "unlock y z" || !strings.Contains(out, "ロック中") {
		t.Errorf("code %d, asked %q: %s", code, asked, out)
	}
}

// TestTwoFactorVerb: without a choice it only tells; a choice is passed on; both at once are refused.
func TestTwoFactorVerb(t *testing.T) {
	var chosen []actor.Role
	changed := 0
	h := House{Tenants: Tenants{TwoFactor: func(_ context.Context, _ Options, tenant string, set bool, roles []actor.Role) ([]actor.Role, error) {
		if set {
			chosen, changed = roles, changed+1
		}
		return chosen, nil
	}}}
	if code, out, _ := call(t, h, "tenant", "two-factor", "--tenant", "midori"); code != Done || changed != 0 || !strings.Contains(out, "どの役割にも") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := call(t, h, "tenant", "two-factor", "--tenant", "midori", "--roles", "nurse, physician"); code != Done || len(chosen) != 2 || !strings.Contains(out, "保健師") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := call(t, h, "tenant", "two-factor", "--tenant", "midori", "--json"); code != Done || changed != 1 || !strings.Contains(out, `"physician"`) {
		t.Errorf("%d %s", code, out)
	}
	if code, _, _ := call(t, h, "tenant", "two-factor", "--tenant", "midori", "--none"); code != Done || len(chosen) != 0 || changed != 2 {
		t.Errorf("%d %v", code, chosen)
	}
	for _, args := range [][]string{{"tenant", "two-factor"}, {"tenant", "two-factor", "--tenant", "x", "--none", "--roles", "nurse"}} {
		if code, _, _ := call(t, h, args...); code == Done || changed != 2 {
			t.Errorf("%v: %d", args, code)
		}
	}
}

// TestAnEnvelopeIsPrinted: text for the paper, JSON for a script, and what is missing is named.
func TestAnEnvelopeIsPrinted(t *testing.T) {
	asked := ""
	h := House{Users: Users{Seal: func(_ context.Context, _ Options, tenant, login, name string) (identity.Envelope, error) {
		asked = tenant + " " + login + " " + name
		return identity.Envelope{LoginID: login, Password: "Ab2d-Ef3g", Codes: []string{"01234567", "12345678"}}, nil
	}}}
	code, out, _ := call(t, h, "user", "breakglass", "--tenant", "kyokai", "--login-id", "glass-1")
	for _, want := range []string{"契約先コード kyokai", "利用者ID     glass-1", "パスワード   Ab2d-Ef3g", "コード1番    01234567", "コード2番    12345678", "一度だけ"} {
		if !strings.Contains(out, want) {
			t.Errorf("the paper lacks %q:\n%s", want, out)
		}
	}
	if code != Done || asked != "kyokai glass-1 緊急用" {
		t.Errorf("code %d, asked %q", code, asked)
	}
	var e identity.Envelope
	if code, out, _ := call(t, h, "user", "breakglass", "--tenant", "a", "--login-id", "b", "--name", "金庫", "--json"); code != Done || json.Unmarshal([]byte(out), &e) != nil || len(e.Codes) != 2 || asked != "a b 金庫" {
		t.Errorf("code %d, asked %q: %s", code, asked, out)
	}
	for _, args := range [][]string{{"user", "breakglass"}, {"user", "breakglass", "--tenant", "x"}} {
		if code, _, errs := call(t, h, args...); code != Usage || !strings.Contains(errs, "cli.need_flag") {
			t.Errorf("%v: code %d: %s", args, code, errs)
		}
	}
}
