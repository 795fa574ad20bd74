package app

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/cli"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/people/tenant"
)

// TestTheReviewProbeOnTheRealService: over the real listener the probe finds the revocation carried out, but
// a service without customers has nothing closed and is not PASS; the sandbox in which revocations are only
// written down is found out. Afterwards the tenants that are there are reviewed.
func TestTheReviewProbeOnTheRealService(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := started(t, dir)
	ctx := t.Context()
	all := r.controls()
	c := all[slices.IndexFunc(all, func(c control.Control) bool { return c.ID == "AC-REVIEW-Q" })]
	for range 2 { // a run leaves everything as it was
		e, err := c.Probe(ctx)
		var why interface{ Reason() string }
		if e.OK || len(e.Failed) > 0 || !errors.As(err, &why) || !strings.Contains(why.Reason(), "契約先がまだない") || e.Facts["tried"] != 5 {
			t.Fatalf("%+v %v", e, err)
		}
	}
	m, err := c.Mutant(ctx)
	if err != nil || m.OK || len(m.Failed) != 2 {
		t.Errorf("the sandbox is not found out: %+v %v", m, err)
	}

	us, err := r.tenant(ctx, tenant.New{Code: "kyokai", Name: "保健会", Kind: tenant.Association})
	if err != nil {
		t.Fatal(err)
	}
	others := principals{r.App}
	list, err := others.Principals(ctx, us.ID)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[accessreview.Kind]int{}
	for _, p := range list {
		kinds[p.Kind]++
		if p.ID == "" || p.Name == "" || p.Holds == "" {
			t.Errorf("%+v says too little", p)
		}
		if err := others.Withdraw(ctx, actor.System(us.ID, "test"), p, "x"); !errors.Is(err, accessreview.ErrByHand) {
			t.Errorf("%s is withdrawn by the program: %v", p.ID, err)
		}
	}
	if kinds[accessreview.Machine] != 3 || kinds[accessreview.Database] != 2 {
		t.Errorf("%v", kinds)
	}
	if theirs, err := others.Principals(ctx, r.probes.tenants[0]); err != nil || len(theirs) != 0 {
		t.Errorf("a tenant reviews the association's machines: %+v %v", theirs, err)
	}
	who := r.probes.people[0]
	s := signs{r.Identity, r.Org}
	if left, err := s.LeftOn(ctx, r.probes.tenants[0], []ids.Person{who}); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	last := jst.Date{Y: 2026, M: 9, D: 30}
	if err := r.Org.Leave(ctx, actor.System(r.probes.tenants[0], "test"), who, last); err != nil {
		t.Fatal(err)
	}
	if left, err := s.LeftOn(ctx, r.probes.tenants[0], []ids.Person{who, "unknown"}); err != nil || len(left) != 1 || left[who] != last {
		t.Errorf("%v %v", left, err)
	}
	if none, err := s.LeftOn(ctx, us.ID, nil); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
	if err := r.Review.OpenNow(ctx); err != nil {
		t.Fatal(err)
	}

	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := houseReviews(ctx, cli.Options{Data: dir}, "kyokai")
	if err != nil || len(got) != 1 || got[0].Code != "kyokai" || got[0].State != accessreview.Running || got[0].Figures.Total != 5 || len(got[0].Problems) != 0 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := houseReviews(ctx, cli.Options{Data: dir}, "nobody"); !fault.Is(err, fault.Missing) {
		t.Errorf("%v", err)
	}
}
