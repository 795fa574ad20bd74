package access

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// dataExpected is health.md §2.4 for the roles of this product, typed anew: ◎ R, ○ o, △ p, C c, × -.
// Columns: employee manager hr nurse physician stress-implementer stress-staff tenantadmin operator itsm auditor support-lists support-person
// emergency.
const dataExpected = `
taken            R p R R R - - - - - - R R -
statutory-values R - o R R - - - - - - - R -
other-values     R - - c c - - - - - - - - -
judgement        R - o R R - - - - - - - R -
opinion          R p R R R - - - - - - - - -
guidance         R - - R R - - - - - - - - -
stress-taken     R - R o o R R - - - - - - -
stress-result    R - c c c R R - - - - - - -
stress-request   R - R R R R R - - - - - - -
interview-record R - - o R - - - - - - - - -
group-analysis   - o R R R R R - - - - - - -
group-small      - - c - - R R - - - - - - -
overtime         R R R R R - - - - - - - - -
logs             p - - - - - - o R R R - - -
`

// letters are the levels after the tenant's rule has spoken.
func level(letter string, ruleSays bool) Level {
	switch {
	case letter == "R" || letter == "o" && ruleSays:
		return Raw
	case letter == "p":
		return Processed
	case letter == "c":
		return Consent
	}
	return None
}

func TestEveryDataCell(t *testing.T) {
	all := TenantRule{HRJudgement: true, HRValues: true, StaffStressTaken: true, NurseInterview: true, ManagerGroup: true}
	rules := map[string]TenantRule{"default": DefaultRule(), "all": all, "nothing": {}}
	says := func(rule, kind string, r actor.Role) bool {
		switch {
		case kind == "logs" && r == actor.TenantAdmin, rule == "all":
			return true
		case rule == "nothing":
			return false
		}
		return kind != "statutory-values" && kind != "group-analysis" // the default: everything but HR's values and managers' groups
	}
	count, kinds := 0, 0
	for line := range strings.Lines(strings.TrimSpace(dataExpected)) {
		f := strings.Fields(line)
		kinds++
		for i, r := range actor.Columns {
			for name, rule := range rules {
				for _, own := range []bool{false, true} {
					want := level(f[1+i], says(name, f[0], r))
					if r == actor.Employee && !own {
						want = None
					}
					if got := View(human(r), DataKind(f[0]), own, rule); got != want {
						t.Errorf("%s for %s, own %v, rule %s: %s, want %s", f[0], r, own, name, got.Mark(), want.Mark())
					}
					count++
				}
			}
		}
	}
	if kinds != len(Data) {
		t.Errorf("%d kinds expected, %d in the table", kinds, len(Data))
	}
	t.Logf("%d decisions", count)
}

func TestNobodyElseSees(t *testing.T) {
	for _, row := range Data {
		for name, a := range map[string]actor.Actor{"machine": actor.System("t1", ""), "host": actor.HostOperator("t1", ""), "no roles": human(), "unknown role": human("root")} {
			if l := View(a, row.Kind, true, DefaultRule()); l != None {
				t.Errorf("%s sees %s: %s", name, row.Kind, l.Mark())
			}
		}
	}
	if View(human(actor.Physician), "unknown", false, DefaultRule()) != None {
		t.Error("an unknown kind is shown")
	}
	unlinked := human(actor.Employee)
	unlinked.Person = ""
	if View(unlinked, Judgement, true, DefaultRule()) != None {
		t.Error("an employee without a person sees data as own")
	}
}

// TestManagerSeesOnlyMeasures: of a check-up, the measure and the count of who took it, of own departments.
func TestManagerSeesOnlyMeasures(t *testing.T) {
	m := human(actor.Manager)
	m.Places = map[actor.Role][]actor.Place{actor.Manager: {{Dept: "d1"}}}
	all := TenantRule{HRJudgement: true, HRValues: true, StaffStressTaken: true, NurseInterview: true, ManagerGroup: true}
	mine, other := Subject{Tenant: "t1", Person: "p2", Site: "s1", Dept: "d1"}, Subject{Tenant: "t1", Person: "p3", Site: "s1", Dept: "d2"}
	for _, k := range []DataKind{StatutoryValues, OtherValues, Judgement, Guidance, StressTaken, StressResult, StressRequest, InterviewRecord} {
		if l := See(m, k, mine, all); l != None {
			t.Errorf("a manager sees %s: %s", k, l.Mark())
		}
	}
	if See(m, Opinion, mine, all) != Processed || See(m, Opinion, other, all) != None {
		t.Error("the measure of an own person is not processed, or another department's is shown")
	}
	if Reaches(m, MeasuresRead, other) || !Reaches(m, MeasuresRead, mine) {
		t.Error("the scope of a manager is wrong")
	}
	m.Places = nil
	if See(m, Opinion, mine, all) != None {
		t.Error("a manager without departments sees somebody")
	}
	if See(m, Opinion, Subject{Tenant: "t1", Person: "p4"}, all) != None {
		t.Error("a person without a department is seen by a manager")
	}
}

