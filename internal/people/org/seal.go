package org

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// The blind indexes.
func numberIndex(tk *vault.Key, number string) []byte {
	return tk.Index("person.number", FoldNumber(number))
}

func identityIndex(tk *vault.Key, kana string, birth jst.Date, sex Sex) []byte {
	return tk.Index("person.identity", FoldKana(kana)+"|"+birth.String()+"|"+strconv.Itoa(int(sex)))
}

func siteIndex(tk *vault.Key, s Site) []byte {
	if s.Code != "" {
		return tk.Index("site.code", foldUnit(s.Code))
	}
	return tk.Index("site.name", foldUnit(s.Name))
}

func deptIndex(tk *vault.Key, d Dept) []byte { return tk.Index("dept.name", foldUnit(d.Name)) }

func siteAt(id string) vault.Loc  { return vault.Loc{Table: "site", ID: id, Column: "sealed"} }
func deptAt(id string) vault.Loc  { return vault.Loc{Table: "dept", ID: id, Column: "sealed"} }
func eventAt(id string) vault.Loc { return vault.Loc{Table: "person_event", ID: id, Column: "sealed"} }
func headAt(id string) vault.Loc  { return vault.Loc{Table: "roster_import", ID: id, Column: "head"} }
func reportAt(id string) vault.Loc {
	return vault.Loc{Table: "roster_import", ID: id, Column: "report"}
}

// sealJSON and openJSON keep small structures under the tenant's key.
func sealJSON(tk *vault.Key, l vault.Loc, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return tk.Seal(l, b), nil
}

func openJSON(tk *vault.Key, l vault.Loc, sealed []byte, v any) error {
	b, err := tk.Open(l, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

type unitText struct {
	Code string `json:"code,omitempty"`
	Name string `json:"name"`
}

func sitesIn(tx *db.Tx, t ids.Tenant, tk *vault.Key) ([]Site, error) {
	out, err := db.All(tx, qSites, func(s db.Scanner) (Site, error) {
		var id string
		var sealed []byte
		var text unitText
		if err := s.Scan(&id, &sealed); err != nil {
			return Site{}, err
		}
		err := openJSON(tk, siteAt(id), sealed, &text)
		return Site{ids.Site(id), text.Code, text.Name}, err
	}, t)
	slices.SortFunc(out, func(a, b Site) int { return strings.Compare(a.Code+"\x00"+a.Name, b.Code+"\x00"+b.Name) })
	return out, err
}

func deptsIn(tx *db.Tx, t ids.Tenant, tk *vault.Key) ([]Dept, error) {
	out, err := db.All(tx, qDepts, func(s db.Scanner) (Dept, error) {
		var id string
		var sealed []byte
		var text unitText
		if err := s.Scan(&id, &sealed); err != nil {
			return Dept{}, err
		}
		err := openJSON(tk, deptAt(id), sealed, &text)
		return Dept{ids.Dept(id), text.Name}, err
	}, t)
	slices.SortFunc(out, func(a, b Dept) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}
