// Package tenant keeps the register of who has a contract with the service. It must never hold anything
// about people, and never give a code to a second tenant.
package tenant

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
)

// Kind tells a customer from the association and from the service's own probes.
type Kind string

const (
	Customer    Kind = "customer"
	Association Kind = "association"
	Probe       Kind = "probe"
)

// Tenant is one contract.
type Tenant struct {
	ID        ids.Tenant
	Code      string // what people type at sign-in
	Name      string
	Kind      Kind
	CreatedAt time.Time
	Closed    bool
	Tampered  bool // only in a list: its row was changed past the service, and nobody finds it
}

// New is a tenant to be registered.
type New struct {
	Code string
	Name string
	Kind Kind
}

// maxName bounds a tenant's name, in code points.
const maxName = 100

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}[a-z0-9]$`)

// NormalCode is the form in which a typed code is looked up: full-width letters and capitals are taken
// for what they mean, spaces around it are dropped.
func NormalCode(typed string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(typed)))
}

// check returns the tenant with its code and name in normal form, or why it can't be registered.
func (n New) check() (New, error) {
	n.Code = NormalCode(n.Code)
	if !codeForm.MatchString(n.Code) {
		return n, fault.New(fault.Invalid, "tenant.code")
	}
	name, err := glyph.Name(norm.NFC.String(n.Name), maxName, "tenant.name", "契約先の名前")
	if err != nil {
		return n, err
	}
	n.Name = name
	switch n.Kind {
	case Customer, Association, Probe:
		return n, nil
	}
	return n, fault.New(fault.Invalid, "tenant.kind")
}
