package app

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/mail"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// TestOnlyTheDemosMailLiesOpen sends a code in a service that is no demo: nothing in the data directory shows
// it, the host's verbs do, and another root key does not.
func TestOnlyTheDemosMailLiesOpen(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	c := DefaultConfig()
	c.Data = filepath.Join(dir, "data")
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	message := mail.Message{To: "taro@example.jp", Subject: "確認コード", Text: "確認コードは 98765432 です。\n"}
	if err := a.Mail.Send(ctx, message); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(context.WithoutCancel(ctx)); err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(c.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("98765432")) || bytes.Contains(b, []byte("taro@example.jp")) {
			t.Errorf("%s shows the mail", path)
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
	box, o := houseMails(), cli.Options{Data: c.Data}
	all, err := box.List(ctx, o)
	if err != nil || len(all) != 1 || all[0].To != message.To {
		t.Fatalf("%+v, %v", all, err)
	}
	if m, err := box.Show(ctx, o, all[0].File); err != nil || m.Text != message.Text {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := box.Show(ctx, o, "../main"); fault.Of(err).Code != "mail.no_message" {
		t.Errorf("%v", err)
	}
	name := filepath.Join(c.Data, "mail", all[0].File+".sealed")
	if err := os.Rename(name, strings.Replace(name, all[0].File, "01a222e9-5d78-799e-aa95-27a614333d1f", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := box.List(ctx, o); fault.Of(err).Code != "vault.open" {
		t.Errorf("a mail under another name: %v", err)
	}
}

// TestMailOfErasedPeopleGoes: what lies sealed for people who are erased, to their address and to the one that is on
// its way, goes with them, also when a whole customer goes; a stranger's stays until it is 30 days old.
func TestMailOfErasedPeopleGoes(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	ctx := t.Context()
	firm, err := r.tenant(ctx, tenant.New{Code: "firm", Name: "会社", Kind: tenant.Customer})
	if err != nil {
		t.Fatal(err)
	}
	who := actor.System(firm.ID, "test")
	list := "社員番号,氏名,カナ氏名,性別,生年月日,メールアドレス\n1,試験 一,シケン イチ,女,1980-04-01,one@home.example\n2,試験 二,シケン ニ,女,1981-04-01,two@home.example\n"
	if _, err := r.Org.ImportNow(ctx, who, "roster.csv", strings.NewReader(list), true); err != nil {
		t.Fatal(err)
	}
	people := map[string]ids.Person{}
	dir, err := r.Org.Directory(ctx, firm.ID)
	if err != nil {
		t.Fatal(err)
	}
	for p := range dir.All() {
		people[p.Number] = p.ID
	}
	one, err := r.Identity.CreateAccount(ctx, who, identity.NewAccount{LoginID: "one", Name: "試験 一", Email: "one@firm.example", Person: people["1"], Grants: []identity.Grant{{Role: actor.Employee}}})
	if err == nil {
		err = r.Identity.ProposeEmail(ctx, who, one.ID, "one@next.example", "異動")
	}
	if err != nil {
		t.Fatal(err)
	}
	box := mail.Sealed{Dir: r.Config.path("mail"), Key: spoolKey{r.Vault}}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // the notice of the new address is on its way
		if all, err := box.List(ctx); err != nil || len(all) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the owner was not told of the new address")
		}
	}
	for _, to := range []string{"one@firm.example", "One@next.example", "one@home.example", "two@home.example", "stranger@else.example"} {
		if err := r.Mail.Send(ctx, mail.Message{To: to, Subject: "件名", Text: "本文\n"}); err != nil {
			t.Fatal(err)
		}
	}
	waiting := func() (to []string) {
		t.Helper()
		all, err := box.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			to = append(to, m.To)
		}
		slices.Sort(to)
		return slices.Compact(to)
	}
	order := erasure.Order{Reason: "試験", RequestedBy: "a", ApprovedBy: []string{"a", "b"}}
	rec, err := r.Erasure.ErasePersons(ctx, who, firm.ID, []ids.Person{people["1"]}, order)
	if err != nil {
		t.Fatal(err)
	}
	if got := waiting(); !slices.Equal(got, []string{"stranger@else.example", "two@home.example"}) {
		t.Errorf("after the person: %v", got)
	}
	if i := slices.IndexFunc(rec.Scope, func(s erasure.Scope) bool { return s.Store == "file.mail" }); i < 0 || rec.Scope[i].Count < 3 {
		t.Errorf("the record: %+v", rec.Scope)
	}
	if _, err := r.Erasure.EraseTenant(ctx, who, firm.ID, order); err != nil {
		t.Fatal(err)
	}
	if got := waiting(); !slices.Equal(got, []string{"stranger@else.example"}) {
		t.Errorf("after the customer: %v", got)
	}
	if err := r.expireMailNow(ctx, time.Now().AddDate(0, 0, mail.SpoolDays-1)); err != nil || len(waiting()) != 1 {
		t.Errorf("a day before its time: %v %v", waiting(), err)
	}
	if err := r.expireMailNow(ctx, time.Now().AddDate(0, 0, mail.SpoolDays+1)); err != nil || len(waiting()) != 0 {
		t.Errorf("when its time is over: %v %v", waiting(), err)
	}
}