func TestScope(t *testing.T) {
	n := human(actor.Nurse)
	s := Subject{Tenant: "t1", Person: "p2", Site: "s1", Dept: "d1"}
	for _, c := range []struct {
		sites []ids.Site
		want  Level
	}{{nil, Raw}, {[]ids.Site{}, None}, {[]ids.Site{"s2"}, None}, {[]ids.Site{"s2", "s1"}, Raw}} {
		n.Places = nil
		if c.sites != nil {
			n.Places = map[actor.Role][]actor.Place{actor.Nurse: {}}
		}
		for _, site := range c.sites {
			n.Places[actor.Nurse] = append(n.Places[actor.Nurse], actor.Place{Site: site})
		}
		if got := See(n, Judgement, s, DefaultRule()); got != c.want {
			t.Errorf("sites %v: %s, want %s", c.sites, got.Mark(), c.want.Mark())
		}
		if got := Reaches(n, PersonRead, s); got != (c.want != None) {
			t.Errorf("sites %v: in scope %v", c.sites, got)
		}
	}
	n.Places = nil
	other := s
	other.Tenant = "t2"
	if See(n, Judgement, other, DefaultRule()) != None || Reaches(n, PersonRead, other) {
		t.Error("another tenant's person is seen")
	}
	if See(actor.Actor{Kind: actor.Human, Roles: actor.Roles}, Judgement, Subject{}, DefaultRule()) != None {
		t.Error("an actor without a tenant sees a subject without one")
	}
}

// TestScopeIsPerRole: one who is nurse of one site and an employee sees the own record everywhere, and a
// nurse's manager role does not borrow the nurse's sites.
func TestScopeIsPerRole(t *testing.T) {
	a := human(actor.Nurse, actor.Employee, actor.Manager)
	a.Places = map[actor.Role][]actor.Place{actor.Nurse: {{Site: "s1"}}}
	own := Subject{Tenant: "t1", Person: "p1", Site: "s9", Dept: "d9"}
	if See(a, Judgement, own, DefaultRule()) != Raw {
		t.Error("the own record is hidden")
	}
	own.Person = "p5"
	if See(a, Judgement, own, DefaultRule()) != None {
		t.Error("another site is seen")
	}
	own.Dept, a.Places[actor.Manager] = "d1", []actor.Place{{Dept: "d1"}}
	if See(a, Judgement, own, DefaultRule()) != None || See(a, Opinion, own, DefaultRule()) != Processed {
		t.Error("the manager role lends or loses scope")
	}
}

func TestNoHealthDataForTheAssociation(t *testing.T) {
	s := Subject{Tenant: "t1", Person: "p1", Site: "s1", Dept: "d1"}
	for _, r := range []actor.Role{actor.TenantAdmin, actor.Operator, actor.ITSM, actor.Auditor} {
		for _, row := range Data {
			if l := See(human(r), row.Kind, s, TenantRule{true, true, true, true, true}); l != None && row.Kind != Logs {
				t.Errorf("%s sees %s: %s", r, row.Kind, l.Mark())
			}
		}
	}
}

// TestSupportSeesOnePerson: whoever of the association has access to one person's record finds nobody else,
// and in the lists sees that somebody was examined but not what came of it (AC-OPERATOR).
func TestSupportSeesOnePerson(t *testing.T) {
	all := TenantRule{HRJudgement: true, HRValues: true, StaffStressTaken: true, NurseInterview: true, ManagerGroup: true}
	a := human(actor.SupportPerson)
	a.Person, a.Only = "", "p2"
	mine, other := Subject{Tenant: "t1", Person: "p2", Site: "s1"}, Subject{Tenant: "t1", Person: "p3", Site: "s1"}
	if See(a, StatutoryValues, mine, all) != Raw || !Reaches(a, PersonRead, mine) {
		t.Error("the person asked for is hidden")
	}
	for _, row := range Data {
		if See(a, row.Kind, other, all) != None {
			t.Errorf("%s of another person is seen", row.Kind)
		}
	}
	a.Only = ""
	if Reaches(a, PersonRead, Subject{Tenant: "t1"}) || Reaches(a, PersonRead, other) {
		t.Error("an access to nobody finds somebody")
	}
	lists := human(actor.SupportLists)
	for _, row := range Data {
		if l := See(lists, row.Kind, mine, all); (l != None) != (row.Kind == Taken) {
			t.Errorf("the lists show %s: %s", row.Kind, l.Mark())
		}
	}
}

// TestBorrowedRolesOnlyRead: no row of the matrix lets a borrowed role act, export or decide.
func TestBorrowedRolesOnlyRead(t *testing.T) {
	reads := map[Permission]bool{PeopleRead: true, PersonRead: true, CheckupList: true, ImportRead: true}
	for _, row := range Matrix {
		for _, r := range []actor.Role{actor.SupportLists, actor.SupportPerson} {
			if Allows(human(r), row.Permission) && !reads[row.Permission] {
				t.Errorf("%s may %s", r, row.Permission)
			}
		}
	}
}
