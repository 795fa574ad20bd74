package app

import (
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// TestReturnedMailMarksItsOwner: the whole way of one mail, out with its return address, back into the folder, and
// onto the account; the notification is gone afterwards, for it holds the address.
func TestReturnedMailMarksItsOwner(t *testing.T) {
	a, dir := sandboxless(t)
	ctx := t.Context()
	firm, err := a.tenant(ctx, tenant.New{Code: "firm", Name: "会社", Kind: tenant.Customer})
	if err != nil {
		t.Fatal(err)
	}
	who := actor.System(firm.ID, "test")
	one, err := a.Identity.CreateAccount(ctx, who, identity.NewAccount{LoginID: "one", Name: "一人", Email: "one@firm.example", Grants: []identity.Grant{{Role: actor.HR}}})
	if err == nil {
		err = a.Identity.Unlock(ctx, actor.HostOperator(firm.ID, "test"), one.ID, "試験")
	}
	if err != nil {
		t.Fatal(err)
	}
	back := ""
	for range 200 {
		files, _ := filepath.Glob(a.Config.path("mail", "*.eml"))
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if m, err := mail.ReadMessage(strings.NewReader(string(raw))); err == nil {
				back = strings.Trim(m.Header.Get("Return-Path"), "<>")
			}
		}
		if back != "" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.HasPrefix(back, "bounces+") {
		t.Fatalf("no return address: %q", back)
	}
	text := strings.Replace(strange, "bounces+nobody@rakudos.example", back, 1)
	if err := os.WriteFile(filepath.Join(dir, "new", "1"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.readReturns(ctx); err != nil {
		t.Fatal(err)
	}
	got, err := a.Identity.Account(ctx, who, one.ID)
	if err != nil || got.Failing == nil || got.Failing.How != identity.Returned || got.Failing.Status != "5.1.1" {
		t.Errorf("%+v %v", got.Failing, err)
	}
	for _, d := range []string{"new", "cur"} {
		if left, err := os.ReadDir(filepath.Join(dir, d)); err != nil || len(left) != 0 {
			t.Errorf("%s: %v %v", d, left, err)
		}
	}
}
