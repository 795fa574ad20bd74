package sso

import (
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

var (
	qTestAge   = db.Q("sso.test_age", `update sso_flows set created_at = created_at - $2 where tenant_id = $1`)
	qTestFlows = db.Q("sso.test_flows", `select count(*) from sso_flows where tenant_id = $1`)
)

func (b *bed) age(e *testdb.Env, d time.Duration) {
	b.t.Helper()
	must(b.t, e.DB.Tx(b.t.Context(), b.tenants["midori"].ID, func(tx *db.Tx) error {
		_, err := tx.Exec(qTestAge, b.tenants["midori"].ID, d.Microseconds())
		return err
	}))
}

// TestAttemptsEnd: after ten minutes, with other settings, with the connection switched off; and what is left
// of them is swept.
func TestAttemptsEnd(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l := idp.NewLiar(t)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
		set := Settings{Name: "会社", Issuer: l.URL, ClientID: "rakudos", Secret: "s", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		in := func(s Start) error {
			_, err := b.Callback(t.Context(), here, s.Token, c.ID, l.Answer(t, s.Location))
			return err
		}
		save := func(s Settings, enabled bool) {
			t.Helper()
			_, err := b.Save(t.Context(), b.admin["midori"], c.ID, OIDC, s, enabled)
			must(t, err)
		}
		late, justInTime := b.begin(), b.begin()
		b.age(e, flowFor-5*time.Second)
		must(t, in(justInTime))
		b.age(e, 10*time.Second)
		b.want(in(late), "sso.no_flow")

		begun := b.begin()
		save(set, true)
		b.want(in(begun), "sso.no_flow")
		begun = b.begin()
		save(set, false)
		b.want(in(begun), "sso.no_flow")
		_, err := b.Begin(t.Context(), here, "midori", c.ID, base, "/")
		b.want(err, "sso.unavailable")

		// Another issuer is another world: its subjects mean nothing to the old links.
		links := func() int {
			all, err := b.Links(t.Context(), b.admin["midori"])
			must(t, err)
			return len(all)
		}
		renamed := set
		renamed.Name, renamed.Secret = "本社", "" // an empty secret leaves the old one
		save(renamed, true)
		if links() != 1 {
			t.Error("a new name has dropped the links")
		}
		must(t, in(b.begin()))
		moved := set
		moved.Issuer = "https://login.example"
		save(moved, true)
		if links() != 0 {
			t.Error("another issuer inherits the links")
		}

		save(set, true)
		b.begin()
		b.age(e, 25*time.Hour)
		fresh := b.begin()
		must(t, b.Sweep(t.Context()))
		must(t, e.DB.View(t.Context(), b.tenants["midori"].ID, func(tx *db.Tx) error {
			n, err := db.Value[int](tx, qTestFlows, b.tenants["midori"].ID)
			if n != 1 {
				t.Errorf("%d attempts are left", n)
			}
			return err
		}))
		must(t, in(fresh))

		// A second provider makes the visitor choose; a sixth is too many.
		for range MaxConnections - 1 {
			b.connect(OIDC, set)
		}
		_, err = b.Save(t.Context(), b.admin["midori"], "", OIDC, set, true)
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("a sixth: %v", err)
		}
		s := b.begin()
		if len(s.Choices) != MaxConnections || s.Token != "" || s.Location != "" {
			t.Errorf("%+v", s)
		}
		one, err := b.Begin(t.Context(), here, "midori", s.Choices[2].ID, base, "/")
		must(t, err)
		// The answer of one provider is none of another's, although both live at the same address (mix-up).
		_, err = b.Callback(t.Context(), here, one.Token, s.Choices[1].ID, l.Answer(t, one.Location))
		b.want(err, "sso.no_flow")
		// And a subject that is linked through one connection does not come in through another.
		_, err = b.Callback(t.Context(), here, one.Token, s.Choices[2].ID, l.Answer(t, one.Location))
		b.want(err, "sso.refused")
	})
}
