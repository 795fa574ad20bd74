package certificate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

func (b *bed) probing() Probing {
	return Probing{
		Service: b.Service, Desk: ownDesk{b.Service}, Temp: b.t.TempDir(),
		Uncertified: func(context.Context) (int, bool, []string, error) { return 1, true, nil, nil },
		BackupsGone: func(context.Context, time.Time) (bool, error) { return true, nil },
		Gone:        func(context.Context, ids.Tenant) (bool, error) { return true, nil },
	}
}

func controlOf(t *testing.T, p Probing, id string) control.Control {
	t.Helper()
	for _, c := range Controls(p) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no control %s", id)
	return control.Control{}
}

func broken(e control.Evidence, err error) error {
	if err == nil && !e.OK {
		err = fmt.Errorf("%v", e.Failed)
	}
	return err
}

func TestProofs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for id, spoil := range map[string]func(*Service){
			"ER-CERT":    func(s *Service) { s.Unsigned = true },
			"ER-PRESENT": func(s *Service) { s.Unregistered = true },
		} {
			t.Run(id, func(t *testing.T) {
				controltest.Proves(t, id, func(sabotaged bool) error {
					b := newBed(t, testdb.New(t, e.Engine))
					if _, err := controlOf(t, b.probing(), id).Probe(t.Context()); !errors.Is(err, noneYet) {
						return fmt.Errorf("without any certificate: %v", err)
					}
					if sabotaged {
						spoil(b.Service)
					}
					if err := b.settle(t.Context()); err != nil {
						return err
					}
					return broken(controlOf(t, b.probing(), id).Probe(t.Context()))
				})
			})
		}
	})
}

// TestAnErasureWithoutACertificateIsFound even when another one has one, and when there is none at all.
func TestAnErasureWithoutACertificateIsFound(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	p := b.probing()
	p.Uncertified = func(context.Context) (int, bool, []string, error) { return 2, true, []string{"run-7"}, nil }
	for range 2 {
		e, err := controlOf(t, p, "ER-CERT").Probe(t.Context())
		if err != nil || e.OK || len(e.Failed) != 1 {
			t.Errorf("%+v, %v", e, err)
		}
		if err := b.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.Uncertified = func(context.Context) (int, bool, []string, error) { return 0, false, nil, errors.New("gone") }
	if _, err := controlOf(t, p, "ER-CERT").Probe(t.Context()); err == nil {
		t.Error("nobody could look, and it passes")
	}
}

// TestALateSecondStageIsFound on both engines, seven days after the last backup of an erasure is due to be gone and not
// before; and what is not all is not called all.
func TestALateSecondStageIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		p := b.probing()
		p.Uncertified = func(context.Context) (int, bool, []string, error) { return 2000, false, nil, nil }
		end := time.Now().AddDate(0, 0, -300)
		if err := b.settleAt(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		ev, err := controlOf(t, p, "ER-CERT").Probe(t.Context())
		if err != nil || !ev.OK || !strings.Contains(ev.Measured, "新しい2000件") || ev.Facts["waiting"] != 1 {
			t.Errorf("%+v, %v", ev, err)
		}
		due := jst.Of(jst.BackupExpiry(end)).AddDays(lateAfter)
		for day, want := range map[jst.Date]int{due: 0, due.AddDays(1): 1} {
			if _, late, err := b.Overdue(t.Context(), day.Start()); err != nil || len(late) != want {
				t.Errorf("%s: %v late, want %d, %v", day, late, want, err)
			}
		}
		if ev, err := probeForgotten(t.Context(), p); err != nil || ev.OK || !strings.Contains(ev.Failed[0], "第2段階") {
			t.Errorf("%+v, %v", ev, err)
		}
	})
}

// TestMutants: the probes find their own sandboxes out.
func TestMutants(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	for _, c := range Controls(b.probing()) {
		if e, err := c.Mutant(t.Context()); err != nil || e.OK || len(e.Failed) == 0 {
			t.Errorf("%s: %+v, %v", c.ID, e, err)
		}
	}
}

// TestASecondStageBesideItsBackupsIsFound: it was issued, and what it says is not so.
func TestASecondStageBesideItsBackupsIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		p := b.probing()
		end := time.Now().AddDate(0, 0, -400)
		if err := b.settleAt(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		if n, err := b.Complete(t.Context(), prober, p.BackupsGone); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if err := b.settle(t.Context()); err != nil { // the newest is another
			t.Fatal(err)
		}
		for _, there := range []bool{false, true} {
			p.BackupsGone = func(_ context.Context, before time.Time) (bool, error) {
				return !there || before.Before(end.Add(-time.Minute)), nil
			}
			if ev, err := controlOf(t, p, "ER-CERT").Probe(t.Context()); err != nil || ev.OK == there {
				t.Errorf("backups there %t: %+v, %v", there, ev, err)
			}
		}
	})
}

// TestACertificateThatNobodyCanHaveIsFound: one that never reaches the log is not passed over for one of before.
func TestACertificateThatNobodyCanHaveIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		if err := b.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.still() // the log publishes nothing any more
		if err := b.settle(t.Context()); !fault.Is(err, fault.Busy) {
			t.Fatal(err)
		}
		any := func(Entry) (bool, error) { return true, nil }
		for after, want := range map[time.Duration]int{0: 0, 2 * time.Hour: 1} {
			if _, _, stuck, err := newest(t.Context(), b.probing(), time.Now().Add(after), any); err != nil || len(stuck) != want {
				t.Errorf("%v: %v, %v", after, stuck, err)
			}
		}
	})
}

// namelessDesk writes down somebody else than who asked.
type namelessDesk struct{ ownDesk }

func (d namelessDesk) Present(ctx context.Context, id string, r Request) (string, []byte, error) {
	r.Requester = strings.Repeat("-", len(r.Requester))
	return d.ownDesk.Present(ctx, id, r)
}

// anyDesk hands out another certificate than was asked for.
type anyDesk struct {
	ownDesk
	other []byte
}

func (d anyDesk) Present(ctx context.Context, id string, r Request) (string, []byte, error) {
	pid, _, err := d.ownDesk.Present(ctx, id, r)
	return pid, d.other, err
}

// TestADeskThatConfusesIsFound: who asked is in the register as they were, and what was asked for is what is handed out.
func TestADeskThatConfusesIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		if err := b.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, other, _, err := newest(t.Context(), b.probing(), time.Now(), func(Entry) (bool, error) { return true, nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := b.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, desk := range map[string]Desk{"": ownDesk{b.Service}, "記録に残っていません": namelessDesk{ownDesk{b.Service}}, "別の証明書": anyDesk{ownDesk{b.Service}, other}} {
			p := b.probing()
			p.Desk = desk
			if ev, err := controlOf(t, p, "ER-PRESENT").Probe(t.Context()); err != nil || ev.OK != (name == "") || !strings.Contains(strings.Join(ev.Failed, ""), name) {
				t.Errorf("%s: %+v %v", name, ev, err)
			}
		}
	})
}
