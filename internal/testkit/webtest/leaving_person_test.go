package webtest

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/people/org"
	"rakudos/internal/testkit/testdb"
)

// TestPeopleAreCertified: one person, several, and nobody's: each run of the gateway has one certificate that
// says what it was, with what stays, and no name or value of anybody. The people who stay are untouched.
func TestPeopleAreCertified(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			ctx := t.Context()
			hikari, err := h.Tenants.ByCode(ctx, "hikari")
			if err != nil {
				t.Fatal(err)
			}
			dir, err := h.Org.Directory(ctx, hikari.ID)
			if err != nil {
				t.Fatal(err)
			}
			var people []org.Person
			for p := range dir.All() {
				people = append(people, p)
			}
			who := actor.System(ids.System, "test")
			erase := func(gone ...org.Person) certificate.Entry {
				t.Helper()
				var list []ids.Person
				for _, p := range gone {
					list = append(list, p.ID)
				}
				r, err := h.Erasure.ErasePersons(ctx, who, hikari.ID, list, erasure.Order{Reason: "保存期間の満了\n承認済", RequestedBy: "retention", ApprovedBy: []string{"k1", "k2"}})
				if err != nil || r.State != erasure.Done {
					t.Fatalf("%+v, %v", r, err)
				}
				first, second, err := h.Certificates.OfRun(ctx, hikari.ID, "run:"+r.ID+"/")
				if err != nil || first.ID == "" || second.ID != "" {
					t.Fatalf("%+v, %+v, %v", first, second, err)
				}
				return first
			}
			handedOver(t, h, "hikari") // waits, with everybody in it
			one, two := erase(people[0]), erase(people[1], people[2])
			if one.Body.Of != certificate.OfPerson || one.Body.Person != string(people[0].ID) || one.Body.Total() == 0 || one.Body.Tenant.Name == "" {
				t.Errorf("of one person: %+v", one.Body)
			}
			if two.Body.Of != certificate.OfPeople || two.Body.Person != "" || two.Body.Keys[0].Count != 2 {
				t.Errorf("of two people: %+v", two.Body)
			}
			for _, e := range []certificate.Entry{one, two} {
				if len(e.Body.Approvers) != 2 || e.Body.Approvers[0] != certificate.Approver("k1") || e.Body.Basis != "保存期間の満了 承認済" || len(e.Body.Exceptions) == 0 || e.Body.Scope[0].Category != "clear" {
					t.Errorf("%+v", e.Body)
				}
				file, err := h.Certificates.File(ctx, who, e.ID)
				for err != nil {
					file, err = h.Certificates.File(ctx, who, e.ID) // until its event is published
				}
				text, err := file.Encode()
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range people[:3] {
					if strings.Contains(string(text), p.Name) || p.Email != "" && strings.Contains(string(text), p.Email) {
						t.Errorf("the certificate names %s", p.Number)
					}
				}
			}
			if f, ok, err := h.Handover.Newest(ctx, hikari.ID); err != nil || !ok || f.State != handover.Expired {
				t.Errorf("a file with the erased people still waits: %+v, %v", f, err)
			}
			again, err := h.Org.Directory(ctx, hikari.ID)
			if err != nil || again.Len() != len(people)-3 {
				t.Errorf("%d people are left of %d, %v", again.Len(), len(people), err)
			}
			if all, err := h.Certificates.List(ctx, who, 10); err != nil || len(all) != 2 {
				t.Errorf("%d certificates, %v", len(all), err)
			}
		})
	}
}
