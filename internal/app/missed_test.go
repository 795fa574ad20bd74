package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

var qBorn = db.Q("app_test.born", `update backup_since set since = $2 where tenant_id = $1`)

// TestAMissedBackupIsMailed to the association's managers of the service, and to nobody else.
func TestAMissedBackupIsMailed(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	ctx, setup := t.Context(), actor.System(ids.System, "setup")
	for code, kind := range map[string]tenant.Kind{"kyokai": tenant.Association, "midori": tenant.Customer} {
		made, err := r.Tenants.Create(ctx, setup, tenant.New{Code: code, Name: "試験 " + code, Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		role := map[tenant.Kind]actor.Role{tenant.Association: actor.ITSM, tenant.Customer: actor.TenantAdmin}[kind]
		n := identity.NewAccount{LoginID: "one", Name: "担当", Email: "one@" + code + ".example", Password: identity.GeneratePassword(), Grants: []identity.Grant{{Role: role}}}
		if _, err := r.Identity.CreateAccount(ctx, actor.System(made.ID, "setup"), n); err != nil {
			t.Fatal(err)
		}
	}
	today := jst.Of(time.Now())
	day := today.AddDays(-2)
	if err := r.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(qBorn, ids.System, db.Micros(day.Start()))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.Backup.Daily(ctx, today); err != nil {
		t.Fatal(err)
	}
	spool := filepath.Join(r.Config.Data, "mail")
	var got []mail.Mail
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		all, err := (mail.Sealed{Dir: spool, Key: spoolKey{r.Vault}}).List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got = nil
		for _, m := range all {
			if strings.Contains(m.Subject, "バックアップ") {
				got = append(got, m)
			}
		}
		if len(got) > 0 {
			break
		}
	}
	if len(got) != 1 || got[0].To != "one@kyokai.example" {
		t.Fatalf("%+v", got)
	}
	whole, err := (mail.Sealed{Dir: spool, Key: spoolKey{r.Vault}}).Show(ctx, got[0].File)
	if err != nil || !strings.Contains(whole.Text, day.String()) || !strings.Contains(whole.Text, "2日") {
		t.Errorf("%+v %v", whole, err)
	}
}
