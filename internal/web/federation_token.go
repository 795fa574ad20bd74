package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity/scim"
)

// tokenView is what one token of a personnel system has done, with the button that takes it back.
type tokenView struct {
	Page
	Token tokenLine
	Days  int
	Acts  []actLine
	Spans []choice
}

type actLine struct {
	scim.Act
	Login, Name, Says string
}

// Undoable tells whether the button would do anything: the token lives, or something it did stands as it did it.
func (v *tokenView) Undoable() bool {
	return v.Token.Live || slices.ContainsFunc(v.Acts, func(a actLine) bool { return a.UndoneAt.IsZero() })
}

// Template names the file.
func (*tokenView) Template() string { return "token" }

// spans are how far back the page goes, in days.
var spans = []int{1, 7, 30, 365}

// actWords say what a token has done; %s is what was before.
var actWords = map[string]string{
	"created": "利用者を登録", "disabled": "利用者を停止", "enabled": "利用者を再開", "renamed": "名前を変更（前は「%s」）", "email": "メールアドレスの変更を予定（前は %s）",
	"role-given": "役割「%s」を与えた", "role-taken": "役割「%s」を外した",
}

func says(a scim.Act) string {
	what := a.Before
	if a.What == "role-given" || a.What == "role-taken" {
		what = access.RoleName(actor.Role(a.Before))
	}
	if a.What == "created" || a.What == "disabled" || a.What == "enabled" {
		return actWords[a.What]
	}
	return fmt.Sprintf(actWords[a.What], what)
}

// span is the number of days that was asked for, one of those offered.
func span(text string) int {
	if n, err := strconv.Atoi(text); err == nil && slices.Contains(spans, n) {
		return n
	}
	return spans[0]
}

func (s *server) tokenPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &tokenView{Page: Page{Title: "トークンが行ったこと", Here: "/federation", Crumbs: []Crumb{{"/federation", "認証・人事との連携"}}}, Days: span(r.URL.Query().Get("days"))}
	ctx, id := r.Context(), r.PathValue("id")
	acts, err := s.SCIM.Acts(ctx, v.Actor, id, time.Now().AddDate(0, 0, -view.Days))
	if err != nil {
		return err
	}
	accounts, err := s.Identity.Accounts(ctx, v.Actor)
	if err != nil {
		return err
	}
	login, name := map[ids.Account]string{}, map[ids.Account]string{}
	for _, a := range accounts {
		login[a.ID], name[a.ID] = a.LoginID, a.Name
	}
	for _, a := range acts {
		view.Acts = append(view.Acts, actLine{a, login[a.Account], name[a.Account], says(a)})
	}
	for _, n := range spans {
		view.Spans = append(view.Spans, choice{strconv.Itoa(n), fmt.Sprintf("%d日", n), n == view.Days})
	}
	tokens, err := s.SCIM.Tokens(ctx, v.Actor)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.ID == id {
			view.Token = tokenLine{t, login[t.Owner], t.Live(time.Now())}
		}
	}
	return s.page(w, r, v, view)
}

// undoToken ends a token and takes back what it has done in the days that the page showed.
func (s *server) undoToken(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	days := span(r.PostFormValue("days"))
	_, left, err := s.SCIM.Undo(r.Context(), v.Actor, r.PostFormValue("id"), time.Now().AddDate(0, 0, -days))
	if err != nil {
		return err
	}
	done := "undone"
	if left > 0 {
		done = "undone-part"
	}
	return goTo(w, r, fmt.Sprintf("/federation/token/%s?days=%d&done=%s", r.PostFormValue("id"), days, done))
}

func (s *server) confirmWaiting(r *http.Request, v *Visitor) error {
	if r.PostFormValue("account") == "" {
		return fault.New(fault.Invalid, "scim.not_waiting")
	}
	return s.SCIM.Confirm(r.Context(), v.Actor, ids.Account(r.PostFormValue("account")), actor.Role(r.PostFormValue("role")))
}
