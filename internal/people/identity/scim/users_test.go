package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/testdb"
)

var here = identity.Visit{Addr: "192.0.2.7", Agent: "test"}

// TestJoiner: an account without role and without a password that anybody knows; what is sent as one is
// ignored (langfuse#16027), however it is sent.
func TestJoiner(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		r := b.call("midori", "POST", "/Users", newcomer)
		got := b.ok(http.StatusCreated, r)
		id := got["id"].(string)
		if got["userName"] != "sato@midori.example" || got["externalId"] != "e-1" || got["active"] != true || got["displayName"] != "佐藤 一郎" || got["password"] != nil {
			t.Errorf("answered %v", got)
		}
		if r.Location != "https://rakudos.example/scim/v2/Users/"+id || r.ETag == "" || got["meta"].(map[string]any)["version"] != r.ETag {
			t.Errorf("location %q, tag %q", r.Location, r.ETag)
		}
		a := b.account("midori", id)
		if len(a.Grants) != 0 || a.Person == "" || a.MustChange || a.Email != "sato@midori.example" {
			t.Errorf("the account is %+v", a)
		}
		for _, change := range []string{
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"password","value":"Chosen-By-The-1-Attacker"}]}`,
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","value":{"password":"Chosen-By-The-1-Attacker"}}]}`,
		} {
			b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, change))
		}
		b.ok(http.StatusOK, b.call("midori", "PUT", "/Users/"+id, newcomer))
		for _, password := range []string{"Chosen-By-The-1-Attacker", "", rightPW} {
			if _, err := b.id.SignIn(t.Context(), here, "midori", "sato@midori.example", password); err == nil {
				t.Fatalf("%q opens the account", password)
			}
		}
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "POST", "/Users", newcomer))
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "POST", "/Users", strings.Replace(newcomer, "Sato@midori", "other@midori", 1))) // the same person

		// The neighbour's namesake is somebody else, and nobody sees the other's.
		b.join("hikari")
		b.bad(http.StatusNotFound, "", b.call("hikari", "GET", "/Users/"+id, ""))
		b.bad(http.StatusNotFound, "", b.call("hikari", "DELETE", "/Users/"+id, ""))
		b.bad(http.StatusNotFound, "", b.call("hikari", "PATCH", "/Users/"+id, entraLeave))
		if b.account("midori", id).Disabled {
			t.Error("the neighbour has disabled the account")
		}
	})
}

