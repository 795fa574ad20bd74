// Package access decides who may do and see what, from two data tables: permissions by role, and kinds of
// data by role. It must never read a database or the clock, and never allow what no row allows.
package access

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// Permission is the right to one kind of act. A route names exactly one.
type Permission string

const (
	Public   Permission = "public"    // anybody, without a session
	SignedIn Permission = "signed-in" // anybody with a session, whatever the roles

	HomeRead    Permission = "home.read"
	AccountSelf Permission = "account.self"

	CheckupImport   Permission = "checkup.import"
	CheckupList     Permission = "checkup.list"
	CheckupValues   Permission = "checkup.values"
	CheckupDecide   Permission = "checkup.decide"
	CheckupExport   Permission = "checkup.export"
	FollowUpNote    Permission = "followup.note"
	CriteriaRead    Permission = "criteria.read"
	CriteriaEdit    Permission = "criteria.edit"
	CriteriaApprove Permission = "criteria.approve" // the physician approves a version of the criteria
	MappingEdit     Permission = "mapping.edit"
	ImportRead      Permission = "import.read"
	ImportWithdraw  Permission = "import.withdraw"

	PeopleImport   Permission = "people.import"
	PeopleRead     Permission = "people.read"
	PersonRead     Permission = "person.read"
	PeopleChange   Permission = "people.change"
	PersonReadSelf Permission = "person.read.self"
	MeasuresRead   Permission = "measures.read"
	ConsentSelf    Permission = "consent.self"

	AuditRead     Permission = "audit.read"
	AuditReadSelf Permission = "audit.read.self"
	TrustEvidence Permission = "trust.evidence"
	AccountManage Permission = "account.manage"
	AccountUnlock Permission = "account.unlock"

	AccountVouch    Permission = "account.vouch"     // says that an account's holder is a person of his own
	AccountVouchFor Permission = "account.vouch.for" // the association says it of a customer's administrator
	MatrixRead      Permission = "matrix.read"
	AssetRead       Permission = "asset.read"
	AssetManage     Permission = "asset.manage"
	ReviewRead      Permission = "review.read"
	ReviewDecide    Permission = "review.decide"
	JobRead         Permission = "job.read"
	JobRetry        Permission = "job.retry"
	TenantManage    Permission = "tenant.manage"
	ErasureRun      Permission = "erasure.run" // no human: people approve, the service erases
	ErasureRead     Permission = "erasure.read"
	HoldManage      Permission = "hold.manage"
	KeyRead         Permission = "key.read"
	KeyRotate       Permission = "key.rotate"
	DemoMail        Permission = "demo.mail" // no role has it: the demo switch and the loopback address decide

	TerminationRequest Permission = "termination.request" // for the own tenant
	TerminationDesk    Permission = "termination.desk"    // the association's, for every customer

	RetentionRead     Permission = "retention.read"     // what the own tenant keeps and for how long
	RetentionCustomer Permission = "retention.customer" // approves or declines for the own tenant
	RetentionDesk     Permission = "retention.desk"     // the association's, for every customer

	HandoverAsk  Permission = "handover.ask"
	HandoverTake Permission = "handover.take"

	CertificateRead    Permission = "certificate.read"
	CertificatePresent Permission = "certificate.present"
	CertificateManage  Permission = "certificate.manage" // issue, revoke, change the key

	SealedRead   Permission = "sealed.read"   // sees the emergency accounts of the tenant
	SealedSeal   Permission = "sealed.seal"   // makes one, or seals it anew
	SealedReview Permission = "sealed.review" // records what was found out about a use
	EmergencyAct Permission = "emergency.act" // what an opened emergency account can do

	SupportDesk    Permission = "support.desk"    // the association's desk for access to other tenants
	SupportAsk     Permission = "support.ask"     // asks for access, uses and ends one's own
	SupportApprove Permission = "support.approve" // decides what another has asked for
	SupportSee     Permission = "support.see"     // a tenant sees who of the association had access
	SupportStop    Permission = "support.stop"    // and ends it
)

// What ties a tenant to its own identity provider and personnel system.
const (
	FederationManage Permission = "federation.manage"
	FederationSecond Permission = "federation.second" // the association confirms where a tenant has one administrator alone
	Provision        Permission = "scim.provision"    // no role has it: the bearer of a token does
)

// bit gives every role its place in a set of roles.
var bit = func() map[actor.Role]uint32 {
	m := map[actor.Role]uint32{}
	for i, r := range actor.Columns {
		m[r] = 1 << i
	}
	return m
}()

type grant struct {
	roles uint32
	kinds []actor.Kind
}

var byPermission = func() map[Permission]grant {
	m := map[Permission]grant{}
	for _, row := range Matrix {
		g := grant{kinds: row.Kinds}
		for _, r := range row.Roles {
			g.roles |= bit[r]
		}
		m[row.Permission] = g
	}
	return m
}()

// Allows tells whether a may use p. An unknown permission, an unknown role and an actor without a tenant
// get nothing.
func Allows(a actor.Actor, p Permission) bool {
	if p == Public {
		return true
	}
	if a.Tenant == "" {
		return false
	}
	g, ok := byPermission[p]
	switch a.Kind {
	case actor.Human:
		if p == SignedIn {
			return a.Account != ""
		}
		if !ok {
			return false
		}
		for _, r := range a.Roles {
			if g.roles&bit[r] != 0 {
				return true
			}
		}
		return false
	case actor.Machine, actor.Host:
		for _, k := range g.kinds {
			if k == a.Kind {
				return true
			}
		}
	}
	return false
}

// Require is Allows as an error: fault.Denied "access.denied".
func Require(a actor.Actor, p Permission) error {
	if Allows(a, p) {
		return nil
	}
	return fault.New(fault.Denied, "access.denied", "permission", string(p))
}
