package app

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/cli"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// TestDutiesAreWired: on the whole service nobody is made auditor and operator at once, by the service or on the
// command line.
func TestDutiesAreWired(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := started(t, dir)
	us, err := r.tenant(t.Context(), tenant.New{Code: "kyokai", Name: "保健会", Kind: tenant.Association})
	if err != nil {
		t.Fatal(err)
	}
	n := identity.NewAccount{LoginID: "two", Name: "兼務", Email: "two@kyokai.example", Grants: []identity.Grant{{Role: actor.Auditor}}}
	who := actor.System(us.ID, "test")
	one, err := r.Identity.CreateAccount(t.Context(), who, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []actor.Role{actor.Operator, actor.ITSM} {
		err := r.Identity.SetGrants(t.Context(), who, one.ID, append(n.Grants, identity.Grant{Role: role}), "兼務")
		if f := fault.Of(err); f == nil || f.Code != "access.duties" {
			t.Errorf("%s: %v", role, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var said, wrong bytes.Buffer
	args := "user create --data " + dir + " --tenant kyokai --login-id three --name x --email x@kyokai.example --role auditor,operator --json"
	if code := cli.Main(cli.Process{Args: strings.Fields(args), Out: &said, Err: &wrong}, House()); code != cli.Failed || !strings.Contains(wrong.String(), "access.duties") {
		t.Errorf("%d %s%s", code, said.String(), wrong.String())
	}
}

// TestStressChecksAreKeptApart on the whole service and on the command line: HR is no stress check's staff until it is
// stated that the clerk has no say, and whoever is staff is given none (労働安全衛生規則第52条の10第2項).
func TestStressChecksAreKeptApart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := started(t, dir)
	midori, err := r.tenant(t.Context(), tenant.New{Code: "midori", Name: "みどり", Kind: tenant.Customer})
	if err != nil {
		t.Fatal(err)
	}
	who := actor.System(midori.ID, "test")
	for _, role := range []actor.Role{actor.StressImplementer, actor.StressStaff} {
		n := identity.NewAccount{LoginID: string(role), Name: "実施", Email: "a@midori.example", Grants: []identity.Grant{{Role: role}, {Role: actor.Manager}}}
		if _, err := r.Identity.CreateAccount(t.Context(), who, n); fault.Of(err) == nil || fault.Of(err).Code != "access.personnel" {
			t.Errorf("%s: %v", role, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"create --login-id one --name x --email x@midori.example --role hr,stress-staff", cli.Failed, "access.personnel"},
		{"create --login-id one --name x --email x@midori.example --role hr,stress-staff --personnel held", cli.Failed, "access.personnel"},
		{"create --login-id one --name x --email x@midori.example --role hr,stress-staff --personnel perhaps", cli.Failed, "identity.personnel_form"},
		{"create --login-id one --name x --email x@midori.example --role hr,stress-staff --personnel none", cli.Done, `"personnel": "none"`},
		{"personnel --login-id one --say held --reason r", cli.Failed, "access.personnel"},
		{"personnel --login-id one --say unknown --reason r", cli.Failed, "access.personnel"},
		{"personnel --login-id one --say nothing --reason r", cli.Failed, "identity.personnel_form"},
		{"personnel --login-id one --say none --reason r", cli.Done, `"one"`},
		{"personnel --login-id nobody --say none --reason r", cli.Failed, "identity.no_account"},
		{"personnel --login-id one --say none", cli.Usage, "--reason"},
	} {
		var said, wrong bytes.Buffer
		args := append(strings.Fields("user "+c.args), "--data", dir, "--tenant", "midori", "--json")
		if code := cli.Main(cli.Process{Args: args, Out: &said, Err: &wrong}, House()); code != c.code || !strings.Contains(said.String()+wrong.String(), c.says) {
			t.Errorf("%s: %d %s%s", c.args, code, said.String(), wrong.String())
		}
	}
}

// TestTokensAreReviewed: a tenant's live tokens are lines of its own review, and a withdrawal ends them, again and again.
func TestTokensAreReviewed(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	ctx, p := t.Context(), principals{r.App}
	ours, theirs := r.probes.tenants[0], r.probes.tenants[1]
	admin := actor.Actor{Kind: actor.Human, Tenant: ours, Account: "a", Roles: []actor.Role{actor.TenantAdmin}}
	k, secret, err := r.SCIM.CreateToken(ctx, admin, "人事システム", 90)
	if err != nil {
		t.Fatal(err)
	}
	ended, _, err := r.SCIM.CreateToken(ctx, admin, "古いもの", 90)
	if err == nil {
		err = r.SCIM.RevokeToken(ctx, admin, ended.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	list, err := p.Principals(ctx, ours)
	if err != nil || len(list) != 1 || list[0].ID != "scim:"+k.ID || list[0].Privileged == "" || !strings.Contains(list[0].Name, "人事システム") || !list[0].LastUsed.IsZero() {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := r.SCIM.Authenticate(ctx, secret, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	if other, err := p.Principals(ctx, theirs); err != nil || len(other) != 0 {
		t.Errorf("the neighbour reviews it: %+v %v", other, err)
	}
	if err := p.Withdraw(ctx, actor.System(theirs, "review"), list[0], "見直し"); err != nil {
		t.Error(err)
	}
	if all, _ := p.Principals(ctx, ours); len(all) != 1 {
		t.Fatal("a neighbour's review ended it")
	}
	for range 2 {
		if err := p.Withdraw(ctx, actor.System(ours, "review"), list[0], "見直し"); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := p.Principals(ctx, ours); err != nil || len(all) != 0 {
		t.Errorf("%+v %v", all, err)
	}
	if _, err := r.SCIM.Authenticate(ctx, secret, "192.0.2.1"); !fault.Is(err, fault.Denied) {
		t.Errorf("it still opens: %v", err)
	}
	if got := (accessreview.Principal{Kind: accessreview.Database, ID: "scim:" + k.ID}); p.Withdraw(ctx, actor.System(ours, "review"), got, "x") != accessreview.ErrByHand {
		t.Error("a database role named like a token")
	}
}
