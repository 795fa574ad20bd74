package scim

import (
	"net/http"
	"slices"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// kind is what may be named in a change of one kind of resource, in lower case.
type kind struct {
	name   string              // of the schema
	parts  map[string][]string // what is kept, with its parts
	others []string            // known to RFC 7643, and not kept here: a change of it is nobody's loss
	more   []string            // the same, of the enterprise extension
}

var (
	users = kind{schemaUser, map[string][]string{
		"username": nil, "externalid": nil, "displayname": nil, "active": nil,
		"name":   {"formatted", "familyname", "givenname", "middlename", "honorificprefix", "honorificsuffix"},
		"emails": {"value", "type", "primary", "display"},
	}, []string{"password", "nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone", "phonenumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509certificates"},
		[]string{"employeenumber", "costcenter", "organization", "division", "department", "manager"}} // the number counts when somebody joins
	groupsKind = kind{schemaGroup, map[string][]string{"displayname": nil, "externalid": nil, "members": {"value", "display", "type", "$ref"}}, nil, nil}
)

func kindOf(r Request) kind {
	if r.Resource == "Groups" {
		return groupsKind
	}
	return users
}

// schema tells whether a name is that of a schema of the resource.
func (k kind) schema(name string) bool {
	return strings.EqualFold(name, k.name) || k.more != nil && strings.EqualFold(name, schemaEnterprise)
}

// keeps tells whether what a path names is kept here. Who names what no schema knows, or leaves open what an account
// without an answer would stay, is told so: a personnel system that believes in a change looks no further.
func (k kind) keeps(op, prefix, name string, sub *string, value any, resource object) (bool, error) {
	name = strings.ToLower(name)
	if prefix != "" && !k.schema(prefix) {
		return false, badPath()
	}
	if strings.EqualFold(prefix, schemaEnterprise) {
		if !slices.Contains(k.more, name) {
			return false, badPath()
		}
		return true, nil
	}
	switch name {
	case "id": // Okta sends it along
		if s, _ := value.(string); op == "remove" || sub != nil || s != resource["id"] {
			return false, problem(http.StatusBadRequest, "mutability", "id never changes")
		}
		return false, nil
	case "schemas", "meta":
		return false, nil
	}
	parts, ok := k.parts[name]
	switch {
	case slices.Contains(k.others, name):
		return false, nil
	case !ok || sub != nil && !slices.Contains(parts, strings.ToLower(*sub)):
		return false, badPath()
	case name == "active" && (op == "remove" || value == nil):
		return false, problem(http.StatusBadRequest, "invalidValue", "active is true or false")
	case name == "members" || op == "remove" || value != nil:
		return true, nil
	}
	return false, problem(http.StatusBadRequest, "invalidValue", name+" is given no value")
}

// onlyOne tells whether an expression means the one address that is kept.
func onlyOne(e *filter.AttributeExpression) bool {
	s, _ := e.CompareValue.(string)
	return strings.EqualFold(e.AttributePath.AttributeName, "type") && strings.EqualFold(s, "work") || strings.EqualFold(e.AttributePath.AttributeName, "primary") && e.CompareValue == true
}

// settled looks at what the changes have left of a user whose resource was before: name and address are one each here,
// and a change that does not reach them is not passed over in silence. The parts of a name alone count for nothing
// while there is a name to show: in which order people are called is not for the service to say.
func settled(before, after object) error {
	text := func(m object, name string) string { s, _ := m[key(m, name)].(string); return strings.TrimSpace(s) }
	refuse := func(why string) error { return problem(http.StatusBadRequest, "invalidValue", why) }
	was, _ := before["name"].(object)
	is, _ := after[key(after, "name")].(object)
	switch display, formatted := text(after, "displayName"), text(is, "formatted"); {
	case display != "" && display != text(before, "displayName"): // it counts, whatever the parts say
	case formatted == "" || display == "" && formatted == text(was, "formatted"):
		return refuse("a user has a name")
	case formatted != text(was, "formatted"):
		after[key(after, "displayName")] = formatted
	}
	list, _ := after[key(after, "emails")].([]any)
	if len(list) == 0 {
		return refuse("a user has a mail address")
	}
	w, err := readUser(after)
	if err != nil {
		return err
	}
	old := valueOf(before["emails"].([]any)[0])
	for _, one := range list {
		m, ok := one.(object)
		if v := text(m, "value"); !ok || v == "" || w.email == old && v != old {
			return refuse("one mail address is kept, the primary")
		}
	}
	return nil
}
