package scim

import (
	"net/http"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// filtered keeps what a filter asks for. Only "attribute eq value" is understood, and only for attributes by
// which personnel systems look somebody up; anything else is refused rather than answered wrongly.
func filtered(r Request, all []object, attributes ...string) ([]object, error) {
	text := r.Query.Get("filter")
	if text == "" {
		return all, nil
	}
	refuse := problem(http.StatusBadRequest, "invalidFilter", "only eq on "+strings.Join(attributes, ", "))
	if len(text) > 500 {
		return nil, refuse
	}
	parsed, err := filter.ParseFilter([]byte(text))
	if err != nil {
		return nil, refuse
	}
	e, ok := parsed.(*filter.AttributeExpression)
	if !ok || !strings.EqualFold(string(e.Operator), "eq") || e.AttributePath.SubAttribute != nil {
		return nil, refuse
	}
	want, ok := e.CompareValue.(string)
	if !ok {
		return nil, refuse
	}
	for _, name := range attributes {
		if !strings.EqualFold(name, e.AttributePath.AttributeName) {
			continue
		}
		out := []object{}
		for _, one := range all {
			has, _ := one[name].(string)
			if has != "" && (has == want || name == "userName" && strings.EqualFold(has, want)) {
				out = append(out, one)
			}
		}
		return out, nil
	}
	return nil, refuse
}
