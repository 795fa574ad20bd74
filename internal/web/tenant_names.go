package web

import (
	"sync"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/people/tenant"
)

// tenantFor is how long a tenant's name is kept: it stands in the header of every page.
const tenantFor = time.Minute

// tenantNames keeps tenants for a short while. They are dropped by the clock, for nobody asks any more for one that
// was erased. The zero value is ready.
type tenantNames struct{ kept sync.Map } // ids.Tenant → *tenant.Tenant

func (n *tenantNames) get(id ids.Tenant, look func() (tenant.Tenant, error)) (tenant.Tenant, error) {
	if t, ok := n.kept.Load(id); ok {
		return *t.(*tenant.Tenant), nil
	}
	t, err := look()
	if err != nil {
		return t, err
	}
	kept := &t
	n.kept.Store(id, kept)
	time.AfterFunc(tenantFor, func() { n.kept.CompareAndDelete(id, kept) })
	return t, nil
}
