package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/operations/keys"
	"rakudos/internal/people/access"
)

// keysView is the inventory of keys and the rotations under way (KM-KEYS).
type keysView struct {
	Page
	Inventory *keys.Inventory
	Lines     []keyLine
	Destroyed int
	Retired   int
	Root      []rootVersion
	Alerts    []string
	Works     []workLine
	MayRotate bool
	Rotatable []keyLine
	Chosen    string // typed before, with an error
	Reason    string
}

type keyLine struct {
	keys.Line
	N                        int
	Level, Age, Limit, State string
	Choice                   string // value of the form: level and tenant
}

type rootVersion struct {
	Name    string
	Count   int
	Current bool
}

type workLine struct {
	*keys.Work
	Level, Whose, Says string
	Percent            int
}

// Template names the file.
func (*keysView) Template() string { return "keys" }

var levelNames = map[keys.Kind]string{
	keys.Root: "ルート鍵", keys.Tenant: "会社の鍵", keys.Person: "個人の鍵", keys.Rewrap: "包み直し", keys.Move: "ルート鍵の移動",
}

// keyWorks is how many rotations the page shows.
const keyWorks = 10

func (s *server) keysView(r *http.Request, v *Visitor) (*keysView, error) {
	inv, err := s.Keys.Inventory(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	view := &keysView{Page: Page{Title: "鍵の台帳", Here: "/keys"}, Inventory: inv, Destroyed: int(inv.Destroyed), Retired: int(inv.Retired), MayRotate: access.Allows(v.Actor, access.KeyRotate)}
	for _, l := range inv.Lines {
		line := s.keyLine(r, l, inv.At)
		view.Lines = append(view.Lines, line)
		if line.Choice != "" {
			view.Rotatable = append(view.Rotatable, line)
		}
	}
	for name, n := range inv.RootUse {
		view.Root = append(view.Root, rootVersion{name, int(n), name == inv.Lines[0].Name})
	}
	seen := map[string]bool{}
	for _, a := range inv.Alerts {
		if !seen[a.Says()] {
			view.Alerts = append(view.Alerts, a.Says())
		}
		seen[a.Says()] = true
	}
	works, err := s.Keys.Works(r.Context(), v.Actor, keyWorks)
	for _, w := range works {
		view.Works = append(view.Works, s.workLine(r, w))
	}
	return view, err
}

func (s *server) keyLine(r *http.Request, l keys.Line, at time.Time) keyLine {
	line := keyLine{Line: l, N: int(l.Count), Level: levelNames[l.Kind], Age: strconv.Itoa(int(at.Sub(l.Made)/(24*time.Hour))) + "日", Limit: "なし", State: "ok"}
	line.Code = s.keyOwner(r, l.Tenant)
	if !l.Limit.IsZero() {
		line.Limit = stamp(l.Limit)
		if left := l.Limit.Sub(at); left <= 0 {
			line.State = "bad"
		} else if left < 30*24*time.Hour {
			line.State = "warn"
		}
	}
	switch {
	case l.Kind == keys.Root && !l.Elsewhere:
		line.Choice = string(keys.Root)
	case l.Kind == keys.Tenant:
		line.Choice = string(keys.Tenant) + " " + string(l.Tenant)
	}
	return line
}

// keyOwner is the code of a tenant, for people.
func (s *server) keyOwner(r *http.Request, t ids.Tenant) string {
	if t == ids.System {
		return "サービス"
	}
	if x, err := s.Tenants.ByID(r.Context(), t); err == nil {
		return x.Code
	}
	return "（登録なし）"
}

func (s *server) workLine(r *http.Request, w *keys.Work) workLine {
	l := workLine{Work: w, Level: levelNames[w.Kind], Whose: s.keyOwner(r, w.Tenant), Says: keys.StepWords[w.Step]}
	if w.Total > 0 {
		l.Percent = int(100 * w.Done / w.Total)
	}
	if w.State == keys.Done {
		l.Percent = 100
	}
	return l
}

func (s *server) keysPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.keysView(r, v)
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, view.Inventory)
	}
	return s.page(w, r, v, view)
}

// keysRotate begins a rotation; the page shows how far it is. What was typed is shown again when the reason
// is missing.
func (s *server) keysRotate(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	choice, reason := r.PostFormValue("key"), strings.TrimSpace(r.PostFormValue("reason"))
	level, t, _ := strings.Cut(choice, " ")
	if level == string(keys.Person) { // one person's key is rotated on the host, where the person is known by number
		return fault.New(fault.Invalid, "keys.kind", "kind", level)
	}
	_, err := s.Keys.Begin(r.Context(), v.Actor, keys.Request{Kind: keys.Kind(level), Tenant: ids.Tenant(t), Reason: reason})
	if err == nil {
		return goTo(w, r, "/keys?done=rotating")
	}
	f := faultOf(err)
	if f.Code != "keys.reason" || wantsJSON(r) {
		return err
	}
	view, verr := s.keysView(r, v)
	if verr != nil {
		return verr
	}
	view.Chosen, view.Reason, view.Errors = choice, reason, []FieldError{{"reason", message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}
