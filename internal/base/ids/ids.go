// Package ids gives every record a sortable identifier (UUIDv7, RFC 9562) with a type of its own.
// It must never give meaning to an identifier beyond its order in time.
package ids

import (
	"fmt"

	"github.com/google/uuid"
)

// The identifier types. Each is the canonical 36-character text of a UUIDv7.
type (
	Tenant  string
	Account string
	Person  string
	Site    string
	Dept    string
	Import  string
	Result  string
	Session string
	Job     string
)

// System is the tenant of what belongs to no customer: migrations, probes, jobs of the service.
const System Tenant = "00000000-0000-7000-8000-000000000000"

// New makes a fresh identifier of any of the types above.
func New[T ~string]() T { return T(uuid.Must(uuid.NewV7()).String()) }

// Parse accepts only the canonical lower-case text of a UUID.
func Parse[T ~string](s string) (T, error) {
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return "", fmt.Errorf("ids: %q is not an identifier", s)
	}
	return T(s), nil
}
