package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/job"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/operations/jobs"
	"rakudos/internal/people/access"
	"rakudos/internal/words"
)

// jobsView is the work that goes on behind the pages, and what of it was given up.
type jobsView struct {
	Page
	Queue    jobs.View
	Since    time.Time // since when work that is due has waited too long
	Lines    []jobLine
	More     int // dead letters that are not shown
	MayRetry bool
}

// jobLine is one piece of work that was given up, in words.
type jobLine struct {
	job.Dead
	Says, Whose, Why string
	Ended            bool // what it stood for has ended without it: doing it again only takes it off the list
}

// endedWith are the kinds whose work ends, for the customer to see, when it is given up.
var endedWith = []string{"checkup.read", "checkup.apply", "roster.read", "roster.apply"}

// Template names the file.
func (*jobsView) Template() string { return "jobs" }

func (s *server) jobsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	q, err := s.Jobs.View(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	view := &jobsView{
		Page: Page{Title: "自動の処理", Here: "/jobs"}, Queue: q, Since: q.Waits(time.Now()),
		More: q.Stats.Dead - len(q.Dead), MayRetry: access.Allows(v.Actor, access.JobRetry),
	}
	for _, d := range q.Dead {
		line := jobLine{Dead: d, Says: JobName(d.Kind), Whose: "サービス", Why: jobFault(d.Error), Ended: slices.Contains(endedWith, d.Kind)}
		if d.Tenant != ids.System {
			line.Whose = "消去された契約先"
			if t, err := s.tenant(r.Context(), d.Tenant); err == nil {
				line.Whose = t.Name
			} else if !fault.Is(err, fault.Missing) {
				return err
			}
		}
		view.Lines = append(view.Lines, line)
	}
	return s.page(w, r, v, view)
}

func (s *server) jobRetry(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Jobs.Retry(r.Context(), v.Actor, ids.Job(r.PathValue("id"))); err != nil {
		return err
	}
	return goTo(w, r, "/jobs?done=retried")
}

// jobFault says why a piece of work was given up; what the catalogue does not know is shown as the program wrote it.
func jobFault(text string) string {
	if _, code, ok := strings.Cut(text, ": "); ok && words.Known(code) {
		if says := words.Fault(fault.New(fault.Internal, code)).Message; !strings.Contains(says, "{") {
			return says
		}
	}
	return ""
}

// JobName is a kind of work in the words of the register of stores; a kind that it does not have is shown as it is.
func JobName(kind string) string {
	all := erasure.Tables(erasure.Job)
	if i := slices.IndexFunc(all, func(s erasure.Store) bool { return s.Name == kind }); i >= 0 {
		return all[i].Says
	}
	return kind
}
