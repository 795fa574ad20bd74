package checkup

import (
	"context"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// scene is what every verb can be tried on: one of everything in our tenant.
type scene struct {
	imported, waiting ids.Import
	result            ids.Result
	person            ids.Person
	draft             string
	columns           []ColumnChoice
}

func (b *bed) scene() scene {
	b.Helper()
	x := scene{person: b.number("1").ID}
	x.imported = b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("3"))).ID
	x.waiting = b.upload(b.hr, fileA(of("2"))).ID
	v, err := b.s.Person(b.Context(), b.doctor, x.person)
	b.must(err)
	x.result = v.Exams[0].Result
	own := *NingenDock2016
	own.Name = "当社基準"
	x.draft, err = b.s.DraftCriteria(b.Context(), b.nurse, own)
	b.must(err)
	m, err := b.s.Columns(b.Context(), b.hr, x.waiting)
	b.must(err)
	for _, c := range m.Columns {
		x.columns = append(x.columns, ColumnChoice{c.Header, c.Target})
	}
	return x
}

// verb is one thing that somebody can ask of the service; may lists the roles that it is for.
type verb struct {
	name string
	may  []actor.Role
	do   func(ctx context.Context, s *Service, a actor.Actor, x scene) error
}

var (
	office = []actor.Role{actor.HR, actor.Nurse}
	staff  = []actor.Role{actor.HR, actor.Nurse, actor.Physician}
	doctor = []actor.Role{actor.Physician}
)

// verbs lists every verb. Those that change something come last, and in an order in which each still works.
var verbs = []verb{
	{"List", staff, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.List(ctx, a, Filter{Year: 2026})
		return err
	}},
	{"Export", staff, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, _, err := s.Export(ctx, a, Filter{Year: 2026})
		return err
	}},
	{"Home", staff, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Home(ctx, a)
		return err
	}},
	{"Person", staff, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Person(ctx, a, x.person)
		return err
	}},
	{"Mine", []actor.Role{actor.Employee}, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Mine(ctx, a)
		return err
	}},
	{"Import", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Import(ctx, a, x.imported)
		return err
	}},
	{"Imports", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Imports(ctx, a)
		return err
	}},
	{"Watch", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Watch(ctx, a, x.imported)
		return err
	}},
	{"Columns", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.Columns(ctx, a, x.waiting)
		return err
	}},
	{"WorkList", doctor, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.WorkList(ctx, a, 2026, true)
		return err
	}},
	{"MeasuresInForce", []actor.Role{actor.Manager, actor.HR, actor.Nurse, actor.Physician}, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.MeasuresInForce(ctx, a)
		return err
	}},
	{"CriteriaVersions", staff, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.CriteriaVersions(ctx, a)
		return err
	}},
	{"StartImport", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.StartImport(ctx, a, "f.csv", strings.NewReader(fileA(of("4"))))
		return err
	}},
	{"ImportNow", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.ImportNow(ctx, a, "f.csv", strings.NewReader(fileA(of("4"))), false)
		return err
	}},
	{"SetConsent", []actor.Role{actor.Employee}, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.SetConsent(ctx, a, a.Person, true)
	}},
	{"DraftCriteria", []actor.Role{actor.Nurse, actor.Physician}, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		own := *NingenDock2016
		own.Name = "別の基準"
		_, err := s.DraftCriteria(ctx, a, own)
		return err
	}},
	{"Decide", doctor, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.Decide(ctx, a, Decision{Result: x.result, Person: x.person, Fitness: Normal})
	}},
	{"SetTreated", doctor, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.SetTreated(ctx, a, x.result, x.person, "systolic", true)
	}},
	{"NoteFollowUp", []actor.Role{actor.Nurse, actor.Physician}, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.NoteFollowUp(ctx, a, FollowUp{Result: x.result, Person: x.person, Outcome: Reopened, Note: "x"})
	}},
	{"TryCriteria", []actor.Role{actor.Nurse, actor.Physician}, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		own := *NingenDock2016
		own.Name = "当社基準"
		_, err := s.TryCriteria(ctx, a, own)
		return err
	}},
	{"CriteriaVersion", staff, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		_, err := s.CriteriaVersion(ctx, a, x.draft)
		return err
	}},
	{"ApproveCriteria", doctor, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.ApproveCriteria(ctx, a, x.draft)
	}},
	{"ActivateCriteria", doctor, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.ActivateCriteria(ctx, a, x.draft)
	}},
	{"Rejudge", doctor, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.Rejudge(ctx, a, 2026)
	}},
	{"Remap", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.Remap(ctx, a, x.waiting, x.columns, "")
	}},
	{"Confirm", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.Confirm(ctx, a, x.waiting)
	}},
	{"Withdraw", office, func(ctx context.Context, s *Service, a actor.Actor, x scene) error {
		return s.Withdraw(ctx, a, x.imported, "試し")
	}},
}

