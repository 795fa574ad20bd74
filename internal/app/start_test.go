package app

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/cli"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// started is a service whose own probes do not run beside the test, as in a sandbox.
func started(t *testing.T, dir string) *Running {
	t.Helper()
	c := DefaultConfig()
	c.Data, c.Listen, c.sabotage = dir, "127.0.0.1:0", map[string]bool{"none": true}
	r, err := Start(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// TestTheLifeOfAService: what a first start makes, what a second one keeps, who else may open the data, and
// what is left when it has stopped.
func TestTheLifeOfAService(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := started(t, dir)
	site := r.site()
	if want := len(probeCodes) * len(actor.Roles); len(site.Accounts) != want || len(r.probes.tenants) != len(probeCodes) || len(r.probes.people) == 0 {
		t.Fatalf("%d probe accounts, want %d; %d tenants, %d people", len(site.Accounts), want, len(r.probes.tenants), len(r.probes.people))
	}
	all, err := r.Tenants.List(t.Context())
	if err != nil || slices.ContainsFunc(all, func(x tenant.Tenant) bool { return x.Kind != tenant.Probe }) {
		t.Errorf("a service without demo data begins with %+v, %v", all, err)
	}

	t.Run("one process", func(t *testing.T) {
		o := cli.Options{Data: dir}
		_, errVerify := houseVerify(t.Context(), o)
		_, errUsers := houseUsers().List(t.Context(), o, probeCodes[0])
		_, errImport := houseImport(t.Context(), o, cli.ImportRequest{Kind: "roster", Tenant: probeCodes[0]})
		for what, err := range map[string]error{"audit verify": errVerify, "user list": errUsers, "import": errImport} {
			if f := fault.Of(err); f == nil || f.Code != "app.running" || f.Args["dir"] != dir {
				t.Errorf("%s beside a running service: %v", what, err)
			}
		}
	})
	t.Run("sandboxes", func(t *testing.T) { sandboxes(t, r) })
	t.Run("the page of a person leaves a record", func(t *testing.T) {
		s, err := scenes{r.stage}.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		act, err := s.Act(t.Context())
		if err != nil || act.Tenant != r.probes.tenants[0] || len(act.Traces) != 2 || act.Traces[1].Person != r.probes.people[0] {
			t.Errorf("%+v, %v", act, err)
		}
	})

	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tmp")); !os.IsNotExist(err) {
		t.Errorf("sandboxes are left behind: %v", err)
	}
	private(t, dir)
	if rep, err := houseVerify(t.Context(), cli.Options{Data: dir}); err != nil || !rep.OK || !rep.Sealed {
		t.Errorf("the log of a stopped service: %+v, %v", rep, err)
	}

	again := started(t, dir)
	if got := again.site().Accounts; !slices.Equal(got, site.Accounts) {
		t.Error("the second start has other probe accounts")
	}
	if now, err := again.Tenants.List(t.Context()); err != nil || len(now) != len(all) {
		t.Errorf("the second start has %d tenants, the first had %d, %v", len(now), len(all), err)
	}
}

// sandboxes come from one template, are other services than the one that runs, and vanish.
func sandboxes(t *testing.T, r *Running) {
	ctx := t.Context()
	if _, _, err := r.stage.Sandbox(ctx, "no such protection"); err == nil || !strings.Contains(err.Error(), "no such protection") {
		t.Errorf("an unknown sabotage: %v", err)
	}
	before := r.listeners()
	var made string
	for _, name := range []string{access.SabotageOpen, identity.SabotageLock} {
		site, stop, err := r.stage.Sandbox(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if made == "" {
			made = r.stage.made
		}
		if r.stage.made != made || made == "" {
			t.Errorf("the template was made again: %s, %s", made, r.stage.made)
		}
		if site.Base == r.URL || len(r.listeners()) != len(before)+1 {
			t.Errorf("the sandbox is at %s, the service at %s; listeners %v", site.Base, r.URL, r.listeners())
		}
		if slices.Equal(site.Accounts, r.site().Accounts) {
			t.Error("a sandbox knows the accounts of the service")
		}
		if in, ok := r.stage.insideOf(site.Base); !ok || in == identity.Inside(r.Identity) {
			t.Error("behind the sandbox stands the service itself, or nothing")
		}
		c := site.New()
		if p, err := c.Get(ctx, "/login"); err != nil || p.Status != 200 {
			t.Errorf("%s: the sandbox answers %v, %v", name, p, err)
		}
		c.Close()
		stop()
		if _, ok := r.stage.insideOf(site.Base); ok || !slices.Equal(r.listeners(), before) {
			t.Errorf("%s: still there: %v", name, r.listeners())
		}
	}
	if left, err := filepath.Glob(filepath.Join(r.Config.path("tmp"), "sandbox-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// private: nobody but the owner enters the data directory, and keys stay so when they are copied out of it.
func private(t *testing.T, dir string) {
	t.Helper()
	if top, err := os.Stat(dir); err != nil || top.Mode().Perm() != 0o700 {
		t.Errorf("the data directory is %v, %v", top.Mode(), err)
	}
	keys := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(d.Name(), ".key") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if keys++; info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %04o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil || keys == 0 {
		t.Errorf("%d keys, %v", keys, err)
	}
}

// TestTheDemoStaysOutOfRealData: accounts whose passwords lie in a file are not added to somebody's companies;
// a seeding that was cut off goes on; and a service without the demo says what is left of one.
func TestTheDemoStaysOutOfRealData(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "data")
	c := DefaultConfig()
	c.Data = dir
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.mayBeDemo(ctx); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := a.Vault.DropMark(ctx, vault.MarkDemo); err != nil {
		t.Fatal(err)
	}
	if _, err := a.tenant(ctx, tenant.New{Code: "kyokai", Name: "保健会", Kind: tenant.Association}); err != nil {
		t.Fatal(err)
	}
	if f := fault.Of(a.mayBeDemo(ctx)); f == nil || f.Code != "app.not_demo" || f.Args["code"] != "kyokai" {
		t.Errorf("real data: %v", f)
	}
	if left, err := a.demoRemains(ctx); err != nil || left {
		t.Errorf("the refused demo left its mark: %v", err)
	}
	if err := a.Vault.SetMark(ctx, vault.MarkDemo); err != nil {
		t.Fatal(err)
	}
	left, err := a.demoRemains(ctx)
	if again := a.mayBeDemo(ctx); again != nil || err != nil || !left {
		t.Errorf("a seeding that was cut off: %v, %v, %v", again, left, err)
	}
	if err := a.Close(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
}

// TestNothingListensHalfStarted: a port that is taken is told in words, and the data can be opened again.
func TestNothingListensHalfStarted(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // nothing was ever accepted
	c := DefaultConfig()
	c.Data, c.Listen = t.TempDir(), taken.Addr().String()
	if r, err := Start(t.Context(), c, slog.New(slog.DiscardHandler)); fault.Of(err) == nil || fault.Of(err).Code != "app.listen" {
		if r != nil {
			_ = r.Close()
		}
		t.Fatalf("a port that is taken: %v", err)
	}
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("the data stayed locked: %v", err)
	}
	if _, err := a.stage.Live(t.Context()); err == nil {
		t.Error("a service that does not listen is shown to probes")
	}
	if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
