package identity

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/testkit/testdb"
)

// relayed is a mail relay that refuses some addresses and remembers the return address of the newest mail to each.
type relayed struct {
	next   mail.Sender
	mu     sync.Mutex
	refuse map[string]bool
	back   map[string]string
}

func (r *relayed) Send(ctx context.Context, m mail.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.back[m.To] = m.Return
	if r.refuse[m.To] {
		return fault.New(fault.Conflict, "mail.refused", "status", "5.1.1")
	}
	return r.next.Send(ctx, m)
}

func mailHouse(t *testing.T, e *testdb.Env) (*house, *relayed) {
	h := newHouse(t, e, quick())
	r := &relayed{next: h.box, refuse: map[string]bool{}, back: map[string]string{}}
	h.mail, h.returns = r, "bounces@rakudos.example"
	return h, r
}

func (h *house) failing(code, role string) string {
	h.t.Helper()
	a, err := h.Account(h.t.Context(), h.admin[code], h.ids[code+"/"+role])
	must(h.t, err)
	if a.Failing == nil {
		return ""
	}
	return a.Failing.How + " " + a.Failing.Status
}

func (h *house) returned(to, status string) Outcome {
	h.t.Helper()
	out, err := h.MailReturned(h.t.Context(), actor.System(ids.System, "mail"), mail.Report{To: []string{"postmaster@rakudos.example", to}, Failed: status[0] == '5', Status: status})
	must(h.t, err)
	return out
}

// TestRefusedMailIsSeenAndShown: the relay's no marks the address, once; the code page says so after the right
// password alone; a code that is used clears it.
func TestRefusedMailIsSeenAndShown(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		relay.refuse["hr@midori.example"] = true
		for range 2 {
			_, err := h.first("midori", "hr", rightPW, Visit{})
			h.want(err, "identity.mail_failed")
		}
		if got := h.failing("midori", "hr"); got != "refused 5.1.1" {
			t.Fatal(got)
		}
		if got := h.failing("hikari", "hr"); got != "" {
			t.Errorf("the neighbour: %s", got)
		}
		if n := strings.Count(h.verbs("midori"), "mail.failing"); n != 1 {
			t.Errorf("%d events: %s", n, h.verbs("midori"))
		}
		for code, want := range map[string]int{"midori": 1, "hikari": 0} {
			if n, err := h.FailingMail(t.Context(), h.admin[code]); err != nil || n != want {
				t.Errorf("%s: %d %v", code, n, err)
			}
		}
		_, err := h.FailingMail(t.Context(), actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Roles: []actor.Role{actor.HR}})
		h.want(err, "access.denied")
		_, err = h.first("midori", "hr", wrongPW, Visit{})
		h.want(err, "identity.wrong")

		delete(relay.refuse, "hr@midori.example")
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		shown, err := h.Pending(t.Context(), p.Token)
		if err != nil || !shown.Failing {
			t.Fatalf("the code page doesn't say it: %+v %v", shown, err)
		}
		_, err = h.SubmitCode(t.Context(), Visit{Addr: "192.0.2.1"}, p.Token, h.mailed("hr@midori.example"))
		must(t, err)
		if got := h.failing("midori", "hr"); got != "" || !strings.Contains(h.verbs("midori"), "mail.reached") {
			t.Errorf("a code that arrived clears nothing: %s", got)
		}
	})
}

// TestRefusedNoticeIsNotTriedAgain: a notice to a refused address marks it and gives up at once.
func TestRefusedNoticeIsNotTriedAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		relay.mu.Lock()
		relay.refuse["nurse@midori.example"] = true
		relay.mu.Unlock()
		must(t, h.Unlock(t.Context(), h.admin["midori"], h.ids["midori/nurse"], "試験"))
		eventually(t, "the mark", func() bool { return h.failing("midori", "nurse") != "" })
		eventually(t, "the event", func() bool { return strings.Contains(h.verbs("midori"), "unlock_notice") })
	})
}

