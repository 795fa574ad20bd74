package web

import (
	"net/http"

	"rakudos/internal/people/access"
)

// Public rows are open to everyone, SignedIn ones to any living session.
const (
	Public   = access.Public
	SignedIn = access.SignedIn
)

// Action handles a row. The visitor is nil only in public rows. An error becomes an answer in words.
type Action func(w http.ResponseWriter, r *http.Request, v *Visitor) error

// Route is one row of the route table: nothing is reachable without one.
type Route struct {
	Pattern    string
	Permission access.Permission
	Verb       string // audit verb; mandatory unless GET
	Action     Action

	Upload       bool // the body may be a large file; the handler streams it
	Stream       bool // the answer is a stream of events
	Passive      bool // does not count as activity: a page's own requests
	BeforeChange bool // allowed while a new password is still to be set
}

// Table is the route table without a service behind it, for tests and for documentation.
func Table() []Route { return (&server{}).table() }

// table is the one route table.
func (s *server) table() []Route {
	return []Route{
		{Pattern: "GET /healthz", Permission: Public, Action: s.healthGet},
		{Pattern: "GET /readyz", Permission: Public, Action: s.readyGet},
		{Pattern: "GET /favicon.ico", Permission: Public, Action: s.iconGet},

		{Pattern: "GET /login", Permission: Public, Action: s.loginForm},
		{Pattern: "POST /login", Permission: Public, Verb: "signin.password", Action: s.loginPost},
		{Pattern: "GET /login/code", Permission: Public, Action: s.codeForm},
		{Pattern: "POST /login/code", Permission: Public, Verb: "signin.code", Action: s.codePost},
		{Pattern: "POST /login/code/resend", Permission: Public, Verb: "signin.resend", Action: s.codeResend},
		{Pattern: "POST /logout", Permission: SignedIn, Verb: "signin.end", Action: s.logout, BeforeChange: true},
		{Pattern: "GET /session", Permission: SignedIn, Action: s.sessionGet, Passive: true, BeforeChange: true},
		{Pattern: "POST /session", Permission: SignedIn, Verb: "session.continue", Action: s.sessionGet, BeforeChange: true},

		{Pattern: "GET /trust", Permission: Public, Action: s.trustPage},
		{Pattern: "GET /trust.json", Permission: Public, Action: s.trustJSON},
		{Pattern: "GET /demo/mail", Permission: Public, Action: s.demoMail},

		{Pattern: "GET /{$}", Permission: SignedIn, Action: s.home},
		{Pattern: "GET /me", Permission: SignedIn, Action: s.mePage},
		{Pattern: "GET /me/readers", Permission: access.PersonReadSelf, Action: s.readersPage},
		{Pattern: "POST /me/consent", Permission: access.ConsentSelf, Verb: "consent.set", Action: s.consentPost},
		{Pattern: "GET /me/password", Permission: SignedIn, Action: s.passwordForm, BeforeChange: true},
		{Pattern: "POST /me/password", Permission: SignedIn, Verb: "password.change", Action: s.passwordPost, BeforeChange: true},

		{Pattern: "GET /access", Permission: access.MatrixRead, Action: s.accessPage},
		{Pattern: "GET /access.csv", Permission: access.MatrixRead, Action: s.accessCSV},
		{Pattern: "GET /audit", Permission: access.AuditRead, Action: s.auditPage},

		{Pattern: "GET /people", Permission: access.PeopleRead, Action: s.peoplePage},
		{Pattern: "GET /people/import", Permission: access.PeopleImport, Action: s.peopleImportForm},
		{Pattern: "POST /people/import", Permission: access.PeopleImport, Verb: "roster.import", Action: s.peopleImport, Upload: true},
		{Pattern: "GET /people/{id}/record", Permission: access.PeopleRead, Action: s.recordPage},
		{Pattern: "POST /people/{id}/move", Permission: access.PeopleChange, Verb: "people.move", Action: s.recordMove},
		{Pattern: "POST /people/{id}/leave", Permission: access.PeopleChange, Verb: "people.leave", Action: s.recordLeave},
		{Pattern: "GET /people/{id}", Permission: access.PersonRead, Action: s.personPage},

		{Pattern: "GET /checkups", Permission: access.CheckupList, Action: s.checkupsPage},
		{Pattern: "GET /checkups.csv", Permission: access.CheckupExport, Action: s.checkupsCSV},
		{Pattern: "GET /checkups.xlsx", Permission: access.CheckupExport, Action: s.checkupsXLSX},
		{Pattern: "GET /checkups/import", Permission: access.CheckupImport, Action: s.checkupImportForm},
		{Pattern: "POST /checkups/import", Permission: access.CheckupImport, Verb: "checkup.import", Action: s.checkupImport, Upload: true},

		{Pattern: "GET /imports", Permission: access.ImportRead, Action: s.importsPage},
		{Pattern: "GET /imports/{id}", Permission: access.ImportRead, Action: s.importPage},
		{Pattern: "GET /imports/{id}/refused.csv", Permission: access.ImportRead, Action: s.importRefused},
		{Pattern: "GET /imports/{id}/events", Permission: access.ImportRead, Action: s.importEvents, Stream: true, Passive: true},
		{Pattern: "GET /imports/{id}/columns", Permission: access.MappingEdit, Action: s.importColumnsForm},
		{Pattern: "POST /imports/{id}/columns", Permission: access.MappingEdit, Verb: "checkup.remap", Action: s.importColumns},
		{Pattern: "POST /imports/{id}/confirm", Permission: access.CheckupImport, Verb: "import.confirm", Action: s.importConfirm},
		{Pattern: "POST /imports/{id}/withdraw", Permission: access.ImportWithdraw, Verb: "import.withdraw", Action: s.importWithdraw},

		{Pattern: "GET /worklist", Permission: access.CheckupDecide, Action: s.worklistPage},
		{Pattern: "GET /people/{id}/decide/{result}", Permission: access.CheckupDecide, Action: s.decideForm},
		{Pattern: "POST /people/{id}/decide/{result}", Permission: access.CheckupDecide, Verb: "checkup.decide", Action: s.decidePost},
		{Pattern: "POST /people/{id}/treated/{result}", Permission: access.CheckupDecide, Verb: "checkup.treated", Action: s.treatedPost},
		{Pattern: "GET /measures", Permission: access.MeasuresRead, Action: s.measuresPage},

		{Pattern: "GET /criteria", Permission: access.CriteriaRead, Action: s.criteriaPage},
		{Pattern: "POST /criteria/{id}/approve", Permission: access.CriteriaApprove, Verb: "criteria.approve", Action: s.criteriaApprove},
		{Pattern: "POST /criteria/{id}/activate", Permission: access.CriteriaApprove, Verb: "criteria.activate", Action: s.criteriaActivate},
		{Pattern: "POST /criteria/rejudge", Permission: access.CriteriaApprove, Verb: "criteria.rejudge", Action: s.criteriaRejudge},
	}
}
