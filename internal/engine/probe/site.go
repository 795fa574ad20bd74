// Package probe is a tiny browser with which the service looks at itself over the real network path,
// as a stranger or as an account of its own probe tenant. It must never take a short cut into the
// program it looks at, and never be given an account of a customer.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Account is one sign-in of a probe tenant.
type Account struct {
	Tenant   string // the tenant's code
	Role     string // an actor.Role, or the name of a state such as "employee-other"
	LoginID  string
	Password string
	Email    string // an address whose mails Site.Mail can read
}

// Mailbox reads what the service mailed to probe accounts.
type Mailbox interface {
	// Newest returns the text of the newest mail to an address that arrived at or after an instant.
	// It waits for one until ctx ends.
	Newest(ctx context.Context, to string, after time.Time) (text string, err error)
}

// Stage is where probes act: the running service itself, and broken copies of it in which a probe must
// find the promise broken.
type Stage interface {
	Live(ctx context.Context) (*Site, error)
	// Sandbox starts a throw-away copy of the service with one protection switched off. The caller
	// calls the returned function when it is done.
	Sandbox(ctx context.Context, sabotage string) (*Site, func(), error)
}

// Site is one reachable instance of the service. Its fields are set before the first use and not
// changed later.
type Site struct {
	Base     string         // "https://localhost:8443", without a trailing slash
	Roots    *x509.CertPool // nil means the roots of the host
	Mail     Mailbox
	Accounts []Account

	signing sync.Map // login → *sync.Mutex: one sign-in of an account at a time
}

// ErrNoAccount says that the site has no probe account of the wished role.
var ErrNoAccount = errors.New("probe: no such account")

// ErrRefused says that the service did not let a probe account sign in.
var ErrRefused = errors.New("probe: signing in refused")

// Account finds the probe account of a role in a tenant; an empty tenant means the first that has one.
func (s *Site) Account(tenant, role string) (Account, error) {
	for _, a := range s.Accounts {
		if a.Role == role && (tenant == "" || a.Tenant == tenant) {
			return a, nil
		}
	}
	return Account{}, fmt.Errorf("%w: tenant %q, role %q", ErrNoAccount, tenant, role)
}

// hold keeps two sign-ins of one account from taking each other's code.
func (s *Site) hold(a Account) (release func()) {
	m, _ := s.signing.LoadOrStore(a.Tenant+"\x00"+a.LoginID, &sync.Mutex{})
	mu := m.(*sync.Mutex)
	mu.Lock()
	return mu.Unlock
}