// TestReturnedMail: only a token of this service's own, to the address that the account has now, says whose mail
// came back.
func TestReturnedMail(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		token := relay.back["hr@midori.example"]
		if local, _, _ := strings.Cut(token, "@"); len(local) > 64 || !strings.HasPrefix(token, "bounces+") {
			t.Fatal(token)
		}
		last := map[byte]byte{'a': 'b'}[token[20]]
		if last == 0 {
			last = 'a'
		}
		for to, want := range map[string]Outcome{
			token[:20] + string(last) + token[21:]: Unknown, "bounces@rakudos.example": Unknown, "bounces+x@rakudos.example": Unknown,
			strings.Replace(token, "rakudos.example", "other.example", 1): Unknown, strings.Replace(token, "bounces", "other", 1): Unknown,
		} {
			if got := h.returned(to, "5.1.1"); got != want {
				t.Errorf("%s: %s", to, got)
			}
		}
		if got := h.returned(token, "4.4.1"); got != Notice || h.failing("midori", "hr") != "" {
			t.Errorf("a delay: %s", got)
		}
		for range 2 { // a mail system may change the case
			if got := h.returned(strings.ToUpper(token), "5.2.1"); got != Marked || h.failing("midori", "hr") != "returned 5.2.1" {
				t.Errorf("%s %s", got, h.failing("midori", "hr"))
			}
		}
		if n := strings.Count(h.verbs("midori"), "mail.failing"); n != 1 || h.failing("midori", "nurse")+h.failing("hikari", "hr") != "" {
			t.Errorf("%d events; others: %s", n, h.failing("midori", "nurse")+h.failing("hikari", "hr"))
		}
		_, err = h.SubmitCode(t.Context(), Visit{Addr: "192.0.2.1"}, p.Token, h.mailed("hr@midori.example"))
		must(t, err)
		if got := h.returned(token, "5.2.1"); got != Past || h.failing("midori", "hr") != "" {
			t.Errorf("a mail has arrived since, yet %s", got)
		}
		_, err = h.MailReturned(t.Context(), actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Roles: []actor.Role{actor.HR}}, mail.Report{})
		h.want(err, "access.denied")
		must(t, h.RecordReturns(t.Context(), actor.System(ids.System, "mail"), map[Outcome]int{Marked: 1, Unknown: 2}, 3))

		h.returns = ""
		if got := h.returned(token, "5.1.1"); got != Unknown {
			t.Errorf("without a return address: %s", got)
		}
		if back, err := h.returnAddress(t.Context(), h.ids["midori/hr"], "hr@midori.example"); back != "" || err != nil {
			t.Errorf("%q %v", back, err)
		}
	})
}

// TestFailingIsOfTheAddress: with another address the mark is gone and an old token says nothing.
func TestFailingIsOfTheAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		_, err := h.first("midori", "nurse", rightPW, Visit{})
		must(t, err)
		token := relay.back["nurse@midori.example"]
		if h.returned(token, "5.1.1") != Marked {
			t.Fatal("not marked")
		}
		must(t, h.ProposeEmail(t.Context(), h.admin["midori"], h.ids["midori/nurse"], "new@midori.example", "本人の申出"))
		must(t, h.changeEmails(t.Context(), time.Now().Add(EmailHold+time.Hour)))
		if got := h.failing("midori", "nurse"); got != "" {
			t.Error(got)
		}
		if got := h.returned(token, "5.1.1"); got != Past {
			t.Errorf("of the old address: %s", got)
		}
	})
}

var qForgeFailing = db.Q("test.forge_failing", `update identity_mail_failing set account_id = $3 where tenant_id = $1 and account_id = $2`)

// TestForgedFailingCountsAsAbsent: a row moved to another account past the service is nothing.
func TestForgedFailingCountsAsAbsent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		_, err := h.first("midori", "nurse", rightPW, Visit{})
		must(t, err)
		h.returned(relay.back["nurse@midori.example"], "5.1.1")
		must(t, e.DB.Tx(t.Context(), h.tenants["midori"].ID, func(tx *db.Tx) error {
			_, err := tx.Exec(qForgeFailing, h.tenants["midori"].ID, h.ids["midori/nurse"], h.ids["midori/hr"])
			return err
		}))
		if got := h.failing("midori", "hr") + h.failing("midori", "nurse"); got != "" {
			t.Error(got)
		}
	})
}

// TestSendToCarriesItsWayBack: a mail that another subject has sent comes back like a code; who has no mailbox any
// more is not written to.
func TestSendToCarriesItsWayBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		ctx, midori, to := t.Context(), h.tenants["midori"].ID, "hr@midori.example"
		must(t, h.SendTo(ctx, midori, h.ids["midori/hr"], "見直し", "残りがあります"))
		if m, ok := h.box.Take(to, time.Time{}); !ok || m.Subject != "見直し" || m.Text != "残りがあります" {
			t.Fatalf("%+v", m)
		}
		h.returned(relay.back[to], "5.1.1")
		if got := h.failing("midori", "hr"); got != "returned 5.1.1" {
			t.Errorf("a mail that came back says %q", got)
		}
		h.want(h.SendTo(ctx, h.tenants["hikari"].ID, h.ids["midori/hr"], "x", "x"), "identity.no_account")
		must(t, h.Disable(ctx, h.admin["midori"], h.ids["midori/hr"], "退職"))
		h.want(h.SendTo(ctx, midori, h.ids["midori/hr"], "x", "x"), "identity.no_account")
		relay.refuse["nurse@midori.example"] = true
		h.want(h.SendTo(ctx, midori, h.ids["midori/nurse"], "x", "x"), "mail.refused")
		if got := h.failing("midori", "nurse"); got != "refused 5.1.1" {
			t.Errorf("a refused mail says %q", got)
		}
	})
}
