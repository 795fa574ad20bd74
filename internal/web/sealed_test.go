package web

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// TestAnEmergencySessionOpensThreeRows: of the whole table, the rows about the session itself and the three of
// the emergency page. The gate refuses everything else whatever the matrix says.
func TestAnEmergencySessionOpensThreeRows(t *testing.T) {
	var open []string
	for _, row := range Table() {
		if row.Permission == access.EmergencyAct {
			open = append(open, row.Pattern)
		}
		if row.InSupport && !strings.Contains(row.Pattern, "/session") && !strings.Contains(row.Pattern, "lock") && !strings.Contains(row.Pattern, "/logout") && row.Pattern != "GET /{$}" && row.Pattern != "POST /support/leave" {
			t.Errorf("%s is open to an emergency session", row.Pattern)
		}
	}
	if got := strings.Join(open, ", "); got != "GET /emergency, POST /emergency/why, POST /emergency/unlock/{id}" {
		t.Error(got)
	}
}

func TestTheGateOfAnEmergencySession(t *testing.T) {
	s := &server{Deps: Deps{Log: quiet, Guard: access.Require}}
	v := sampleVisitor(actor.Emergency)
	v.Emergency = &identity.SealedAccount{}
	for _, row := range Table() {
		if row.Permission == Public || row.Permission != access.EmergencyAct && !row.InSupport {
			continue
		}
		method, path := target(row.Pattern)
		r := httptest.NewRequest(method, "https://localhost"+path, nil)
		if err := s.admit(r, row, v); err != nil {
			t.Errorf("%s: %v", row.Pattern, err)
		}
	}
}

func TestTheMenuOfAnEmergencySession(t *testing.T) {
	var got []string
	for _, w := range menuOf(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{actor.Emergency}}, tenant.Association) {
		for _, i := range w.Items {
			got = append(got, i.Path)
		}
	}
	if strings.Join(got, " ") != "/ /emergency /trust" {
		t.Error(got)
	}
}

// TestTheDrillOfAQuarter: a drill counts in its own fiscal quarter, and a real use is no drill.
func TestTheDrillOfAQuarter(t *testing.T) {
	at := func(y, m, d int) time.Time { return jst.Date{Y: y, M: m, D: d}.Start() }
	today := jst.Date{Y: 2026, M: 11, D: 28}
	for _, c := range []struct {
		drilled time.Time
		want    bool
	}{{time.Time{}, false}, {at(2026, 10, 1), true}, {at(2026, 9, 30), false}, {at(2025, 11, 28), false}, {at(2026, 11, 28), true}} {
		if got := newSealedLine(identity.SealedAccount{State: identity.Sealed, DrilledAt: c.drilled}, today).Drilled; got != c.want {
			t.Errorf("%v: %v", c.drilled, got)
		}
	}
	for state, want := range map[identity.SealState]bool{identity.Sealed: false, identity.Broken: false, identity.Opened: false, identity.Spent: true} {
		l := newSealedLine(identity.SealedAccount{State: state}, today)
		if l.Reviews != want || l.Word == "" || l.Class == "" {
			t.Errorf("%s: %+v", state, l)
		}
	}
	if newSealedLine(identity.SealedAccount{State: identity.Spent, ReviewedAt: at(2026, 11, 28)}, today).Reviews {
		t.Error("a reviewed use waits for a review")
	}
}
