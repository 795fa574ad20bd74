package scim

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

// TestPatchShapes: what the operations of RFC 7644 §3.5.2 and of real personnel systems make of a resource.
func TestPatchShapes(t *testing.T) {
	const before = `{"userName":"a","active":true,"name":{"formatted":"A"},"emails":[{"type":"work","value":"a@x.example"},{"type":"home","value":"h@x.example"}],"members":[{"value":"1"},{"value":"2"}]}`
	for name, k := range map[string]struct{ ops, attribute, want string }{
		"replace":                     {`{"op":"replace","path":"active","value":false}`, "active", `false`},
		"any case":                    {`{"op":"REPLACE","path":"ACTIVE","value":false}`, "active", `false`},
		"without a path":              {`{"op":"replace","value":{"active":false}}`, "active", `false`},
		"a dotted key without a path": {`{"op":"replace","value":{"name.familyName":"B"}}`, "name", `{"formatted":"A","familyName":"B"}`},
		"a part":                      {`{"op":"add","path":"name.givenName","value":"C"}`, "name", `{"formatted":"A","givenName":"C"}`},
		"a part of nothing":           {`{"op":"add","path":"name.middleName","value":"京"}`, "name", `{"formatted":"A","middleName":"京"}`},
		"an element's part":           {`{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@x.example"}`, "emails", `[{"type":"work","value":"b@x.example"},{"type":"home","value":"h@x.example"}]`},
		"a schema without a path":     {`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User":{"active":false}}}`, "active", `false`},
		"a schema's attribute":        {`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:active","value":false}`, "active", `false`},
		"the same without a path":     {`{"op":"replace","value":{"urn:ietf:params:scim:schemas:core:2.0:User:active":false}}`, "active", `false`},
		"what is not kept":            {`{"op":"Replace","path":"addresses[type eq \"work\"].locality","value":"京都"}`, "addresses", `null`},
		"a whole element":             {`{"op":"replace","path":"emails[type eq \"home\"]","value":{"type":"home","value":"n@x.example"}}`, "emails", `[{"type":"work","value":"a@x.example"},{"type":"home","value":"n@x.example"}]`},
		"an element away":             {`{"op":"remove","path":"emails[type eq \"home\"]"}`, "emails", `[{"type":"work","value":"a@x.example"}]`},
		"members more":                {`{"op":"Add","path":"members","value":[{"value":"3"}]}`, "members", `[{"value":"1"},{"value":"2"},{"value":"3"}]`},
		"one member more":             {`{"op":"add","path":"members","value":{"value":"3"}}`, "members", `[{"value":"1"},{"value":"2"},{"value":"3"}]`},
		"members less":                {`{"op":"Remove","path":"members","value":[{"value":"1"},{"value":"9"},{}]}`, "members", `[{"value":"2"}]`},
		"a member less":               {`{"op":"remove","path":"members[value eq \"2\"]"}`, "members", `[{"value":"1"}]`},
		"all members":                 {`{"op":"remove","path":"members"}`, "members", `null`},
		"other members":               {`{"op":"replace","path":"members","value":[{"value":"7"}]}`, "members", `[{"value":"7"}]`},
		"an extension":                {`{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber","value":"M1"}`, schemaEnterprise, `{"employeeNumber":"M1"}`},
		"an extension without a path": {`{"op":"add","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"M1"}}}`, schemaEnterprise, `{"employeeNumber":"M1"}`},
		"two in order":                {`{"op":"replace","path":"active","value":false},{"op":"replace","path":"active","value":true}`, "active", `true`},
	} {
		t.Run(name, func(t *testing.T) {
			var resource object
			must(t, json.Unmarshal([]byte(before), &resource))
			resourceOf := "Users"
			if k.attribute == "members" {
				resourceOf = "Groups"
			}
			must(t, patched(Request{Resource: resourceOf, Body: []byte(`{"schemas":["` + schemaPatch + `"],"Operations":[` + k.ops + `]}`)}, resource))
			var want any
			must(t, json.Unmarshal([]byte(k.want), &want))
			if !reflect.DeepEqual(resource[k.attribute], want) {
				got, _ := json.Marshal(resource[k.attribute])
				t.Errorf("%s, want %s", got, k.want)
			}
		})
	}
}

// FuzzPatch: whatever comes, it is refused in the protocol's form or leaves an object; nothing panics.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{entraLeave, oktaLeave, plainLeave, `{"schemas":["` + schemaPatch + `"],"Operations":[{"op":"add","path":"emails[type eq \"x\"].value","value":{}}]}`,
		`{"schemas":["` + schemaPatch + `"],"Operations":[{"op":"replace","path":"emails[value eq true]","value":[]}]}`, `{"schemas":["` + schemaPatch + `"],"Operations":[{"op":"remove","path":"name.x.y"}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		resource := object{"userName": "a", "name": object{}, "emails": []any{object{"type": "work"}, "text", nil}, "members": []any{}}
		err := patched(Request{Body: b}, resource)
		if p := (*protocol)(nil); err != nil && !errors.As(err, &p) {
			t.Errorf("refused with %T", err)
		}
		if err == nil {
			_, _ = readUser(resource)
		}
	})
}