// TestEveryVerbForEveryRole: who is not listed gets access.denied, changes nothing, and leaves a trace
// where the verb concerns somebody's data; who is listed gets through.
func TestEveryVerbForEveryRole(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		x := b.scene()
		before := b.world(b.doctor)
		for _, v := range verbs {
			for _, r := range actor.Roles {
				if slices.Contains(v.may, r) {
					continue
				}
				a := b.as(b.ours, r)
				a.Person = x.person
				if err := v.do(t.Context(), b.s, a, x); !fault.Is(err, fault.Denied) || fault.Of(err).Code != "access.denied" {
					t.Errorf("%s as %s: %v", v.name, r, err)
				}
			}
			nobody := actor.Actor{Kind: actor.Human, Tenant: b.ours}
			if err := v.do(t.Context(), b.s, nobody, x); !fault.Is(err, fault.Denied) {
				t.Errorf("%s without a role: %v", v.name, err)
			}
			if err := v.do(t.Context(), b.s, actor.Actor{}, x); !fault.Is(err, fault.Denied) {
				t.Errorf("%s as nobody at all: %v", v.name, err)
			}
		}
		b.drain()
		if b.world(b.doctor) != before {
			t.Fatal("a refused verb has changed something")
		}
		b.log.mu.Lock()
		denied := map[string]int{}
		for _, ev := range b.log.events {
			if ev.Result == "denied" {
				denied[ev.Verb]++
			}
		}
		b.log.mu.Unlock()
		for _, name := range []string{"checkup.list", "checkup.view", "checkup.import", "checkup.import.confirm", "checkup.import.withdraw", "checkup.decide",
			"checkup.treated", "checkup.worklist", "checkup.measures", "checkup.export", "checkup.rejudge", "criteria.approve", "criteria.draft", "checkup.mapping", "consent.set"} {
			if denied[name] == 0 {
				t.Errorf("a refused %s leaves no trace", name)
			}
		}
		for _, v := range verbs {
			for _, r := range v.may {
				if v.name == "Confirm" || v.name == "Withdraw" || v.name == "ApproveCriteria" {
					r = v.may[0] // only once
				}
				a := b.as(b.ours, r)
				if v.name == "Remap" && r == actor.HR {
					a = b.hr // HR's own upload; see TestValuesDoNotLeakThroughTheMapping
				}
				a.Person, a.Places = x.person, b.manager.Places
				if err := v.do(t.Context(), b.s, a, x); err != nil {
					t.Errorf("%s as %s: %v", v.name, r, err)
				}
				b.drain()
				if v.name == "Confirm" || v.name == "Withdraw" || v.name == "ApproveCriteria" {
					break
				}
			}
		}
	})
}

// TestNeighbourCannotReachAnything: with every role in its own tenant and our identifiers in hand, the
// neighbour finds nothing and changes nothing.
func TestNeighbourCannotReachAnything(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		x := b.scene()
		before := b.world(b.doctor)
		stranger := b.as(b.neighbour, actor.Roles...)
		stranger.Person = x.person
		needsID := []string{"Person", "Mine", "Import", "Watch", "Columns", "Decide", "SetTreated", "ApproveCriteria", "ActivateCriteria", "Remap", "Confirm", "Withdraw"}
		for _, v := range verbs {
			err := v.do(t.Context(), b.s, stranger, x)
			if slices.Contains(needsID, v.name) && !fault.Is(err, fault.Missing) && !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: %v", v.name, err)
			}
		}
		b.drain()
		if b.world(b.doctor) != before {
			t.Error("the neighbour has changed something")
		}
		v, err := b.s.List(t.Context(), stranger, Filter{Year: 2026, Per: 500})
		b.must(err)
		for _, r := range v.Rows {
			if r.Number != "1" || r.Name != "他社 太郎" {
				t.Errorf("the neighbour's list shows %s", r.Number)
			}
		}
		if all, err := b.s.Imports(t.Context(), stranger); err != nil || slices.ContainsFunc(all, func(i *Import) bool { return i.ID == x.imported || i.ID == x.waiting }) {
			t.Errorf("the neighbour's imports show ours: %v", err)
		}
	})
}

// TestMachinesSeeNothing: the service's own jobs and the host's operator import, but read nobody's values.
func TestMachinesSeeNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		x := b.scene()
		for _, a := range []actor.Actor{actor.System(b.ours, "job"), actor.HostOperator(b.ours, "cli")} {
			for _, v := range verbs {
				err := v.do(t.Context(), b.s, a, x)
				switch v.name {
				case "Import", "Imports", "Watch", "StartImport", "ImportNow", "Confirm", "Withdraw", "CriteriaVersions", "CriteriaVersion":
				default:
					if !fault.Is(err, fault.Denied) {
						t.Errorf("%s %s: %v", a.Kind, v.name, err)
					}
				}
			}
		}
		if err := b.s.GiveConsents(t.Context(), b.nurse, []ids.Person{x.person}); !fault.Is(err, fault.Denied) {
			t.Errorf("a nurse gives consent for others: %v", err)
		}
		b.must(b.s.GiveConsents(t.Context(), actor.System(b.ours, "demo"), []ids.Person{x.person}))
	})
}
