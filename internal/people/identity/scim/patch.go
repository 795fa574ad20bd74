package scim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	filter "github.com/scim2/filter-parser/v2"
)

// operation is one change. Entra ID writes "Replace" and "Add"; Okta leaves the path out.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func badPath() error {
	return problem(http.StatusBadRequest, "invalidPath", "the path is not understood")
}

// patched applies the operations of a body to a resource, which it changes.
func patched(r Request, resource object) error {
	var in struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}
	if err := json.Unmarshal(r.Body, &in); err != nil || len(in.Operations) == 0 || len(in.Operations) > maxOps || !slices.Contains(in.Schemas, schemaPatch) {
		return problem(http.StatusBadRequest, "invalidSyntax", "no patch")
	}
	of := kindOf(r)
	for _, o := range in.Operations {
		if err := o.apply(of, resource); err != nil {
			return err
		}
	}
	return nil
}

func (o operation) apply(of kind, resource object) error {
	o.Op = strings.ToLower(o.Op)
	switch o.Op {
	case "add", "replace", "remove":
	default:
		return problem(http.StatusBadRequest, "invalidSyntax", "an operation is add, replace or remove")
	}
	if o.Path != "" {
		return o.at(of, resource, o.Path, o.Value)
	}
	values, ok := o.Value.(object)
	if !ok || o.Op == "remove" {
		return problem(http.StatusBadRequest, "noTarget", "without a path the value is an object")
	}
	if err := twice(values); err != nil {
		return err
	}
	for name, value := range values {
		if more, ok := value.(object); ok && of.schema(name) {
			if err := twice(more); err != nil {
				return err
			}
		}
	}
	for _, one := range o.single(of) {
		if err := one.at(of, resource, one.Path, one.Value); err != nil {
			return err
		}
	}
	return nil
}

// single is the operation as one for each attribute: a value without a path holds attributes, or schemas with theirs.
func (o operation) single(of kind) (out []operation) {
	values, ok := o.Value.(object)
	if o.Path != "" || !ok {
		return []operation{o}
	}
	for name, value := range values {
		more, ok := value.(object)
		if !ok || !of.schema(name) {
			out = append(out, operation{o.Op, name, value})
			continue
		}
		for n, v := range more {
			out = append(out, operation{o.Op, name + ":" + n, v})
		}
	}
	return out
}

// at changes what a path names.
func (o operation) at(of kind, resource object, path string, value any) error {
	if len(path) > 300 {
		return badPath()
	}
	p, err := filter.ParsePath([]byte(path))
	if err != nil {
		return badPath()
	}
	prefix := ""
	if p.AttributePath.URIPrefix != nil {
		prefix = strings.TrimSuffix(*p.AttributePath.URIPrefix, ":")
	}
	sub := p.SubAttribute
	if sub == nil {
		sub = p.AttributePath.SubAttribute
	}
	kept, err := of.keeps(o.Op, prefix, p.AttributePath.AttributeName, sub, value, resource)
	if err != nil || !kept {
		return err
	}
	in := resource
	if strings.EqualFold(prefix, schemaEnterprise) {
		in = child(resource, schemaEnterprise)
	}
	name := key(in, p.AttributePath.AttributeName)
	if p.ValueExpression != nil {
		return o.element(in, name, p.ValueExpression, sub, value)
	}
	if sub != nil {
		if _, many := in[name].([]any); many {
			return badPath() // of which element?
		}
		part := child(in, name)
		o.set(part, key(part, *sub), value)
		return nil
	}
	o.set(in, name, value)
	return nil
}

// key is the name under which an attribute stands: names are alike in any case.
func key(in object, name string) string {
	for k := range in {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

func child(in object, name string) object {
	if c, ok := in[name].(object); ok {
		return c
	}
	c := object{}
	in[name] = c
	return c
}

// set changes one attribute. Adding to a list appends, removing elements from one takes those away.
func (o operation) set(in object, name string, value any) {
	list, many := in[name].([]any)
	given, givenMany := value.([]any)
	switch {
	case o.Op == "remove" && many && givenMany:
		in[name] = slices.DeleteFunc(list, func(have any) bool {
			return slices.ContainsFunc(given, func(one any) bool { return valueOf(one) != "" && valueOf(one) == valueOf(have) })
		})
	case o.Op == "remove":
		delete(in, name)
	case o.Op == "add" && many && givenMany:
		in[name] = append(list, given...)
	case o.Op == "add" && many:
		in[name] = append(list, value)
	default:
		in[name] = value
	}
}

// valueOf is what tells one element of a list from another.
func valueOf(element any) string {
	if m, ok := element.(object); ok {
		s, _ := m["value"].(string)
		return s
	}
	s, _ := element.(string)
	return s
}

// element changes the elements of a list that an expression like [type eq "work"] names.
func (o operation) element(in object, name string, e filter.Expression, sub *string, value any) error {
	eq, ok := e.(*filter.AttributeExpression)
	if !ok || !strings.EqualFold(string(eq.Operator), "eq") {
		return badPath()
	}
	want, isText := eq.CompareValue.(string)
	list, _ := in[name].([]any)
	fits := func(one any) bool {
		m, ok := one.(object)
		if !ok {
			return false
		}
		have := m[key(m, eq.AttributePath.AttributeName)]
		if s, ok := have.(string); ok && isText {
			return strings.EqualFold(s, want)
		}
		return have == eq.CompareValue
	}
	if o.Op == "remove" && sub == nil {
		in[name] = slices.DeleteFunc(list, fits)
		return nil
	}
	found := false
	for i, one := range list {
		if !fits(one) {
			continue
		}
		found = true
		m := one.(object)
		switch more, whole := value.(object); {
		case sub != nil:
			o.set(m, key(m, *sub), value)
		case whole:
			list[i] = more
		default:
			return badPath()
		}
	}
	if !found && o.Op != "remove" && (sub == nil || strings.EqualFold(name, "emails") && !onlyOne(eq)) {
		return problem(http.StatusBadRequest, "noTarget", "nothing of "+name+" is meant")
	}
	if !found && o.Op != "remove" {
		in[name] = append(list, object{eq.AttributePath.AttributeName: eq.CompareValue, *sub: value})
	}
	return nil
}
