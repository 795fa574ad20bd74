package support

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// TestTheClockEndsAnAccess: open to the last microsecond, closed at the end, whatever the row says.
func TestTheClockEndsAnAccess(t *testing.T) {
	now := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		a    Access
		at   time.Time
		want State
	}{
		{Access{State: Approved, EndsAt: now}, now.Add(-time.Microsecond), Approved},
		{Access{State: Approved, EndsAt: now}, now, Ended},
		{Access{State: Asked, AskedAt: now}, now.Add(AskedFor - time.Microsecond), Asked},
		{Access{State: Asked, AskedAt: now}, now.Add(AskedFor), Ended},
		{Access{State: Refused, AskedAt: now}, now.Add(99 * time.Hour), Refused},
		{Access{State: Ended, EndsAt: now}, now.Add(-time.Hour), Ended},
	} {
		if got := c.a.At(c.at); got != c.want {
			t.Errorf("%+v at %v: %s", c.a, c.at, got)
		}
	}
}

func TestRequestsAreChecked(t *testing.T) {
	good := Ask{TenantCode: "x", Scope: Person, Number: " M0001 ", Reason: " 理由 ", Ticket: "INC-1024", Minutes: 30}
	if q, err := good.check(); err != nil || q.Number != "M0001" || q.Reason != "理由" {
		t.Fatalf("%+v, %v", q, err)
	}
	for code, change := range map[string][]func(*Ask){
		"support.reason":  {func(q *Ask) { q.Reason = " " }, func(q *Ask) { q.Reason = strings.Repeat("あ", 501) }, func(q *Ask) { q.Reason = "a\u202eb" }},
		"support.ticket":  {func(q *Ask) { q.Ticket = "" }, func(q *Ask) { q.Ticket = "a\nb" }, func(q *Ask) { q.Ticket = "受付1" }, func(q *Ask) { q.Ticket = strings.Repeat("a", 41) }},
		"support.minutes": {func(q *Ask) { q.Minutes = 14 }, func(q *Ask) { q.Minutes = 241 }, func(q *Ask) { q.Minutes = -1 }},
		"support.number":  {func(q *Ask) { q.Number = "" }, func(q *Ask) { q.Number = strings.Repeat("1", 41) }},
		"support.scope":   {func(q *Ask) { q.Scope = "all" }, func(q *Ask) { q.Scope = "" }},
	} {
		for _, f := range change {
			q := good
			f(&q)
			if _, err := q.check(); fault.Of(err) == nil || fault.Of(err).Code != code {
				t.Errorf("%+v: %v, want %s", q, err, code)
			}
		}
	}
	lists := good
	lists.Scope = Lists
	if q, err := lists.check(); err != nil || q.Number != "" {
		t.Errorf("lists keep a person: %+v, %v", q, err)
	}
}

// TestTheActorIsBorrowed: nothing of the asker's own roles, sites or person goes along.
func TestTheActorIsBorrowed(t *testing.T) {
	home := actor.Actor{Kind: actor.Human, Tenant: "home", Account: "a", Person: "own", Session: "s", Roles: []actor.Role{actor.ITSM, actor.Operator}}
	got := (&Access{Tenant: "to", Scope: Person, Person: "p", Ticket: "T-1"}).Actor(home)
	if got.Tenant != "to" || got.Account != "a" || got.Session != "s" || got.Person != "" || got.Only != "p" || got.Ticket != "T-1" || got.Purpose != Purpose || len(got.Roles) != 1 || got.Roles[0] != actor.SupportPerson {
		t.Errorf("%+v", got)
	}
	if got := (&Access{Scope: Lists}).Actor(home); got.Roles[0] != actor.SupportLists || got.Only != "" {
		t.Errorf("%+v", got)
	}
}

func TestWhoReachesWhom(t *testing.T) {
	us, customer, other := TenantInfo{ID: "us", Association: true}, TenantInfo{ID: "c"}, TenantInfo{ID: "d"}
	probeA, probeB := TenantInfo{ID: "pa", Probe: true}, TenantInfo{ID: "pb", Probe: true}
	closed := TenantInfo{ID: "z", Closed: true}
	for _, c := range []struct {
		home, to TenantInfo
		want     bool
	}{{us, customer, true}, {us, us, false}, {us, probeA, false}, {us, closed, false}, {customer, other, false}, {probeA, probeB, true}, {probeA, customer, false}, {probeA, us, false}, {customer, probeA, false}} {
		if got := reaches(c.home, c.to); got != c.want {
			t.Errorf("%+v → %+v: %v", c.home, c.to, got)
		}
	}
}

func TestMailsShowNoCode(t *testing.T) {
	if got := spell("a 12345678901\nb"); got != "a 1234567 8901 b" {
		t.Error(got)
	}
}

func TestASabotagedServiceIsRefused(t *testing.T) {
	if _, err := New(Options{Weak: true}); fault.Of(err) == nil || fault.Of(err).Code != "support.sabotaged" {
		t.Error(err)
	}
}
