package web

import (
	"net/http"
	"slices"

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
	WhileLocked  bool // allowed while the screen is locked
	CrossSite    bool // another site makes the browser send this: the handler binds it to the browser by other means
	BeforeChange bool // allowed while a new password is still to be set
	BeforeEnrol  bool // allowed while a required second factor is still to be enrolled, as BeforeChange rows are
	InSupport    bool // allowed under a support access although it is no reading of the tenant's data
}

// Table is the route table without a service behind it, for tests and for documentation.
func Table() []Route { return (&server{}).table() }

// table is the one route table.
func (s *server) table() []Route {
	return slices.Concat(s.dailyRoutes(), s.factorRoutes(), s.leavingRoutes(), s.federationRoutes())
}

func (s *server) dailyRoutes() []Route {
	return []Route{
		{Pattern: "GET /healthz", Permission: Public, Action: s.healthGet},
		{Pattern: "GET /readyz", Permission: Public, Action: s.readyGet},
		{Pattern: "GET /favicon.ico", Permission: Public, Action: s.iconGet},

		{Pattern: "GET /login", Permission: Public, Action: s.loginForm},
		{Pattern: "POST /login", Permission: Public, Verb: "signin.password", Action: s.loginPost},
		{Pattern: "GET /login/code", Permission: Public, Action: s.codeForm},
		{Pattern: "POST /login/code", Permission: Public, Verb: "signin.code", Action: s.codePost},
		{Pattern: "POST /login/code/resend", Permission: Public, Verb: "signin.resend", Action: s.codeResend},
		{Pattern: "GET /login/forgot", Permission: Public, Action: s.forgotForm},
		{Pattern: "POST /login/forgot", Permission: Public, Verb: "password.forgot", Action: s.forgotPost},
		{Pattern: "POST /logout", Permission: SignedIn, Verb: "signin.end", Action: s.logout, BeforeChange: true, WhileLocked: true, InSupport: true},
		{Pattern: "GET /session", Permission: SignedIn, Action: s.sessionGet, Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},
		{Pattern: "POST /session", Permission: SignedIn, Verb: "session.continue", Action: s.sessionGet, BeforeChange: true, InSupport: true},
		{Pattern: "GET /unlock", Permission: SignedIn, Action: s.unlockForm, Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},
		{Pattern: "POST /unlock", Permission: SignedIn, Verb: "screen.open", Action: s.unlockPost, Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},
		{Pattern: "POST /screen/lock", Permission: SignedIn, Verb: "screen.lock", Action: s.screenLock, Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},

		{Pattern: "GET /trust", Permission: Public, Action: s.trustPage},
		{Pattern: "GET /trust.json", Permission: Public, Action: s.trustJSON},
		{Pattern: "GET /demo/mail", Permission: Public, Action: s.demoMail},

		{Pattern: "GET /{$}", Permission: SignedIn, Action: s.home, InSupport: true},
		{Pattern: "GET /me", Permission: SignedIn, Action: s.mePage},
		{Pattern: "GET /me/readers", Permission: access.PersonReadSelf, Action: s.readersPage},
		{Pattern: "POST /me/consent", Permission: access.ConsentSelf, Verb: "consent.set", Action: s.consentPost},
		{Pattern: "GET /me/password", Permission: SignedIn, Action: s.passwordForm, BeforeChange: true},
		{Pattern: "POST /me/password", Permission: SignedIn, Verb: "password.change", Action: s.passwordPost, BeforeChange: true},
		{Pattern: "GET /me/security", Permission: SignedIn, Action: s.securityPage},
		{Pattern: "POST /me/sessions/{id}/end", Permission: SignedIn, Verb: "session.end", Action: s.sessionEnd},
		{Pattern: "POST /me/email", Permission: SignedIn, Verb: "email.ask", Action: s.emailPost},
		{Pattern: "POST /me/email/cancel", Permission: SignedIn, Verb: "email.cancel", Action: s.emailDrop},

		{Pattern: "GET /users", Permission: access.AccountManage, Action: s.usersPage},
		{Pattern: "GET /users/new", Permission: access.AccountManage, Action: s.userNew},
		{Pattern: "POST /users", Permission: access.AccountManage, Verb: "account.create", Action: s.userCreate},
		{Pattern: "POST /users/unlock", Permission: access.AccountUnlock, Verb: "account.unlock_all", Action: s.usersUnlock},
		{Pattern: "POST /users/screen", Permission: access.AccountManage, Verb: "settings.screen", Action: s.usersScreen},
		{Pattern: "POST /users/sessions", Permission: access.AccountManage, Verb: "account.sessions_all", Action: s.usersSessions},
		{Pattern: "GET /users/{id}", Permission: access.AccountManage, Action: s.userPage},
		{Pattern: "POST /users/{id}/shared", Permission: access.AccountManage, Verb: "account.shared", Action: s.userAct(s.userShared)},
		{Pattern: "POST /users/{id}/vouch", Permission: access.AccountVouch, Verb: "account.vouch", Action: s.userAct(s.userVouch)},
		{Pattern: "POST /users/vouch", Permission: access.AccountVouchFor, Verb: "account.vouch_for", Action: s.usersVouch},
		{Pattern: "POST /users/{id}/roles", Permission: access.AccountManage, Verb: "account.roles", Action: s.userAct(s.userRoles)},
		{Pattern: "POST /users/{id}/personnel", Permission: access.AccountManage, Verb: "account.personnel", Action: s.userAct(s.userPersonnel)},
		{Pattern: "POST /users/{id}/disable", Permission: access.AccountManage, Verb: "account.disable", Action: s.userAct(s.userDisable)},
		{Pattern: "POST /users/{id}/enable", Permission: access.AccountManage, Verb: "account.enable", Action: s.userAct(s.userEnable)},
		{Pattern: "POST /users/{id}/unlock", Permission: access.AccountUnlock, Verb: "account.unlock", Action: s.userAct(s.userUnlock)},
		{Pattern: "POST /users/{id}/sessions", Permission: access.AccountManage, Verb: "account.sessions", Action: s.userAct(s.userSessions)},
		{Pattern: "POST /users/{id}/reset", Permission: access.AccountManage, Verb: "account.reset", Action: s.userReset},

		{Pattern: "GET /sealed", Permission: access.SealedRead, Action: s.sealedPage},
		{Pattern: "POST /sealed", Permission: access.SealedSeal, Verb: "sealed.seal", Action: s.sealedSeal},
		{Pattern: "POST /sealed/{id}/stop", Permission: access.SealedReview, Verb: "sealed.stop", Action: s.sealedStop},
		{Pattern: "POST /sealed/{id}/review", Permission: access.SealedReview, Verb: "sealed.review", Action: s.sealedReview},
		{Pattern: "GET /emergency", Permission: access.EmergencyAct, Action: s.emergencyPage},
		{Pattern: "POST /emergency/why", Permission: access.EmergencyAct, Verb: "sealed.why", Action: s.emergencyWhy},
		{Pattern: "POST /emergency/unlock/{id}", Permission: access.EmergencyAct, Verb: "account.unlock", Action: s.emergencyUnlock},
		{Pattern: "GET /support", Permission: access.SupportDesk, Action: s.supportDesk},
		{Pattern: "POST /support", Permission: access.SupportAsk, Verb: "support.ask", Action: s.supportAsk},
		{Pattern: "POST /support/{id}/approve", Permission: access.SupportApprove, Verb: "support.approve", Action: s.supportAct(s.supportApprove)},
		{Pattern: "POST /support/{id}/refuse", Permission: access.SupportApprove, Verb: "support.refuse", Action: s.supportAct(s.supportRefuse)},
		{Pattern: "POST /support/{id}/enter", Permission: access.SupportAsk, Verb: "support.enter", Action: s.supportEnter},
		{Pattern: "POST /support/{id}/end", Permission: access.SupportAsk, Verb: "support.end", Action: s.supportAct(s.supportEnd)},
		{Pattern: "POST /support/leave", Permission: SignedIn, Verb: "support.leave", Action: s.supportLeave, InSupport: true},
		{Pattern: "GET /visits", Permission: access.SupportSee, Action: s.visitsPage},
		{Pattern: "GET /visits/{id}", Permission: access.SupportSee, Action: s.visitPage},
		{Pattern: "POST /visits/{id}/stop", Permission: access.SupportStop, Verb: "support.stop", Action: s.visitStop},
		{Pattern: "GET /reviews", Permission: access.ReviewRead, Action: s.reviewsPage},
		{Pattern: "GET /reviews/{id}", Permission: access.ReviewRead, Action: s.reviewPage},
		{Pattern: "GET /reviews/{id}/report", Permission: access.ReviewRead, Action: s.reviewReport},
		{Pattern: "GET /reviews/{id}/report.json", Permission: access.ReviewRead, Action: s.reviewFile("json")},
		{Pattern: "GET /reviews/{id}/lines.csv", Permission: access.ReviewRead, Action: s.reviewFile("csv")},
		{Pattern: "POST /reviews/{id}/decide", Permission: access.ReviewDecide, Verb: "review.decide", Action: s.reviewDecide},
		{Pattern: "POST /reviews/{id}/keep", Permission: access.ReviewDecide, Verb: "review.keep_rest", Action: s.reviewKeepRest},

		{Pattern: "GET /access", Permission: access.MatrixRead, Action: s.accessPage},
		{Pattern: "GET /access.csv", Permission: access.MatrixRead, Action: s.accessCSV},
		{Pattern: "GET /audit", Permission: access.AuditRead, Action: s.auditPage},

		{Pattern: "GET /keys", Permission: access.KeyRead, Action: s.keysPage},
		{Pattern: "POST /keys/rotate", Permission: access.KeyRotate, Verb: "key.rotate", Action: s.keysRotate},
		{Pattern: "GET /jobs", Permission: access.JobRead, Action: s.jobsPage},
		{Pattern: "POST /jobs/{id}/retry", Permission: access.JobRetry, Verb: "job.retry", Action: s.jobRetry},
		{Pattern: "GET /assets", Permission: access.AssetRead, Action: s.assetsPage},
		{Pattern: "POST /assets/claim", Permission: access.AssetManage, Verb: "asset.claim", Action: s.assetClaim},
		{Pattern: "POST /assets/dispose", Permission: access.AssetManage, Verb: "asset.dispose", Action: s.assetAsk},
		{Pattern: "POST /assets/disposals/{id}/decide", Permission: access.AssetManage, Verb: "asset.decide", Action: s.assetDecide},
		{Pattern: "POST /assets/disposals/{id}/carry", Permission: access.AssetManage, Verb: "asset.carry", Action: s.assetCarry},

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
		{Pattern: "POST /imports/{id}/leavers", Permission: access.PeopleChange, Verb: "roster.leavers", Action: s.importLeavers},
		{Pattern: "POST /imports/{id}/withdraw", Permission: access.ImportWithdraw, Verb: "import.withdraw", Action: s.importWithdraw},

		{Pattern: "GET /worklist", Permission: access.CheckupDecide, Action: s.worklistPage},
		{Pattern: "GET /people/{id}/decide/{result}", Permission: access.CheckupDecide, Action: s.decideForm},
		{Pattern: "POST /people/{id}/decide/{result}", Permission: access.CheckupDecide, Verb: "checkup.decide", Action: s.decidePost},
		{Pattern: "POST /people/{id}/treated/{result}", Permission: access.CheckupDecide, Verb: "checkup.treated", Action: s.treatedPost},
		{Pattern: "POST /people/{id}/followup/{result}", Permission: access.FollowUpNote, Verb: "followup.note", Action: s.followPost},
		{Pattern: "GET /measures", Permission: access.MeasuresRead, Action: s.measuresPage},

		{Pattern: "GET /criteria", Permission: access.CriteriaRead, Action: s.criteriaPage},
		{Pattern: "GET /criteria/new", Permission: access.CriteriaEdit, Action: s.criteriaNew},
		{Pattern: "POST /criteria/draft", Permission: access.CriteriaEdit, Verb: "criteria.draft", Action: s.criteriaDraft},
		{Pattern: "POST /criteria/{id}/approve", Permission: access.CriteriaApprove, Verb: "criteria.approve", Action: s.criteriaApprove},
		{Pattern: "POST /criteria/{id}/activate", Permission: access.CriteriaApprove, Verb: "criteria.activate", Action: s.criteriaActivate},
		{Pattern: "POST /criteria/rejudge", Permission: access.CriteriaApprove, Verb: "criteria.rejudge", Action: s.criteriaRejudge},
	}
}
