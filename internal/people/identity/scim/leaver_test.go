package scim

import (
	"fmt"
	"net/http"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

func patchOf(ops string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + ops + `]}`
}

// TestALeaverLeavesWhateverElseIsWrong: what else the request asks for is refused, and the account is disabled all the same.
func TestALeaverLeavesWhateverElseIsWrong(t *testing.T) {
	const active = `{"op":"Replace","path":"active","value":"False"}`
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.make("other@midori.example", "other@midori.example", "")
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+b.make("taken@midori.example", "taken@midori.example", ""), patchOf(`{"op":"add","path":"externalId","value":"e-77"}`)))
		id := b.make("leaver@midori.example", "leaver@midori.example", "")
		for name, c := range map[string]struct{ method, body string }{
			"an extension of somebody's": {"PATCH", patchOf(`{"op":"add","path":"urn:ietf:params:scim:schemas:extension:firm:2.0:User:badge","value":"7"},` + active)},
			"another address":            {"PATCH", patchOf(active + `,{"op":"replace","path":"emails[type eq \"other\"].value","value":"a@b.example"}`)},
			"no name":                    {"PATCH", patchOf(`{"op":"replace","path":"displayName","value":null},` + active)},
			"in one object":              {"PATCH", patchOf(`{"op":"replace","value":{"displayName":null,"active":false}}`)},
			"under the schema":           {"PATCH", patchOf(`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false,"nothing":1}}}`)},
			"somebody else's externalId": {"PATCH", patchOf(`{"op":"replace","path":"externalId","value":"e-77"},` + active)},
			"the same as a whole":        {"PUT", fmt.Sprintf(`{"schemas":[%q],"userName":"leaver@midori.example","externalId":"e-77","active":false}`, schemaUser)},
			"an externalId nobody reads": {"PUT", fmt.Sprintf(`{"schemas":[%q],"userName":"leaver@midori.example","externalId":"e\u200b7","active":"False"}`, schemaUser)},
		} {
			if r := b.call("midori", c.method, "/Users/"+id, c.body); r.Status < 400 {
				t.Errorf("%s: %d", name, r.Status)
			}
			if !b.account("midori", id).Disabled {
				t.Errorf("%s: the leaver is still in", name)
			}
			b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, entraReturns))
		}
		if r := b.call("midori", "PATCH", "/Users/"+id, patchOf(`{"op":"remove","path":"active"}`)); r.Status < 400 || b.account("midori", id).Disabled {
			t.Errorf("who says nothing about the state: %d", r.Status)
		}
	})
}

// TestNamesFromBeforeKeepNobodyIn: a group or an externalId that today's rule would refuse was stored by an older version.
func TestNamesFromBeforeKeepNobodyIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, admin := t.Context(), b.admin["midori"]
		id := b.make("leaver@midori.example", "leaver@midori.example", "")
		all, err := b.users(ctx, admin)
		must(t, err)
		for _, u := range all {
			if string(u.ID) == id {
				u.external = "e\u200b1"
				must(t, b.put(ctx, admin, u, "scim.user_changed"))
			}
		}
		g := Group{Name: "人事\u200b部", External: "g\u200b1", Members: []ids.Account{ids.Account(id)}}
		must(t, b.save(ctx, admin, &g, "scim.group_created"))
		b.ok(http.StatusOK, b.patchGroup(g.ID, fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, id)))
		if r := b.patchGroup(g.ID, `{"op":"replace","path":"displayName","value":"総務\u200b部"}`); r.Status != http.StatusBadRequest {
			t.Errorf("a new name that nobody reads: %d", r.Status)
		}
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, plainLeave))
		if !b.account("midori", id).Disabled {
			t.Error("the leaver is still in")
		}
	})
}

// TestAMistypedAddressIsTakenBack: the personnel system says the present address again.
func TestAMistypedAddressIsTakenBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id := b.make("nurse9@midori.example", "nurse9@midori.example", "")
		address := func(value string) Response {
			return b.call("midori", "PATCH", "/Users/"+id, patchOf(fmt.Sprintf(`{"op":"replace","path":"emails[type eq \"work\"].value","value":%q}`, value)))
		}
		waits := func() string {
			all, err := b.id.Proposed(t.Context(), b.admin["midori"])
			must(t, err)
			return all[ids.Account(id)]
		}
		b.ok(http.StatusOK, address("nurse9@midorri.example"))
		if waits() != "nurse9@midorri.example" {
			t.Fatalf("%q waits", waits())
		}
		b.ok(http.StatusOK, address("nurse9@midori.example"))
		if waits() != "" {
			t.Errorf("%q still waits", waits())
		}
	})
}
