package webtest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
)

// TestWhatWasTypedStays: whoever mistypes one field of a form gets the form back with the fault at that field, and
// what was chosen and typed in the others as it was.
func TestWhatWasTypedStays(t *testing.T) {
	h := Start(t, db.SQLite)
	if err := os.WriteFile(filepath.Join(h.Dir, "unknown.bin"), []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &scene{House: h, t: t, people: map[string]*probe.Client{}, at: map[string]string{}}
	record := "/people/" + s.finds("midori/hr", "/people", `/people/([0-9a-f-]{36})/record`)
	other := s.finds("midori/hr", record+"/record", `<option value="([0-9a-f-]{36})">`) // a place where the person does not work
	for _, x := range []struct {
		who, path string
		form      []string
		says      []string
	}{
		{"midori/hr", record + "/move", []string{"site", other, "from", "らいげつ"}, []string{`value="らいげつ"`, `<option value="` + other + `" selected>`, "field bad"}},
		{"midori/hr", record + "/leave", []string{"last", "2026/2/30"}, []string{`value="2026/2/30"`, "field bad"}},
		{"kyokai/itsm", "/assets/claim", []string{"asset", "store:unknown.bin", "class", "internal", "owner", ""}, []string{`value="internal" selected`, "区分と持ち主を確かめてください", "field bad"}},
		{"kyokai/itsm", "/assets/claim", []string{"asset", "store:unknown.bin", "class", "internal", "owner", strings.Repeat("長", 51)}, []string{strings.Repeat("長", 51)}},
		{"kyokai/itsm", "/assets/dispose", []string{"asset", "store:unknown.bin", "reason", " "}, []string{"資源の台帳"}},
	} {
		tenant, _, _ := strings.Cut(x.who, "/")
		p := send(t, s.as(x.who), x.path, tenant, x.form...)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s with %v: %d", uuid.ReplaceAllString(x.path, "one"), x.form, p.Status)
		}
		for _, want := range x.says {
			if !strings.Contains(p.Text(), want) {
				t.Errorf("%s with %v does not say %s", uuid.ReplaceAllString(x.path, "one"), x.form, want)
			}
		}
	}
}
