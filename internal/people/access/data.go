package access

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// Level is how much of a kind of data one may see. The order is the order of the constants.
type Level int

const (
	None      Level = iota // × not at all
	Consent                // C only with that person's consent
	Processed              // △ only processed: counts, the measure itself, one's own part
	Rule                   // ○ as far as the employer's written rule allows; View resolves it
	Raw                    // ◎ as it is
)

// Mark is the sign of the level in the published table.
func (l Level) Mark() string { return [...]string{"×", "C", "△", "○", "◎"}[l] }

// DataKind is a row of the table of health.md §2.4.
type DataKind string

const (
	Taken           DataKind = "taken"            // whether the check-up was taken
	StatutoryValues DataKind = "statutory-values" // values of items required by law
	OtherValues     DataKind = "other-values"     // values of other items (smoking, history beyond the law, …)
	Judgement       DataKind = "judgement"        // A to E, re-examination needed
	Opinion         DataKind = "opinion"          // physician's opinion, work fitness, measures
	Guidance        DataKind = "guidance"         // health guidance and consultations
	StressTaken     DataKind = "stress-taken"
	StressResult    DataKind = "stress-result"
	StressRequest   DataKind = "stress-request"
	InterviewRecord DataKind = "interview-record"
	GroupAnalysis   DataKind = "group-analysis" // ten people or more
	GroupSmall      DataKind = "group-small"    // fewer than ten
	Overtime        DataKind = "overtime"
	Logs            DataKind = "logs"
)

// DataRow is one kind of data and the level of each role; a role that is absent has None.
type DataRow struct {
	Kind  DataKind
	Says  string
	Level map[actor.Role]Level
}

type levels = map[actor.Role]Level

// Data is who may see what. An employee's level is for the employee's own data only; a manager's for the
// people of the manager's departments. Tenant administrators and the association see no health data; in a
// borrowed role the association sees what the case needs: who was examined, or one person's results.
// 産業医 and 保健師 see stress results only when appointed to carry the check out; whoever is, sees nothing else.
var Data = []DataRow{
	{Taken, "健診を受けたか", levels{actor.Employee: Raw, actor.Manager: Processed, actor.HR: Raw, actor.Nurse: Raw, actor.Physician: Raw, actor.SupportLists: Raw, actor.SupportPerson: Raw}},
	{StatutoryValues, "健診の値（法定項目）", levels{actor.Employee: Raw, actor.HR: Rule, actor.Nurse: Raw, actor.Physician: Raw, actor.SupportPerson: Raw}},
	{OtherValues, "健診の値（法定外項目）", levels{actor.Employee: Raw, actor.Nurse: Consent, actor.Physician: Consent}},
	{Judgement, "判定（A〜E）・要精検", levels{actor.Employee: Raw, actor.HR: Rule, actor.Nurse: Raw, actor.Physician: Raw, actor.SupportPerson: Raw}},
	{Opinion, "医師の意見・就業区分・措置", levels{actor.Employee: Raw, actor.Manager: Processed, actor.HR: Raw, actor.Nurse: Raw, actor.Physician: Raw}},
	{Guidance, "保健指導・相談の記録", levels{actor.Employee: Raw, actor.Nurse: Raw, actor.Physician: Raw}},
	{StressTaken, "ストレスチェックを受けたか", levels{actor.Employee: Raw, actor.HR: Raw, actor.Nurse: Rule, actor.Physician: Rule, actor.StressImplementer: Raw, actor.StressStaff: Raw}},
	{StressResult, "ストレスチェックの個人結果", levels{actor.Employee: Raw, actor.HR: Consent, actor.Nurse: Consent, actor.Physician: Consent, actor.StressImplementer: Raw, actor.StressStaff: Raw}},
	{StressRequest, "面接の申出", levels{actor.Employee: Raw, actor.HR: Raw, actor.Nurse: Raw, actor.Physician: Raw, actor.StressImplementer: Raw, actor.StressStaff: Raw}},
	{InterviewRecord, "面接の記録", levels{actor.Employee: Raw, actor.Nurse: Rule, actor.Physician: Raw}},
	{GroupAnalysis, "集団分析（10人以上）", levels{actor.Manager: Rule, actor.HR: Raw, actor.Nurse: Raw, actor.Physician: Raw, actor.StressImplementer: Raw, actor.StressStaff: Raw}},
	{GroupSmall, "集団分析（10人未満）", levels{actor.HR: Consent, actor.StressImplementer: Raw, actor.StressStaff: Raw}},
	{Overtime, "残業時間", levels{actor.Employee: Raw, actor.Manager: Raw, actor.HR: Raw, actor.Nurse: Raw, actor.Physician: Raw}},
	{Logs, "操作・アクセスの記録", levels{actor.Employee: Processed, actor.TenantAdmin: Rule, actor.Operator: Raw, actor.ITSM: Raw, actor.Auditor: Raw}},
}

