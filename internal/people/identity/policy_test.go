package identity

import (
	"testing"
	"time"

	"rakudos/internal/base/actor"
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
		if got := network(in); got != want {
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
	roles, sites, depts := scope([]Grant{{Role: actor.Nurse}, {Role: actor.HR, Site: "s1"}, {Role: "root"}})
	if len(roles) != 2 || roles[0] != actor.HR || roles[1] != actor.Nurse || len(sites) != 1 || depts != nil {
		t.Errorf("%v %v %v", roles, sites, depts)
	}
	if roles, sites, depts = scope([]Grant{{Role: actor.Manager}}); len(roles) != 1 || sites != nil || depts == nil || len(depts) != 0 {
		t.Errorf("a manager without departments: %v %v %v", roles, sites, depts)
	}
	if roles, sites, depts = scope(nil); roles != nil || sites != nil || depts != nil {
		t.Errorf("no grants: %v %v %v", roles, sites, depts)
	}
	if NormalLogin(" ＨＲ０１ ") != "hr01" {
		t.Error(NormalLogin(" ＨＲ０１ "))
	}
}
