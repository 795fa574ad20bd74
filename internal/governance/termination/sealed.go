package termination

import "rakudos/internal/engine/vault"

// Sealed are the columns that a rotation of the service's own key seals again (clause 3-11a).
var Sealed = []vault.Column{vault.TenantColumn("termination", "sealed", "case_id", caseAt)}