// Leavers as Entra ID and Okta send them.
const (
	entraLeave   = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`
	entraLeave2  = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","value":{"active":false}}]}`
	schemaLeave  = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false}}}]}`
	oktaLeave    = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":false}}]}`
	plainLeave   = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`
	oktaPut      = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"hr","name":{"givenName":"担","familyName":"当"},"emails":[{"primary":true,"value":"hr@midori.example","type":"work"}],"displayName":"担当","active":false}`
	entraReturns = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"True"}]}`
)

// TestLeaver: within one call the account is disabled and every session is over, in each shape; the login ID
// stays taken for ever.
func TestLeaver(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id := string(b.ids["midori/hr"])
		signIn := func() []string {
			var tokens []string
			for range 2 {
				_, in, err := b.id.SignInAsserted(t.Context(), here, identity.Assertion{Tenant: b.tenants["midori"].ID, Account: b.ids["midori/hr"], TwoFactors: true})
				must(t, err)
				tokens = append(tokens, in.Token)
			}
			return tokens
		}
		for name, change := range map[string][2]string{"Entra": {"PATCH", entraLeave}, "Entra without path": {"PATCH", entraLeave2}, "Okta": {"PATCH", oktaLeave}, "a schema": {"PATCH", schemaLeave}, "plain": {"PATCH", plainLeave}, "Okta PUT": {"PUT", oktaPut}} {
			tokens := signIn()
			if got := b.ok(http.StatusOK, b.call("midori", change[0], "/Users/"+id, change[1])); got["active"] != false {
				t.Errorf("%s: active is %v", name, got["active"])
			}
			for _, token := range tokens {
				if _, err := b.id.Session(t.Context(), token, false); err == nil {
					t.Errorf("%s: a session lives on", name)
				}
			}
			if _, err := b.id.SignIn(t.Context(), here, "midori", "hr", rightPW); err == nil {
				t.Errorf("%s: the password still opens", name)
			}
			if _, _, err := b.id.SignInAsserted(t.Context(), here, identity.Assertion{Tenant: b.tenants["midori"].ID, Account: b.ids["midori/hr"], TwoFactors: true}); err == nil {
				t.Errorf("%s: the provider still opens", name)
			}
			b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, change[1][:0]+plainLeave)) // again: nothing more to do
			b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, entraReturns))
		}
		tokens := signIn()
		if r := b.call("midori", "DELETE", "/Users/"+id, ""); r.Status != http.StatusNoContent || r.Body != nil {
			t.Errorf("deleted with %+v", r)
		}
		if _, err := b.id.Session(t.Context(), tokens[0], false); err == nil {
			t.Error("a deleted user's session lives on")
		}
		b.bad(http.StatusNotFound, "", b.call("midori", "GET", "/Users/"+id, ""))
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "POST", "/Users", `{"userName":"hr","emails":[{"value":"new@midori.example"}]}`))
		if a := b.account("midori", id); !a.Disabled {
			t.Error("the account is gone or alive")
		}

		// Whom an administrator has disabled, the personnel system does not bring back.
		id = b.join("midori")
		must(t, b.id.Disable(t.Context(), b.admin["midori"], b.account("midori", id).ID, "調査中"))
		b.bad(http.StatusForbidden, "", b.call("midori", "PATCH", "/Users/"+id, entraReturns))
		if !b.account("midori", id).Disabled {
			t.Error("enabled again")
		}
		// Nor when the personnel system had disabled the account once before, and an administrator has enabled it.
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, plainLeave))
		must(t, b.id.Enable(t.Context(), b.admin["midori"], b.account("midori", id).ID, "調査が済んだ"))
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+id, plainLeave))
		must(t, b.id.Enable(t.Context(), b.admin["midori"], b.account("midori", id).ID, "まだ働いている"))
		must(t, b.id.Disable(t.Context(), b.admin["midori"], b.account("midori", id).ID, "また調査中"))
		b.bad(http.StatusForbidden, "", b.call("midori", "PATCH", "/Users/"+id, entraReturns))
		if !b.account("midori", id).Disabled {
			t.Error("enabled against the administrator")
		}
		// And the last administrator stays.
		b.bad(http.StatusConflict, "", b.call("midori", "PATCH", "/Users/"+string(b.ids["midori/tenantadmin"]), entraLeave))
	})
}

// TestChanges: names at once, addresses after a day, login IDs never.
func TestChanges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id := b.join("midori")
		patch := func(ops string) Response {
			return b.call("midori", "PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+ops+`]}`)
		}
		got := b.ok(http.StatusOK, patch(`{"op":"Replace","path":"displayName","value":"佐藤 二郎"},{"op":"Add","path":"externalId","value":"e-2"},{"op":"add","path":"emails[type eq \"work\"].value","value":"sato2@midori.example"}`))
		if got["displayName"] != "佐藤 二郎" || got["externalId"] != "e-2" {
			t.Errorf("answered %v", got)
		}
		if a := b.account("midori", id); a.Email != "sato@midori.example" {
			t.Errorf("the address changed at once: %s", a.Email)
		}
		b.ok(http.StatusOK, patch(`{"op":"add","path":"emails[type eq \"work\"].value","value":"sato2@midori.example"}`))
		b.bad(http.StatusBadRequest, "mutability", patch(`{"op":"replace","path":"userName","value":"tenantadmin2"}`))
		for ops, kind := range map[string]string{
			`{"op":"move","path":"active","value":true}`:                        "invalidSyntax",
			`{"op":"replace","path":"active","value":"perhaps"}`:                "invalidValue",
			`{"op":"replace","path":"active","value":1}`:                        "invalidValue",
			`{"op":"replace","path":"a[b","value":1}`:                           "invalidPath",
			`{"op":"replace","path":"emails[type gt 1].value","value":1}`:       "invalidPath",
			`{"op":"replace","value":"x"}`:                                      "noTarget",
			`{"op":"remove","path":"userName"}`:                                 "invalidValue",
			`{"op":"replace","path":"emails","value":[{"value":"no address"}]}`: "invalidValue",

			// A leaver who would stay, and changes that nothing would come of: said, not passed over.
			`{"op":"remove","path":"active"}`:                                                           "invalidValue",
			`{"op":"remove","path":"active","value":false}`:                                             "invalidValue",
			`{"op":"replace","path":"active"}`:                                                          "invalidValue",
			`{"op":"replace","path":"active","value":null}`:                                             "invalidValue",
			`{"op":"replace","value":{"active":null}}`:                                                  "invalidValue",
			`{"op":"replace","path":"active.value","value":false}`:                                      "invalidPath",
			`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:Group":{"active":false}}}`: "invalidPath",
			`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"x":false}}}`:       "invalidPath",
			`{"op":"replace","path":"urn:example:User:active","value":false}`:                           "invalidPath",
			`{"op":"replace","path":"nosuch","value":1}`:                                                "invalidPath",
			`{"op":"replace","value":{"nosuch":1}}`:                                                     "invalidPath",
			`{"op":"replace","path":"name.nosuch","value":"x"}`:                                         "invalidPath",
			`{"op":"replace","path":"emails.value","value":"x@midori.example"}`:                         "invalidPath",
			`{"op":"replace","path":"emails[type eq \"home\"].value","value":"x@midori.example"}`:       "noTarget",
			`{"op":"add","path":"emails","value":[{"type":"home","value":"x@midori.example"}]}`:         "invalidValue",
			`{"op":"remove","path":"emails"}`:                                                           "invalidValue",
			`{"op":"replace","path":"displayName","value":" "}`:                                         "invalidValue",
			`{"op":"replace","path":"id","value":"x"}`:                                                  "mutability",
		} {
			b.bad(http.StatusBadRequest, kind, patch(ops))
		}
		if got := b.ok(http.StatusOK, b.call("midori", "GET", "/Users/"+id, "")); got["active"] != true || got["displayName"] != "佐藤 二郎" {
			t.Errorf("refused, and yet %v", got)
		}
		// What Entra ID sends along and nobody keeps here does not stand in the way of a leaver.
		got = b.ok(http.StatusOK, patch(`{"op":"Replace","path":"active","value":"False"},{"op":"Replace","path":"title","value":"部長"},{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"総務"},
			{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"},{"op":"Replace","path":"name.familyName","value":"佐藤"}`))
		if got["active"] != false {
			t.Errorf("the leaver stays: %v", got)
		}
		b.ok(http.StatusOK, patch(`{"op":"Replace","path":"active","value":"True"}`))
		if got = b.ok(http.StatusOK, patch(`{"op":"replace","path":"name.formatted","value":"佐藤 三郎"}`)); got["displayName"] != "佐藤 三郎" {
			t.Errorf("the name is %v", got["displayName"])
		}
		b.bad(http.StatusBadRequest, "invalidSyntax", b.call("midori", "PATCH", "/Users/"+id, `{"Operations":[]}`))
		b.bad(http.StatusBadRequest, "invalidSyntax", b.call("midori", "POST", "/Users", `[]`))
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "POST", "/Users", `{"displayName":"x"}`))
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "POST", "/Users", `{"userName":"日本語"}`))
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "PUT", "/Users/"+id, `{"userName":"sato@midori.example","active":null}`))
		b.bad(http.StatusBadRequest, "invalidSyntax", b.call("midori", "PUT", "/Users/"+id, `{"userName":"sato@midori.example","active":true,"Active":false}`))
		b.bad(http.StatusBadRequest, "invalidSyntax", patch(`{"op":"replace","value":{"active":true,"Active":false}}`))
		b.bad(http.StatusMethodNotAllowed, "", b.call("midori", "PUT", "/Users", newcomer))
		b.bad(http.StatusMethodNotAllowed, "", b.call("midori", "POST", "/Users/"+id, newcomer))

		// Conditions.
		tag := b.call("midori", "GET", "/Users/"+id, "").ETag
		ask := func(method, match, none string) int {
			return b.Serve(t.Context(), b.token["midori"], Request{Method: method, Resource: "Users", ID: id, IfMatch: match, IfNone: none, Body: []byte(plainLeave)}).Status
		}
		now := b.Serve(t.Context(), b.token["midori"], Request{Method: "GET", Resource: "Users", ID: id}).ETag
		if s := ask("GET", "", now); s != http.StatusNotModified {
			t.Errorf("unchanged answers %d", s)
		}
		if s := ask("PATCH", tag+"x", ""); s != http.StatusPreconditionFailed {
			t.Errorf("a stale change answers %d", s)
		}
		if s := ask("PATCH", now, ""); s != http.StatusOK {
			t.Errorf("a fresh change answers %d", s)
		}
	})
}

