package web

import (
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/support"
)

// supportView is the association's desk: ask for access to a tenant, decide what others ask for, use it.
type supportView struct {
	Page
	Tenants    []choice
	Durations  []choice
	Scope      support.Scope
	Number     string
	Reason     string
	Ticket     string
	MayApprove bool
	Open, Past []supportLine
}

// supportLine is one access in words.
type supportLine struct {
	support.Access
	State   support.State
	Mine    bool // of the visitor
	Decides bool // the visitor may decide it
	Here    bool // usable in this session
	Why     string
}

// Template names the file.
func (*supportView) Template() string { return "support" }

// endWords say why an access ended.
var endWords = map[string]string{
	support.ByTime: "時間が来たため", support.ByAsker: "担当者が終えたため", support.ByTenant: "契約先の管理者が終わらせたため",
	support.BySignOut: "サインアウトしたため", support.Undecided: "承認されないまま期限が過ぎたため",
}

func newSupportLine(a support.Access, now time.Time) supportLine {
	l := supportLine{Access: a, State: a.At(now), Why: endWords[a.EndReason]}
	if l.State == support.Ended && l.Why == "" {
		l.Why = endWords[support.ByTime]
		if a.State == support.Asked {
			l.Why = endWords[support.Undecided]
		}
	}
	return l
}

func (s *server) supportView(r *http.Request, v *Visitor) (*supportView, error) {
	view := &supportView{Page: Page{Title: "サポート入室", Here: "/support"}, Scope: support.Lists, MayApprove: access.Allows(v.Actor, access.SupportApprove)}
	tenants, err := s.Support.Choices(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	for _, t := range tenants {
		view.Tenants = append(view.Tenants, choice{t.Code, t.Name, r.PostFormValue("tenant") == t.Code})
	}
	for _, m := range []int{15, 30, 60, 120, 240} {
		view.Durations = append(view.Durations, choice{strconv.Itoa(m), durationJA(m), m == 30})
	}
	all, err := s.Support.Desk(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for _, a := range all {
		l := newSupportLine(a, now)
		l.Mine = a.Asker == v.Account
		l.Decides = view.MayApprove && !l.Mine && l.State == support.Asked
		if l.State == support.Asked || l.State == support.Approved {
			view.Open = append(view.Open, l)
		} else {
			view.Past = append(view.Past, l)
		}
	}
	return view, nil
}

func durationJA(minutes int) string {
	if minutes%60 == 0 {
		return strconv.Itoa(minutes/60) + "時間"
	}
	return strconv.Itoa(minutes) + "分"
}

func (s *server) supportDesk(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.supportView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

var supportFields = map[string]string{"support.tenant": "tenant-code", "support.scope": "scope-lists", "support.number": "number", "support.reason": "reason", "support.ticket": "ticket", "support.minutes": "minutes"}

// supportAsk makes a request, or shows the form again with what was typed.
func (s *server) supportAsk(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	minutes, _ := strconv.Atoi(r.PostFormValue("minutes")) // what is no number is out of bounds
	q := support.Ask{TenantCode: r.PostFormValue("tenant"), Scope: support.Scope(r.PostFormValue("scope")), Number: r.PostFormValue("number"),
		Reason: r.PostFormValue("reason"), Ticket: r.PostFormValue("ticket"), Minutes: minutes}
	a, err := s.Support.Ask(r.Context(), v.Actor, q)
	if err == nil {
		if wantsJSON(r) {
			return sendJSON(w, http.StatusOK, map[string]string{"id": a.ID})
		}
		return goTo(w, r, "/support?done=asked")
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	view, verr := s.supportView(r, v)
	if verr != nil {
		return verr
	}
	view.Scope, view.Number, view.Reason, view.Ticket = q.Scope, q.Number, q.Reason, q.Ticket
	for i := range view.Durations {
		view.Durations[i].Chosen = view.Durations[i].Value == r.PostFormValue("minutes")
	}
	view.Errors = []FieldError{{supportFields[f.Code], message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

// supportAct does one thing to an access of the desk.
func (s *server) supportAct(act func(*http.Request, *Visitor, string) (string, error)) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		done, err := act(r, v, r.PathValue("id"))
		if err != nil {
			return err
		}
		return goTo(w, r, "/support?done="+done)
	}
}

func (s *server) supportApprove(r *http.Request, v *Visitor, id string) (string, error) {
	return "support-yes", s.Support.Decide(r.Context(), v.Actor, id, true)
}

func (s *server) supportRefuse(r *http.Request, v *Visitor, id string) (string, error) {
	return "support-no", s.Support.Decide(r.Context(), v.Actor, id, false)
}

func (s *server) supportEnd(r *http.Request, v *Visitor, id string) (string, error) {
	return "support-end", s.Support.End(r.Context(), v.Actor, id, support.ByAsker)
}

// supportEnter puts this session into the tenant.
func (s *server) supportEnter(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	a, err := s.Support.Enter(r.Context(), v.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	return goTo(w, r, startOf(&a))
}

// startOf is the page that an access is for.
func startOf(a *support.Access) string {
	if a.Scope == support.Person {
		return "/people/" + string(a.Person)
	}
	return "/checkups"
}

// supportLeave ends the access under which the session acts. Without one there is nothing to leave.
func (s *server) supportLeave(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if v.Support == nil {
		return goTo(w, r, "/")
	}
	if err := s.Support.End(r.Context(), v.home, v.Support.ID, support.ByAsker); err != nil {
		return err
	}
	return goTo(w, r, "/support?done=support-end")
}

// LeftText is how long the access under which the visitor acts still lasts.
func (v *Visitor) LeftText() string {
	left := int(time.Until(v.Support.EndsAt).Minutes())
	switch {
	case left < 1:
		return "1分未満"
	case left < 60:
		return strconv.Itoa(left) + "分"
	}
	return strconv.Itoa(left/60) + "時間" + strconv.Itoa(left%60) + "分"
}
