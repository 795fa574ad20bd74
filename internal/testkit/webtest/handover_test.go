package webtest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/testkit/testdb"
)

// TestTheWholeOfATenantIsHandedOver: the demo tenant's records, on both engines: every person, every result
// with its judgements, nobody of the neighbour, and what needs a consent only with it.
func TestTheWholeOfATenantIsHandedOver(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			files := handedOver(t, h, "midori")
			other := handedOver(t, h, "hikari")
			tenant, err := h.Tenants.ByCode(t.Context(), "midori")
			if err != nil {
				t.Fatal(err)
			}
			dir, err := h.Org.Directory(t.Context(), tenant.ID)
			if err != nil {
				t.Fatal(err)
			}
			people := rows(t, files["csv/people.csv"])
			if len(people) != dir.Len() {
				t.Errorf("%d people, %d in the roster", len(people), dir.Len())
			}
			results, judgements := rows(t, files["csv/results.csv"]), rows(t, files["csv/judgements.csv"])
			judged := map[string]bool{}
			for _, r := range judgements {
				judged[r["結果の番号"]] = true
			}
			smoking := 0
			for _, r := range results {
				if !judged[r["結果の番号"]] || r["社員番号"] == "" || r["値"] == "" && r["元の表記"] == "" && r["項目"] == "" {
					t.Fatalf("a result without its judgement, person or value: %v", r)
				}
				if r["項目"] == "喫煙" {
					smoking++
				}
			}
			for _, name := range []string{"results", "judgements", "people_history", "accounts", "operations", "sites"} {
				if len(rows(t, files["csv/"+name+".csv"])) == 0 {
					t.Errorf("%s is empty", name)
				}
			}
			var objects []map[string]string
			if err := json.Unmarshal(files["json/results.json"], &objects); err != nil || len(objects) != len(results) {
				t.Errorf("JSON has %d results, CSV %d: %v", len(objects), len(results), err)
			}
			theirs := map[string]bool{}
			for _, p := range rows(t, other["csv/people.csv"]) {
				theirs[p["氏名"]+p["生年月日"]] = true
			}
			for _, p := range people {
				if theirs[p["氏名"]+p["生年月日"]] {
					t.Errorf("%s is the neighbour's", p["社員番号"])
				}
			}
			t.Logf("%d people, %d values (%d of smoking), %d lines of judgements, %d files", len(people), len(results), smoking, len(judgements), len(files))
		})
	}
}

func handedOver(t *testing.T, h *House, code string) map[string][]byte {
	t.Helper()
	ctx := t.Context()
	tenant, err := h.Tenants.ByCode(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	who := func(r actor.Role) actor.Actor {
		return actor.Actor{Kind: actor.Human, Tenant: tenant.ID, Account: "a", Roles: []actor.Role{r}}
	}
	id, err := h.Handover.Ask(ctx, who(actor.TenantAdmin))
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		all, err := h.Handover.List(ctx, who(actor.TenantAdmin))
		if err != nil || all[0].State == handover.Failed {
			t.Fatalf("%+v, %v", all, err)
		}
		if all[0].State == handover.Ready {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	r, _, err := h.Handover.Take(ctx, who(actor.Physician), id)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func rows(t *testing.T, b []byte) (out []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all[1:] {
		line := map[string]string{}
		for i, c := range all[0] {
			line[c] = r[i]
		}
		out = append(out, line)
	}
	return out
}
