package certificate

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/testkit/testdb"
)

// TestPresentationsAreRegistered: nobody gets a file without an entry that says who asked and how that was
// checked; what was asked for stays, sealed.
func TestPresentationsAreRegistered(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		one, err := b.Issue(ctx, machine, "a/1", sample("t1"))
		if err != nil {
			t.Fatal(err)
		}
		other, err := b.Issue(ctx, machine, "b/1", sample("t2"))
		if err != nil {
			t.Fatal(err)
		}
		b.file(one.ID)
		asks := Request{"総務部長", "株式会社みどり製作所", "契約書の代表番号へ折り返し、総務部長を呼び出した"}
		for field, r := range map[string]Request{
			"requester": {"", "x", "x"}, "organisation": {"x", " ", "x"}, "checked": {"x", "x", strings.Repeat("あ", 201)},
		} {
			if _, err := b.Present(ctx, machine, one.ID, r); code(err) != "certificate.request" || fault.Of(err).Args["field"] != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := b.Present(ctx, machine, "nobody", asks); code(err) != "certificate.missing" {
			t.Errorf("a certificate that is not there: %v", err)
		}
		customer := actor.Actor{Kind: actor.Human, Tenant: "t1", Roles: []actor.Role{actor.TenantAdmin}}
		if _, err := b.Present(ctx, customer, one.ID, asks); !fault.Is(err, fault.Denied) {
			t.Errorf("anybody presents: %v", err)
		}
		pid, err := b.Present(ctx, machine, one.ID, asks)
		if err != nil {
			t.Fatal(err)
		}
		f, err := b.HandOut(ctx, machine, pid)
		if err != nil {
			t.Fatal(err)
		}
		text, err := f.Encode()
		if err != nil || !Verify(text, b.trust()).OK {
			t.Errorf("what was handed out does not verify: %v", err)
		}
		for _, err := range []error{second2(b.HandOut(ctx, machine, one.ID)), second2(b.HandOut(ctx, machine, "nobody"))} {
			if code(err) != "certificate.not_presented" {
				t.Errorf("handed out without a presentation: %v", err)
			}
		}
		if _, err := b.HandOut(ctx, customer, pid); !fault.Is(err, fault.Denied) {
			t.Errorf("anybody takes the file: %v", err)
		}
		all, err := b.Presentations(ctx, machine, one.ID)
		if err != nil || len(all) != 1 || all[0].Request != asks || all[0].Taken != 1 {
			t.Errorf("the register: %+v, %v", all, err)
		}
		if none, err := b.Presentations(ctx, machine, other.ID); err != nil || len(none) != 0 {
			t.Errorf("the other certificate's register: %+v, %v", none, err)
		}
		events, err := b.log.Find(ctx, actor.System(ids.System, "test"), audit.Filter{Verb: "certificate.presented"})
		if err != nil || len(events) != 1 || events[0].Detail["presentation"] != pid {
			t.Errorf("the log: %+v, %v", events, err)
		}
		for k, v := range events[0].Detail {
			if s, ok := v.(string); ok && strings.Contains(s, "総務") {
				t.Errorf("the log names who asked: %s", k)
			}
		}
	})
}

func second2[T any](_ T, err error) error { return err }
