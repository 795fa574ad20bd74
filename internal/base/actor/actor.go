// Package actor says who is asking. Every verb of every service takes one; it is never optional, and
// nothing in it may be taken from the request without having been checked by identity.
package actor

import (
	"slices"

	"rakudos/internal/base/ids"
)

// Role is a named set of permissions inside one tenant (health.md §2.2).
type Role string

const (
	Employee    Role = "employee"    // 従業員本人
	Manager     Role = "manager"     // 上長
	HR          Role = "hr"          // 人事・健康管理担当者
	Nurse       Role = "nurse"       // 保健師・看護職
	Physician   Role = "physician"   // 産業医
	TenantAdmin Role = "tenantadmin" // テナント管理者
	Operator    Role = "operator"    // 運用者(保健会)
	ITSM        Role = "itsm"        // ITサービスマネジャー(保健会)
	Auditor     Role = "auditor"     // 監査者
)

// Whoever carries a stress check out (労働安全衛生法第66条の10): nobody is one by profession, a tenant's administrator
// names them.
const (
	StressImplementer Role = "stress-implementer" // 実施者（医師・保健師など）
	StressStaff       Role = "stress-staff"       // 実施事務従事者
)

// The borrowed roles are held by nobody: whoever of the association was given access to another tenant for a
// while acts there in exactly one of them (AC-OPERATOR).
const (
	SupportLists  Role = "support-lists"  // サポート（一覧）
	SupportPerson Role = "support-person" // サポート（一人の記録）
)

// Emergency is the role of sealed accounts alone (AC-BREAKGLASS): no administrator can give it.
const Emergency Role = "emergency" // 緊急用

// Roles lists every role that can be given to an account, Held also the one of sealed accounts, Columns also
// the borrowed ones, each in the order in which matrices show them.
var (
	Roles   = []Role{Employee, Manager, HR, Nurse, Physician, StressImplementer, StressStaff, TenantAdmin, Operator, ITSM, Auditor}
	Columns = append(slices.Clone(Roles), SupportLists, SupportPerson, Emergency)
	Held    = append(slices.Clone(Roles), Emergency)
)

// Kind tells a human from a machine.
type Kind string

const (
	Human   Kind = "human"
	Machine Kind = "machine" // jobs and probes of the service itself
	Host    Kind = "host"    // whoever may run the binary on the host (CLI)
)

// Actor is who asks, for which tenant, in which roles and for what purpose.
type Actor struct {
	Kind    Kind
	Tenant  ids.Tenant
	Account ids.Account
	Person  ids.Person // the employee this account belongs to; empty when it belongs to none
	Session ids.Session
	Roles   []Role
	// Places limit each role for itself. A role that is not in it counts in the whole tenant, apart from a manager's,
	// which counts in its departments alone; one with an empty list counts nowhere.
	Places  map[Role][]Place
	Only    ids.Person // in a borrowed role: the one person who exists for the actor
	Ticket  string     // in a borrowed role: the number under which the access was asked for
	Purpose string     // why health data is read: "follow-up", "work-fitness", …
	Addr    string     // network address, for the log
	Request string     // request id, joins the log lines of one request
}

// Has tells whether the actor holds any of the roles.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// System is the service acting by itself (jobs, migrations, probes) in a tenant.
func System(t ids.Tenant, purpose string) Actor {
	return Actor{Kind: Machine, Tenant: t, Purpose: purpose}
}

// HostOperator is whoever runs the binary on the host. It is a name for the log, not an authentication:
// the host's own access control is what admits them.
func HostOperator(t ids.Tenant, purpose string) Actor {
	return Actor{Kind: Host, Tenant: t, Purpose: purpose}
}