// TenantRule is the employer's written rule on handling health information (取扱規程): it decides the ○
// cells of the table and can never widen any other cell.
type TenantRule struct {
	HRJudgement      bool // HR sees judgements
	HRValues         bool // HR sees values of statutory items
	StaffStressTaken bool // physician and nurse see who took the stress check
	NurseInterview   bool // nurses read interview records
	ManagerGroup     bool // managers see the group analysis
}

// DefaultRule is what a tenant starts with.
func DefaultRule() TenantRule {
	return TenantRule{HRJudgement: true, StaffStressTaken: true, NurseInterview: true}
}

// allows decides one ○ cell. A tenant administrator's own tenant's logs need no rule.
func (t TenantRule) allows(k DataKind, r actor.Role) bool {
	switch {
	case k == Judgement && r == actor.HR:
		return t.HRJudgement
	case k == StatutoryValues && r == actor.HR:
		return t.HRValues
	case k == StressTaken && (r == actor.Physician || r == actor.Nurse):
		return t.StaffStressTaken
	case k == InterviewRecord && r == actor.Nurse:
		return t.NurseInterview
	case k == GroupAnalysis && r == actor.Manager:
		return t.ManagerGroup
	case k == Logs && r == actor.TenantAdmin:
		return true
	}
	return false
}

type cell struct {
	kind DataKind
	role actor.Role
}

var cells = func() map[cell]Level {
	m := map[cell]Level{}
	for _, row := range Data {
		for r, l := range row.Level {
			m[cell{row.Kind, r}] = l
		}
	}
	return m
}()

// View tells how much of k the actor may see: the widest of the actor's roles, where an employee's role
// counts only when the data is the actor's own. It looks neither at tenant, site nor department: See does.
// It never returns Rule: the tenant's rule turns it into Raw or None.
func View(a actor.Actor, k DataKind, own bool, rule TenantRule) Level {
	best := None
	if a.Kind != actor.Human {
		return best
	}
	for _, r := range a.Roles {
		best = max(best, view(a, r, k, own, rule))
	}
	return best
}

func view(a actor.Actor, r actor.Role, k DataKind, own bool, rule TenantRule) Level {
	if r == actor.Employee && (!own || a.Person == "") {
		return None
	}
	l := cells[cell{k, r}]
	if l != Rule {
		return l
	}
	if rule.allows(k, r) {
		return Raw
	}
	return None
}

// Subject is the person whose data is asked for, and where the person belongs.
type Subject struct {
	Tenant ids.Tenant
	Person ids.Person
	Site   ids.Site
	Dept   ids.Dept
}

// See is View for one person: nothing of another tenant; an employee only the employee's own; a manager
// only the manager's departments; support only the one person it was given; every other role only the sites
// in scope.
func See(a actor.Actor, k DataKind, s Subject, rule TenantRule) Level {
	best := None
	if a.Kind != actor.Human || a.Tenant == "" || a.Tenant != s.Tenant {
		return best
	}
	own := s.Person != "" && s.Person == a.Person
	for _, r := range a.Roles {
		if covers(a, r, own, s) {
			best = max(best, view(a, r, k, own, rule))
		}
	}
	return best
}

// covers tells whether s lies in the scope of one of the actor's roles.
func covers(a actor.Actor, r actor.Role, own bool, s Subject) bool {
	switch r {
	case actor.Employee:
		return own
	}
	return roleReach(a, r).Covers(s.Person, s.Site, s.Dept)
}
