package webtest

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/testdb"
)

// fullList uploads a roster as one that names everybody and returns the address of the import.
func fullList(t *testing.T, c *probe.Client, csv string) string {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.WriteField("full", "1")
	w, err := m.CreateFormFile("file", "全員.csv")
	if err == nil {
		_, err = w.Write([]byte(csv))
	}
	if err != nil || m.Close() != nil {
		t.Fatal(err)
	}
	req, err := c.Request(t.Context(), http.MethodPost, "/people/import", &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	p, err := c.Do(req)
	if err != nil || p.Status != http.StatusSeeOther {
		t.Fatalf("%v: %d %s", err, p.Status, p.Text())
	}
	return p.Location
}

type fullState struct {
	State  string `json:"state"`
	Full   bool   `json:"full"`
	Absent []struct {
		Number string `json:"number"`
	} `json:"absent"`
}

// await asks for an import until it is in a state.
func await(t *testing.T, c *probe.Client, at, state string) (s fullState) {
	t.Helper()
	for range 1000 {
		p, err := c.GetJSON(t.Context(), at)
		if err != nil || p.Status != http.StatusOK || json.Unmarshal(p.Body, &s) != nil {
			t.Fatalf("%v: %d %s", err, p.Status, p.Text())
		}
		if s.State == state {
			return s
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s stays %s", at, s.State)
	return s
}

// TestFullListOverTheWire: HR uploads a list of everybody that names nobody of the demo. All are candidates,
// none leaves by that; the one chosen leaves with a day, and nobody but HR may choose.
func TestFullListOverTheWire(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			hr, nurse, stranger := h.Client("midori", "hr"), h.Client("midori", "nurse"), h.Client("hikari", "hr")
			at := fullList(t, hr, "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\nZ1,新人 一郎,シンジン イチロウ,男,2000-01-01,S01,本社,総務部,,2026-04-01\n")
			if s := await(t, hr, at, "preview"); !s.Full || len(s.Absent) != 200 {
				t.Fatalf("%v, %d candidates", s.Full, len(s.Absent))
			}
			page, err := hr.Get(t.Context(), at)
			if err != nil || strings.Contains(page.Text(), `name="person"`) || !strings.Contains(page.Text(), "ファイルにない人（200人）") {
				t.Errorf("the preview offers to mark leavers, or does not show them: %v", err)
			}
			if p, err := hr.PostForm(t.Context(), at+"/confirm", url.Values{"_tenant": {"midori"}}); err != nil || p.Status != http.StatusSeeOther {
				t.Fatalf("%v %d", err, p.Status)
			}
			if s := await(t, hr, at, "applied"); len(s.Absent) != 200 {
				t.Fatalf("%d candidates after it was applied: somebody left unasked", len(s.Absent))
			}
			if page, err = hr.Get(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			box := regexp.MustCompile(`name="person" value="([^"]+)" aria-label="(M\d+) `).FindStringSubmatch(page.Text())
			if box == nil || strings.Contains(page.Text(), `name="person" value="`+box[1]+`" checked`) {
				t.Fatal("no candidate is offered, or one is chosen already")
			}
			send := func(c *probe.Client, tenant, day string, people ...string) *probe.Page {
				t.Helper()
				p, err := c.PostForm(t.Context(), at+"/leavers", url.Values{"_tenant": {tenant}, "day": {day}, "person": people})
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			if p := send(hr, "midori", "いつか", box[1]); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "いつか") || !strings.Contains(p.Text(), " checked") {
				t.Errorf("a day that is none: %d, or what was typed is lost", p.Status)
			}
			if p := send(hr, "midori", "2026-10-31"); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Text(), "選んでください") {
				t.Errorf("nobody chosen: %d", p.Status)
			}
			for who, c := range map[string]*probe.Client{"midori": nurse, "hikari": stranger} {
				if p := send(c, who, "2026-10-31", box[1]); p.Status != http.StatusForbidden && p.Status != http.StatusNotFound {
					t.Errorf("somebody of %s marks leavers: %d", who, p.Status)
				}
			}
			if s := await(t, hr, at, "applied"); len(s.Absent) != 200 {
				t.Fatal("something refused changed something")
			}
			if p := send(hr, "midori", "R8.10.31", box[1]); p.Status != http.StatusSeeOther || !strings.Contains(p.Location, "done=leavers") {
				t.Fatalf("%d %s", p.Status, p.Text())
			}
			s := await(t, hr, at, "applied")
			if len(s.Absent) != 199 {
				t.Errorf("%d candidates are left", len(s.Absent))
			}
			for _, a := range s.Absent {
				if a.Number == box[2] {
					t.Error("the leaver is still a candidate")
				}
			}
			if page, err = hr.Get(t.Context(), "/people/"+box[1]+"/record"); err != nil || !strings.Contains(page.Text(), "2026-10-31") {
				t.Errorf("the record does not say when: %v", err)
			}
		})
	}
}
