package checkup

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// Filter of a list; the zero value is everybody of the running fiscal year.
type Filter struct {
	Year       int
	Site, Dept string // identifier, code or name
	Judgement  string // "A" … "E", "C+" (that or worse), "none" (not examined), "guidance", "referral"
	Fitness    string // "waiting" (no opinion yet though one is due), of these "overdue" or "upcoming"; or a Fitness
	Follow     string // "open" (a doctor was recommended and nothing is noted yet) or "done"
	Q          string // part of number, name or kana
	Sort       string // "number", "name", "judgement", "day", "dept"; a leading "-" turns it round
	Page, Per  int    // from 1; 50 a page
}

// NotExamined is the Letter under which people without a result are counted, and the filter for them.
const NotExamined Letter = "none"

// ListView is one page of the list and what stands around it.
type ListView struct {
	Filter               Filter
	Years                []int
	Total, Page, Pages   int
	Rows                 []ListRow
	Counts               []Count     // per judgement, whatever Filter.Judgement and Filter.Fitness say
	Depts                []DeptCount // likewise
	Population, Examined int
	ShowJudgement        bool
	ShowFitness          bool
	ShowFollow           bool
	Sites                []org.Site
	Departments          []org.Dept
}

// ListRow is one person. What the reader may not see is empty.
type ListRow struct {
	Person            ids.Person
	Number            string
	Name, Kana        string
	Site, Dept        string
	Left              bool
	Examined          bool
	Day               jst.Date
	Result            ids.Result
	Judgement         Letter
	Action            Action
	Metabolic         Metabolic
	Worst             []string // names of the deciding items
	MedicationUnknown bool
	Fitness           Fitness
	Deadline          jst.Date // for the physician's opinion; zero when none is due
	DaysLeft          int
	Follow            string  // FollowOpen, FollowDone or ""
	Outcome           Outcome // of FollowDone
	FollowDay         jst.Date
}

// Count is how many people have a judgement; Letter is NotExamined, or empty for "examined, not judged".
type Count struct {
	Letter Letter
	N      int
}

// DeptCount is one department's share.
type DeptCount struct {
	Site, Dept           string
	DeptID               ids.Dept
	Population, Examined int
	Letters              map[Letter]int
}

// eye is one reader's view of lists: those within the reach of the permission by which the list is read.
type eye struct {
	a      actor.Actor
	rule   access.TenantRule
	today  jst.Date
	reach  actor.Reach
	follow actor.Reach // of the notes on recommendations
}

func (s *Service) eye(ctx context.Context, a actor.Actor, with access.Permission) (*eye, error) {
	rule, err := s.rule(ctx, a.Tenant)
	return &eye{a, rule, jst.Of(time.Now()), access.ReachOf(a, with), access.ReachOf(a, access.FollowUpNote)}, err
}

// reaches tells whether a person is within reach.
func (e *eye) reaches(r actor.Reach, l *line) bool {
	return r.Covers(l.Person.ID, l.Person.Site, l.Person.Dept)
}

func (e *eye) level(k access.DataKind, l *line) access.Level {
	return access.See(e.a, k, access.Subject{Tenant: e.a.Tenant, Person: l.Person.ID, Site: l.Person.Site, Dept: l.Person.Dept}, e.rule)
}

func (e *eye) sees(k access.DataKind, l *line) bool { return e.level(k, l) > access.Consent }

// letter is the judgement as far as the reader sees it.
func (e *eye) letter(l *line) Letter {
	if l.exam == nil {
		return NotExamined
	}
	if !e.sees(access.Judgement, l) {
		return ""
	}
	return l.Overall
}

func (e *eye) row(n *snapshot, l *line) ListRow {
	r := ListRow{
		Person: l.Person.ID, Number: l.Number, Name: l.Name, Kana: l.Kana, Site: l.site, Dept: l.dept,
		Left: l.LeftBy(e.today), Examined: l.exam != nil,
	}
	if l.exam == nil {
		return r
	}
	r.Day, r.Result = l.day, l.result
	if e.sees(access.Judgement, l) {
		r.Judgement, r.Action = l.Overall, l.Action
	}
	if e.sees(access.StatutoryValues, l) {
		r.Metabolic, r.MedicationUnknown = l.Metabolic, l.MedicationUnknown
		r.Worst = e.worst(l)
	}
	if r.Follow = e.follows(n, l); r.Follow == FollowDone {
		r.Outcome, r.FollowDay = n.followUps[l.result].Outcome, n.followUps[l.result].Day
	}
	if e.sees(access.Opinion, l) {
		if o := n.opinion(l); o != nil {
			r.Fitness = o.Fitness
		} else if n.waits(l) {
			r.Deadline = jst.ThreeMonthDeadline(l.day)
			r.DaysLeft = r.Deadline.Sub(e.today)
		}
	}
	return r
}

// follows tells how a recommendation stands, as far as the reader may know.
func (e *eye) follows(n *snapshot, l *line) string {
	if !e.reaches(e.follow, l) || !e.sees(access.Judgement, l) {
		return ""
	}
	return n.follow(l)
}

// waits tells whether a person is known to the reader to wait for the physician, and until when.
func (e *eye) waits(n *snapshot, l *line) (due jst.Date, ok bool) {
	if !n.waits(l) || !e.sees(access.Judgement, l) || !e.sees(access.Opinion, l) {
		return due, false
	}
	return jst.ThreeMonthDeadline(l.day), true
}

// optionalItems stands for items beyond the law, which a list does not name without consent.
const optionalItems = "法定外の項目"

func (e *eye) worst(l *line) (out []string) {
	every := e.sees(access.OtherValues, l)
	for _, it := range l.Worst {
		name := it.Name
		if !it.Statutory && !every {
			name = optionalItems
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// lists: a person is on the list of whoever may know at least whether the person was examined.
func (e *eye) lists(l *line) bool {
	return e.reaches(e.reach, l) && e.level(access.Taken, l) > access.Consent
}
