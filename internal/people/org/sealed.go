package org

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
)

// Sealed are the columns that a rotation of keys seals again (clause 3-11a). What an import has staged is
// not among them: it is gone within the hour, and opens by the version that it names until then.
var Sealed = []vault.Column{
	vault.PersonColumn("person", "sealed", []string{"person_id"}, "person_id = $2", func(k []any) vault.Loc { return personAt(ids.Person(k[0].(string))) }),
	vault.PersonColumn("person_event", "sealed", []string{"event_id"}, "person_id = $2", func(k []any) vault.Loc { return eventAt(k[0].(string)) }),
	vault.TenantColumn("site", "sealed", "site_id", siteAt),
	vault.TenantColumn("dept", "sealed", "dept_id", deptAt),
	vault.TenantColumn("roster_import", "head", "import_id", headAt),
	vault.TenantColumn("roster_import", "report", "import_id", reportAt),
}
