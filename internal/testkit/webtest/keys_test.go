package webtest

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/engine/vault"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/keys"
	"rakudos/internal/people/org"
	"rakudos/internal/statement"
	"rakudos/internal/testkit/testdb"
)

// TestEveryLevelRotatesUnderLoad rotates the root key, a whole company and one of its people while their
// pages are being read. Nobody sees an error, and every record of the person and every declared record of
// the company stands under the new version afterwards.
func TestEveryLevelRotatesUnderLoad(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			ctx := t.Context()
			midori, err := h.Tenant(ctx, "midori")
			if err != nil {
				t.Fatal(err)
			}
			physician, hr := h.Client("midori", "physician"), h.Client("midori", "hr")
			person := ids.Person(known(t, hr, physician)["id"])
			page := "/people/" + string(person)
			before, err := physician.Get(ctx, page)
			if err != nil || before.Status != http.StatusOK {
				t.Fatalf("%v, %d", err, before.Status)
			}

			var stop atomic.Bool
			var g errgroup.Group
			var reads atomic.Int64
			g.Go(func() error {
				for !stop.Load() {
					for _, path := range []string{page, "/checkups?year=2025", "/worklist"} {
						p, err := physician.Get(context.WithoutCancel(ctx), path)
						if err != nil {
							return err
						}
						if p.Status != http.StatusOK {
							t.Errorf("%s answers %d during a rotation", path, p.Status)
						}
						reads.Add(1)
					}
				}
				return nil
			})
			who := actor.HostOperator(ids.System, "keys")
			for _, r := range []keys.Request{
				{Kind: keys.Tenant, Tenant: midori.ID}, {Kind: keys.Person, Tenant: midori.ID, Person: person}, {Kind: keys.Root}, {Kind: keys.Rewrap},
			} {
				r.Reason = "年次の更新"
				w, err := h.KeyRing.Now(ctx, who, r, nil)
				if err != nil || w.State != keys.Done {
					t.Errorf("%s: %v, %+v", r.Kind, err, w)
				}
			}
			stop.Store(true)
			if err := g.Wait(); err != nil || reads.Load() == 0 {
				t.Errorf("%d reads, %v", reads.Load(), err)
			}
			after, err := physician.Get(ctx, page)
			if err != nil || after.Status != http.StatusOK || len(after.Body) < len(before.Body)*9/10 {
				t.Errorf("the person's page after it all: %v, %d, %d bytes instead of %d", err, after.Status, len(after.Body), len(before.Body))
			}
			stale(t, h, midori.ID, person)
			card, err := h.Statement.RunOnce(ctx, "KM-KEYS")
			if err != nil || card.Status != control.Pass || card.Mutant == nil || card.Mutant.Result != statement.Caught {
				t.Errorf("KM-KEYS: %+v, %v", card, err)
			}
			keyDesk(t, h)
		})
	}
}

// keyDesk is what the association's people see and may do.
func keyDesk(t *testing.T, h *House) {
	t.Helper()
	ctx := t.Context()
	itsm, operator := h.Client("kyokai", "itsm"), h.Client("kyokai", "operator")
	for who, c := range map[string]*probe.Client{"itsm": itsm, "operator": operator} {
		p, err := c.Get(ctx, "/keys")
		if err != nil || p.Status != http.StatusOK || !bytes.Contains(p.Body, []byte("midori")) || bytes.Contains(p.Body, []byte(`action="/keys/rotate"`)) != (who == "itsm") {
			t.Errorf("%s: %v, %d", who, err, p.Status)
		}
	}
	p, err := itsm.PostForm(ctx, "/keys/rotate", url.Values{"key": {"root"}, "reason": {" "}})
	if err != nil || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %v, %d", err, p.Status)
	}
	if p, err = itsm.PostForm(ctx, "/keys/rotate", url.Values{"key": {"person x"}, "reason": {"y"}}); err != nil || p.Status < 400 {
		t.Errorf("a person's key from the page: %v, %d", err, p.Status)
	}
	if p, err = operator.PostForm(ctx, "/keys/rotate", url.Values{"key": {"root"}, "reason": {"y"}}); err != nil || p.Status != http.StatusForbidden {
		t.Errorf("an operator rotates: %v, %d", err, p.Status)
	}
	if _, err = itsm.PostForm(ctx, "/keys/rotate", url.Values{"key": {"root"}, "reason": {"年次の更新"}}); err != nil {
		t.Error(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		works, err := h.KeyRing.Works(ctx, actor.HostOperator(ids.System, "keys"), 1)
		if err == nil && works[0].Kind == keys.Root && works[0].State == keys.Done {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the rotation from the page does not end: %+v, %v", works, err)
		}
	}
}

// stale fails for every declared column in which something still stands under a first version.
func stale(t *testing.T, h *House, tenant ids.Tenant, person ids.Person) {
	t.Helper()
	record, _ := vault.Prefix(1)
	err := h.DB.View(t.Context(), tenant, func(tx *db.Tx) error {
		found, err := tx.Prefixed("", record)
		if err != nil {
			return err
		}
		// Not declared by anybody: the log cannot be sealed anew, an address that waits and a canary are short-lived.
		for place, n := range found {
			switch place {
			case "tenant.name", "identity_accounts.login", "identity_accounts.name", "identity_accounts.email", "identity_sessions.addr",
				"site.sealed", "dept.sealed", "roster_import.head", "import_batch.about", "checkup_mapping.mapping":
				t.Errorf("%s: %d values still stand under the first version", place, n)
			}
		}
		seen := 0
		for _, c := range append(checkup.Sealed, org.Sealed...) {
			if !c.Person {
				continue
			}
			old, err := c.Under(tx, tenant, person, 1)
			if err != nil {
				return err
			}
			now, err := c.Under(tx, tenant, person, 2)
			if err != nil {
				return err
			}
			seen += int(now)
			if old > 0 {
				t.Errorf("%s.%s: %d values of the person still stand under the first version", c.Table, c.Name, old)
			}
		}
		if seen < 4 { // the person, a result and both columns of its judgement
			t.Errorf("only %d values of the person were looked at", seen)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if b, err := h.KeyRing.Inventory(t.Context(), actor.HostOperator(ids.System, "keys")); err != nil || len(b.Alerts) > 0 || !bytes.Contains([]byte(b.Lines[0].Name), []byte("file:")) {
		t.Errorf("%+v, %v", b, err)
	}
}
