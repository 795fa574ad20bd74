package sso

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/mail"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

// TestFirstLinkIsMailed: the owner learns at once that a provider's account opens theirs, and only the first time;
// the mail comes back to an address that only this service could have made (ADR 31).
func TestFirstLinkIsMailed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l := idp.NewLiar(t)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
		c := b.connect(OIDC, Settings{Name: "緑川のアカウント", Issuer: l.URL, ClientID: "rakudos", Secret: "s"})
		in := func() {
			t.Helper()
			s := b.begin()
			_, err := b.Callback(t.Context(), here, s.Token, c.ID, l.Answer(t, s.Location))
			must(t, err)
		}
		told := func() (all []mail.Message) {
			for range 2 { // the code and, the first time, the notice: each goes out by itself
				for range 6000 {
					if m, ok := b.box.Take("hr@midori.example", time.Time{}); ok {
						if strings.Contains(m.Subject, "結び付きました") {
							all = append(all, m)
						}
						break
					}
					time.Sleep(5 * time.Millisecond)
				}
			}
			return all
		}
		in()
		first := told()
		if len(first) != 1 {
			t.Fatalf("told %d times", len(first))
		}
		for _, word := range []string{"緑川のアカウント", here.Addr, "お心当たりがない場合", "管理者"} {
			if !strings.Contains(first[0].Text, word) {
				t.Errorf("the mail does not say %q:\n%s", word, first[0].Text)
			}
		}
		if !strings.HasPrefix(first[0].Return, "bounce+") {
			t.Errorf("the mail would come back to %q", first[0].Return)
		}
		in()
		if again := told(); len(again) != 0 {
			t.Error("told of the second sign-in")
		}
		if got := b.events("midori", "auth.linked_notice"); got != "auth.linked_notice" {
			t.Errorf("the log says %q", got)
		}
	})
}
