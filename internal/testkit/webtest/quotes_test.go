package webtest

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/testdb"
)

// TestErasingSomebodyDropsQuotes: the service as it runs drops what refused lines of ended imports quote when it erases
// a person.
func TestErasingSomebodyDropsQuotes(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			midori, err := h.Tenants.ByCode(t.Context(), "midori")
			if err != nil {
				t.Fatal(err)
			}
			file := "社員番号,氏名,カナ氏名,性別,生年月日,健診日,HbA1c\nM9999,だれか,ダレカ,男,1980-04-01,2026-06-01,陽性のため欠測\n"
			i, err := h.Checkup.ImportNow(t.Context(), actor.System(midori.ID, "test"), "checkup.csv", strings.NewReader(file), true)
			if err != nil {
				t.Fatal(err)
			}
			quoted := func() string {
				t.Helper()
				i, err := h.Checkup.Import(t.Context(), actor.Actor{Kind: actor.Human, Tenant: midori.ID, Account: "nurse", Roles: []actor.Role{actor.Nurse}, Purpose: "test"}, i.ID)
				if err != nil || len(i.Rejected) != 1 {
					t.Fatalf("%+v %v", i, err)
				}
				return i.Rejected[0].Errors[0].Args["value"]
			}
			if s := quoted(); !strings.Contains(s, "陽性") {
				t.Fatalf("nothing is quoted: it proves nothing: %q", s)
			}
			dir, err := h.Org.Directory(t.Context(), midori.ID)
			if err != nil {
				t.Fatal(err)
			}
			var somebody []ids.Person
			for p := range dir.All() {
				somebody = []ids.Person{p.ID}
				break
			}
			_, err = h.Erasure.ErasePersons(t.Context(), actor.System(ids.System, "test"), midori.ID, somebody, erasure.Order{Reason: "試験", RequestedBy: "a", ApprovedBy: []string{"a", "b"}})
			if err != nil {
				t.Fatal(err)
			}
			if s := quoted(); strings.Contains(s, "陽性") {
				t.Errorf("it is still quoted: %q", s)
			}
		})
	}
}
