package identity

import (
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

func TestDelay(t *testing.T) {
	p := DefaultPolicy()
	for n, want := range []time.Duration{0, 0, 0, 0, 0, 1, 2, 4, 8, 8, 8, 8} {
		if got := p.delay(n); got != want*time.Second {
			t.Errorf("after failure %d: %v, want %d s", n, got, want)
		}
	}
	if p.delay(1<<40) != 8*time.Second {
		t.Error("the delay is not bounded")
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "somewhere": "somewhere",
	} {
		if got := Network(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestWholeSeconds(t *testing.T) {
	for in, want := range map[time.Duration]time.Duration{0: 1, time.Millisecond: 1, time.Second: 1, 1001 * time.Millisecond: 2, -5: 1} {
		if got := wholeSeconds(in); got != want*time.Second {
			t.Errorf("%v: %v", in, got)
		}
	}
}

func TestPolicyCheck(t *testing.T) {
	if err := DefaultPolicy().Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Policy){
		"short":     func(p *Policy) { p.PasswordLeast = 9 },
		"lock":      func(p *Policy) { p.LockAt = 12 },
		"code":      func(p *Policy) { p.CodeFor = 11 * time.Minute },
		"tries":     func(p *Policy) { p.CodeTries = 6 },
		"resend":    func(p *Policy) { p.ResendAfter = time.Second },
		"idle":      func(p *Policy) { p.SessionIdle = 3*time.Hour + 1 },
		"hash":      func(p *Policy) { p.Hash.MemoryKiB = 1024 },
		"throttle":  func(p *Policy) { p.ThrottleFirst = 0 },
		"no slots":  func(p *Policy) { p.HashSlots = 0 },
		"touch":     func(p *Policy) { p.TouchStep = time.Hour },
		"endlessly": func(p *Policy) { p.SessionMost = time.Hour },
	} {
		p := DefaultPolicy()
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestSabotageIsVisible(t *testing.T) {
	if DefaultPolicy().Sabotaged() {
		t.Error("the default policy is sabotaged")
	}
	for _, s := range Sabotages {
		if !DefaultPolicy().Sabotage(s).Sabotaged() {
			t.Errorf("%s does not show", s)
		}
	}
}

func TestScopeNarrowerWins(t *testing.T) {
	site := func(s ids.Site) actor.Place { return actor.Place{Site: s} }
	for name, c := range map[string]struct {
		grants []Grant
		roles  []actor.Role
		places map[actor.Role][]actor.Place
	}{
		"none":                         {nil, nil, map[actor.Role][]actor.Place{}},
		"each role its own":            {[]Grant{{Role: actor.Nurse, Site: "s1"}, {Role: actor.HR, Site: "s2"}, {Role: "root"}}, []actor.Role{actor.HR, actor.Nurse}, map[actor.Role][]actor.Place{actor.HR: {site("s2")}, actor.Nurse: {site("s1")}}},
		"one limited, one not":         {[]Grant{{Role: actor.Nurse}, {Role: actor.HR, Site: "s1"}}, []actor.Role{actor.HR, actor.Nurse}, map[actor.Role][]actor.Place{actor.HR: {site("s1")}}},
		"the narrower wins":            {[]Grant{{Role: actor.Nurse}, {Role: actor.Nurse, Site: "s1"}}, []actor.Role{actor.Nurse}, map[actor.Role][]actor.Place{actor.Nurse: {site("s1")}}},
		"two sites":                    {[]Grant{{Role: actor.Nurse, Site: "s1"}, {Role: actor.Nurse, Site: "s2"}}, []actor.Role{actor.Nurse}, map[actor.Role][]actor.Place{actor.Nurse: {site("s1"), site("s2")}}},
		"a manager without":            {[]Grant{{Role: actor.Manager}}, []actor.Role{actor.Manager}, map[actor.Role][]actor.Place{}},
		"departments stay in sites":    {[]Grant{{actor.Manager, "s1", "x"}, {actor.Manager, "s2", "y"}}, []actor.Role{actor.Manager}, map[actor.Role][]actor.Place{actor.Manager: {{Site: "s1", Dept: "x"}, {Site: "s2", Dept: "y"}}}},
		"a site limits the department": {[]Grant{{Role: actor.Manager, Dept: "x"}, {Role: actor.Manager, Site: "s1"}}, []actor.Role{actor.Manager}, map[actor.Role][]actor.Place{actor.Manager: {{Site: "s1", Dept: "x"}}}},
	} {
		roles, places := scope(c.grants)
		if !slices.Equal(roles, c.roles) || !maps.EqualFunc(places, c.places, slices.Equal) {
			t.Errorf("%s: %v %v", name, roles, places)
		}
	}
	if NormalLogin(" ＨＲ０１ ") != "hr01" {
		t.Error(NormalLogin(" ＨＲ０１ "))
	}
}

// TestHashingLeavesAProcessor: where there are several, one is free for those who are inside, however many sign in.
func TestHashingLeavesAProcessor(t *testing.T) {
	if slots := DefaultPolicy().HashSlots; slots < 1 || slots >= max(2, runtime.GOMAXPROCS(0)) {
		t.Errorf("%d passwords at once on %d processors", slots, runtime.GOMAXPROCS(0))
	}
}
