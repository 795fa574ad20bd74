package web

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/people/access"
	"rakudos/internal/words"
)

// auditView is the record of what was done; names and values are not in it.
type auditView struct {
	Page
	Entries           []auditLine
	Verb, From, Until string
	Verbs             []choice
	More              string
	Own               bool
}

// auditLine is one event in words.
type auditLine struct {
	audit.Entry
	What, Who, Why, Outcome, Detail string
	Name                            string // of the account, where the reader may know it
	Short                           string // the ends of the account's id, which tell two people of one role apart
	Times                           int    // how often that day; above 1 only on the person's own page
}

// Template names the file.
func (*auditView) Template() string { return "audit" }

const auditPer = 100

func (s *server) auditPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &auditView{Page: Page{Title: "操作の記録", Here: "/audit"}}
	return s.auditList(w, r, v, view, audit.Filter{})
}

// readersPage tells the person who looked at the person's data.
func (s *server) readersPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &auditView{Page: Page{Title: "わたしの情報を見た人", Here: "/me/readers"}, Own: true}
	if v.Person == "" {
		return s.page(w, r, v, view)
	}
	return s.auditList(w, r, v, view, audit.Filter{Person: v.Person})
}

func (s *server) auditList(w http.ResponseWriter, r *http.Request, v *Visitor, view *auditView, f audit.Filter) error {
	q := r.URL.Query()
	view.Verb, view.From, view.Until = q.Get("verb"), strings.TrimSpace(q.Get("from")), strings.TrimSpace(q.Get("until"))
	f.Verb, f.Limit = view.Verb, auditPer
	if d, ok := view.date("from", view.From); ok {
		f.From = d.Start()
	}
	if d, ok := view.date("until", view.Until); ok {
		f.To = d.AddDays(1).Start()
	}
	f.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64)
	for _, verb := range slices.Sorted(maps.Keys(verbWords)) {
		view.Verbs = append(view.Verbs, choice{verb, verbWords[verb], verb == view.Verb})
	}
	entries, err := s.Audit.Find(r.Context(), v.Actor, f)
	if err != nil {
		return err
	}
	for _, e := range entries {
		view.Entries = append(view.Entries, newAuditLine(e, s.routes))
	}
	if view.Own {
		view.Entries = byDay(view.Entries, v)
	} else if access.Allows(v.Actor, access.ReviewRead) {
		s.nameActors(r, v, view.Entries)
	}
	if len(entries) == auditPer {
		view.More = with(r.URL, "before", strconv.FormatInt(entries[len(entries)-1].Seq, 10))
	}
	status := http.StatusOK
	if len(view.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.pageStatus(w, r, v, status, view)
}

// nameActors puts the names of the tenant's own accounts to the lines, for those who review who holds which right
// and know them from there. The log itself has no names: who is gone, or of another tenant, stays an identifier.
func (s *server) nameActors(r *http.Request, v *Visitor, lines []auditLine) {
	known := map[ids.Account]string{}
	for i, l := range lines {
		id := l.Actor.Account
		if id == "" {
			continue
		}
		name, asked := known[id]
		if !asked {
			name, _ = s.Identity.NameOf(r.Context(), v.Tenant, id) // without a name the identifier stands there
			known[id] = name
		}
		lines[i].Name = name
	}
}

// byDay puts the same act of the same day together, as the person it is about wants to read it: who looked,
// and how often. The newest stands for the others.
func byDay(all []auditLine, v *Visitor) []auditLine {
	type same struct {
		day                     jst.Date
		what, who, why, outcome string
	}
	at := map[same]int{}
	var out []auditLine
	for _, l := range all {
		l.Short = ""
		if l.Actor.Account != "" && l.Actor.Account == v.Account {
			l.Who = "あなた"
		}
		k := same{jst.Of(l.At), l.What, l.Who, l.Why, l.Outcome}
		if i, ok := at[k]; ok {
			out[i].Times++
			continue
		}
		at[k], l.Times = len(out), 1
		out = append(out, l)
	}
	return out
}

// date reads a day of the filter; a day that can't be read is said at its field.
func (v *auditView) date(field, text string) (jst.Date, bool) {
	if text == "" {
		return jst.Date{}, false
	}
	d, err := jst.ParseDate(text)
	if err != nil {
		v.Errors = append(v.Errors, FieldError{field, "日付は 2026/4/1 や R8.4.1 のように書いてください。"})
		return d, false
	}
	return d, true
}

// identifier finds UUIDs: the ends of one are enough to tell two apart on a page.
var identifier = regexp.MustCompile(`\b([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f-]{18,24}([0-9a-f]{6})\b`)

func newAuditLine(e audit.Entry, routes []Route) auditLine {
	l := auditLine{Entry: e, What: verbWords[e.Verb], Why: purposeWords[e.Purpose], Outcome: resultWords[e.Result]}
	if l.What == "" {
		l.What = e.Verb
	}
	if l.Why == "" {
		l.Why = e.Purpose
	}
	l.Who = kindWords[string(e.Actor.Kind)]
	if len(e.Actor.Roles) > 0 {
		l.Who = roleNames(e.Actor.Roles)
	}
	l.Short = identifier.ReplaceAllString(string(e.Actor.Account), "$1…$2")
	if e.Actor.Ticket != "" { // a visitor of the association: nobody here can look that number up, the ticket's tells who it was
		l.Who, l.Short = "保健会の担当者（"+l.Who+"）", ""
	}
	var parts []string
	if e.Actor.Ticket != "" {
		parts = append(parts, "受付番号 "+e.Actor.Ticket)
	}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		name := detailWords[k]
		if name == "" {
			name = k
		}
		text := detailText(k, e.Detail[k])
		if k == "route" {
			text = routeText(text, routes)
		}
		parts = append(parts, name+" "+text)
	}
	l.Detail = strings.Join(parts, "、")
	return l
}

// detailText is one value of a detail in words where there are any.
func detailText(name string, value any) string {
	if list, ok := value.([]any); ok && len(list) > 0 {
		var out []string
		for _, x := range list {
			out = append(out, detailText(name, x))
		}
		return strings.Join(out, "／")
	}
	text := identifier.ReplaceAllString(fmt.Sprint(value), "$1…$2")
	if name == "role" || name == "roles" {
		text = access.RoleName(actor.Role(text))
	}
	if word := detailValues[name+"="+text]; word != "" {
		return word
	}
	if word := plainValues[text]; word != "" {
		return word
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return stamp(at)
	}
	if words.Known(text) {
		if says := words.Fault(fault.New(fault.Internal, text)).Message; !strings.Contains(says, "{") {
			return strings.TrimSuffix(says, "。")
		}
	}
	return text
}

// routeText says of a route what somebody who may use it does there, and where it is.
func routeText(pattern string, routes []Route) string {
	_, path, _ := strings.Cut(pattern, " ")
	for _, r := range routes {
		if i := slices.IndexFunc(access.Matrix, func(m access.Row) bool { return m.Permission == r.Permission }); r.Pattern == pattern && i >= 0 {
			return access.Matrix[i].Says + "（" + path + "）"
		}
	}
	return pattern
}
