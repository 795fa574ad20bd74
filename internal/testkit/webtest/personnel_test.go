package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestPersonnelOnScreen: an administrator states who has a say in dismissal, promotion and transfer, and is refused
// the role of a stress check for whoever has, on both forms; the page of the matrix shows the rule and the figures.
func TestPersonnelOnScreen(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			admin := h.Client("midori", "tenantadmin")
			get := func(path string) string {
				t.Helper()
				p, err := admin.Get(t.Context(), path)
				if err != nil || p.Status != http.StatusOK {
					t.Fatalf("%s: %v", path, err)
				}
				return p.Text()
			}
			post := func(path string, form url.Values, status int, says string) {
				t.Helper()
				p, err := admin.PostForm(t.Context(), path, form)
				if err != nil || p.Status != status || !strings.Contains(p.Text(), says) {
					t.Errorf("%s %v: %d, %v, without %q", path, form, p.Status, err, says)
				}
			}
			id := regexp.MustCompile(`/users/([0-9a-f-]{36})">hr<`).FindStringSubmatch(get("/users"))
			if id == nil {
				t.Fatal("no hr")
			}
			user := "/users/" + id[1]
			if s := get(user); !strings.Contains(s, "「あり」として扱います）") || !strings.Contains(s, `name="personnel" value="" checked`) {
				t.Error("the page does not say what counts")
			}
			both := url.Values{"role": {"hr", "stress-staff"}, "reason": {"実施事務"}}
			post(user+"/roles", both, http.StatusUnprocessableEntity, "人事権のある人には与えられません")
			post(user+"/personnel", url.Values{"personnel": {"none"}}, http.StatusUnprocessableEntity, "理由")
			post(user+"/personnel", url.Values{"personnel": {"none"}, "reason": {"事務担当"}}, http.StatusSeeOther, "")
			post(user+"/roles", both, http.StatusSeeOther, "")
			for _, say := range []string{"", "held"} {
				post(user+"/personnel", url.Values{"personnel": {say}, "reason": {"昇進"}}, http.StatusUnprocessableEntity, "人事権のある人には与えられません")
			}
			n := url.Values{"login_id": {"s1"}, "name": {"実施"}, "email": {"s1@midori.example"}, "role": {"stress-implementer"}, "personnel": {"held"}}
			post("/users", n, http.StatusConflict, "人事権のある人には与えられません")
			n.Set("personnel", "none")
			post("/users", n, http.StatusOK, "一度だけ表示します")
			if s := get("/access"); !strings.Contains(s, "第52条の10第2項") || !strings.Contains(s, "あり 0人、なし 1人、未確認 1人") || !strings.Contains(s, "実施事務従事者は 2人です") {
				t.Error("the matrix page does not show it")
			}
			if s := get("/access.csv"); !strings.Contains(s, "△") {
				t.Error("the file does not show it")
			}
		})
	}
}
