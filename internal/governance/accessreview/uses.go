package accessreview

import (
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
)

// traces are the events that the use of a permission leaves in the audit log. A permission that is not here
// leaves none of its own, and nothing is said about its use.
var traces = map[access.Permission][]string{
	access.PeopleImport:    {"roster.upload", "roster.confirm", "roster.withdraw"},
	access.PeopleRead:      {"people.list", "person.history"},
	access.PeopleChange:    {"people.change"},
	access.PersonRead:      {"person.read", "checkup.view"},
	access.PersonReadSelf:  {"checkup.view"},
	access.ConsentSelf:     {"consent.set"},
	access.MeasuresRead:    {"checkup.measures"},
	access.CheckupImport:   {"checkup.import", "checkup.import.confirm"},
	access.ImportWithdraw:  {"checkup.import.withdraw", "roster.withdraw"},
	access.MappingEdit:     {"checkup.mapping"},
	access.CheckupList:     {"checkup.list"},
	access.CheckupExport:   {"checkup.export"},
	access.CheckupDecide:   {"checkup.decide", "checkup.treated", "checkup.worklist"},
	access.CriteriaRead:    {"checkup.criteria"},
	access.CriteriaEdit:    {"criteria.draft"},
	access.CriteriaApprove: {"criteria.approve", "criteria.activate", "checkup.rejudge"},
	access.AccountManage:   {"account.created", "account.roles_set", "account.personnel_set", "account.disabled", "account.enabled", "auth.password_reset", "settings.screen"},
	access.AccountUnlock:   {"auth.unlocked"},
	access.AccountVouch:    {"account.vouched"},
	access.TenantManage:    {"tenant.created"},
	access.ReviewDecide:    {"review.decided"},
}

// UseOf reads the use of a role out of how often each event stands in the log for an account.
func UseOf(role actor.Role, seen map[string]int) (u Use) {
	for _, row := range access.Matrix {
		verbs := traces[row.Permission]
		if len(verbs) == 0 || !slices.Contains(row.Roles, role) {
			continue
		}
		u.Of++
		n := 0
		for _, v := range verbs {
			n += seen[v]
		}
		if n == 0 {
			u.Unused = append(u.Unused, row.Says)
			continue
		}
		u.Permissions = append(u.Permissions, row.Says)
		u.Times += n
	}
	return u
}
