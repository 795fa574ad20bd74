package web

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
	"rakudos/internal/people/support"
	"rakudos/internal/people/tenant"
)

// visiting is somebody of the association inside a tenant.
func visiting(scope support.Scope) *Visitor {
	v := sampleVisitor(actor.ITSM)
	v.home = v.Actor
	open := support.Access{ID: "x", Tenant: "t2", Scope: scope, Person: "p2", Ticket: "INC-1024", EndsAt: time.Now().Add(95*time.Minute + 30*time.Second)}
	v.Actor, v.Support = open.Actor(v.home), &open
	return v
}

// TestTheHeaderSaysWhoseDataThisIs: under a support access every page says which company, by which ticket and
// how long; a company's administrator sees on every page who is inside and can end it.
func TestTheHeaderSaysWhoseDataThisIs(t *testing.T) {
	a := mustAssets(t)
	views, err := loadViews(a)
	if err != nil {
		t.Fatal(err)
	}
	view := &measuresView{Page: Page{Title: "x"}}
	v := visiting(support.Lists)
	view.Frame = &Frame{Visitor: v}
	var b bytes.Buffer
	if err := views.render(&b, view); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"サポート入室中：" + v.TenantName, "INC-1024", "1時間35分", `action="/support/leave"`, "サポート入室中の会社"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the header lacks %s", want)
		}
	}
	b.Reset()
	view.Frame = &Frame{Visitor: sampleVisitor(actor.TenantAdmin), Visits: []support.Access{*v.Support}}
	if err := views.render(&b, view); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, `action="/visits/x/stop"`) || !strings.Contains(s, `href="/visits/x"`) || strings.Contains(s, "サポート入室中：") {
		t.Error("the administrator is not told, or is taken for a visitor")
	}
}

// TestUnderSupportOnlyReading: of the whole table, what is let through is a reading that the borrowed role
// has in the matrix, or one of a few rows about the session itself. Everything else is refused before its
// handler is asked.
func TestUnderSupportOnlyReading(t *testing.T) {
	own := map[string]bool{"POST /logout": true, "GET /session": true, "POST /session": true, "GET /unlock": true, "POST /unlock": true, "POST /unlock/passkey/options": true, "POST /unlock/passkey": true, "POST /unlock/sso": true, "POST /screen/lock": true, "GET /{$}": true, "POST /support/leave": true}
	for _, row := range Table() {
		if row.InSupport != own[row.Pattern] {
			t.Errorf("%s: in support %v", row.Pattern, row.InSupport)
		}
		if row.Permission == Public || row.InSupport {
			continue
		}
		for _, scope := range []support.Scope{support.Lists, support.Person} {
			v := visiting(scope)
			if row.Permission != SignedIn && access.Allows(v.Actor, row.Permission) && !strings.HasPrefix(row.Pattern, "GET ") {
				t.Errorf("%s changes something and is open to %s", row.Pattern, scope)
			}
		}
	}
}

func TestTheMenuOfAVisitIsShort(t *testing.T) {
	for scope, want := range map[support.Scope]string{support.Lists: "/ /checkups /people /imports /trust", support.Person: "/ /trust"} {
		var got []string
		for _, w := range menuOf(visiting(scope).Actor, tenant.Customer) {
			for _, i := range w.Items {
				got = append(got, i.Path)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", scope, got)
		}
	}
}

func TestWordsOfAnAccess(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		a    support.Access
		want string
	}{
		{support.Access{State: support.Approved, EndsAt: now}, "時間が来たため"},
		{support.Access{State: support.Asked, AskedAt: now.Add(-support.AskedFor)}, "承認されないまま期限が過ぎたため"},
		{support.Access{State: support.Ended, EndReason: support.ByTenant}, "契約先の管理者が終わらせたため"},
		{support.Access{State: support.Approved, EndsAt: now.Add(time.Minute)}, ""},
	} {
		if got := newSupportLine(c.a, now).Why; got != c.want {
			t.Errorf("%+v: %q", c.a, got)
		}
	}
	if durationJA(90) != "90分" || durationJA(120) != "2時間" {
		t.Error("durations")
	}
	v := visiting(support.Person)
	for left, want := range map[time.Duration]string{30 * time.Second: "1分未満", 5*time.Minute + time.Second: "5分"} {
		v.Support.EndsAt = time.Now().Add(left)
		if got := v.LeftText(); got != want {
			t.Errorf("%v: %s", left, got)
		}
	}
	if startOf(v.Support) != "/people/p2" || startOf(&support.Access{Scope: support.Lists}) != "/checkups" {
		t.Error("the first page")
	}
}