// TestListing: look-ups as personnel systems make them, pages, and refusal of what is not understood.
func TestListing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id := b.join("midori")
		find := func(query string) map[string]any {
			return b.ok(http.StatusOK, b.call("midori", "GET", "/Users?"+query, ""))
		}
		for query, n := range map[string]float64{
			"filter=userName+eq+%22sato@midori.example%22": 1, "filter=userName+Eq+%22SATO@midori.example%22": 1, "filter=userName+eq+%22nobody%22": 0, "filter=externalId+eq+%22e-1%22": 1,
			"filter=externalId+eq+%22%22": 0, "filter=id+eq+%22" + id + "%22": 1, "": 3,
		} {
			if got := find(query); got["totalResults"] != n || got["schemas"].([]any)[0] != schemaList {
				t.Errorf("%s: %v", query, got["totalResults"])
			}
		}
		seen := map[string]bool{}
		for start := 1; start <= 4; start++ {
			got := find(fmt.Sprintf("startIndex=%d&count=1", start))
			for _, one := range got["Resources"].([]any) {
				seen[one.(map[string]any)["id"].(string)] = true
			}
			if got["itemsPerPage"].(float64) > 1 || got["totalResults"] != 3.0 {
				t.Errorf("page %d: %v", start, got)
			}
		}
		if len(seen) != 3 {
			t.Errorf("paging shows %d users", len(seen))
		}
		if got := find("count=0"); len(got["Resources"].([]any)) != 0 {
			t.Error("a count of nothing shows somebody")
		}
		for _, query := range []string{"filter=userName+sw+%22s%22", "filter=password+eq+%22x%22", "filter=userName+eq+%22a%22+or+userName+eq+%22b%22", "filter=(((", "filter=userName+eq+1", "filter=" + strings.Repeat("x", 600)} {
			b.bad(http.StatusBadRequest, "invalidFilter", b.call("midori", "GET", "/Users?"+query, ""))
		}
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "GET", "/Users?count=x", ""))
	})
}
