package webtest

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/probe"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/testkit/idp"
)

// scene is a service in the middle of its life: every list has something on it, and everything that waits
// for somebody waits. People are signed in; at names what the pages are asked with.
type scene struct {
	*House
	t      *testing.T
	people map[string]*probe.Client
	at     map[string]string
}

// as is somebody signed in as tenant/login, once for the whole scene.
func (s *scene) as(who string) *probe.Client {
	s.t.Helper()
	if s.people[who] == nil {
		tenant, login, _ := strings.Cut(who, "/")
		s.people[who] = s.Client(tenant, login)
	}
	return s.people[who]
}

// does posts a form and takes a redirection, or a page, as done.
func (s *scene) does(who, path string, form ...string) *probe.Page {
	s.t.Helper()
	tenant, _, _ := strings.Cut(who, "/")
	p := send(s.t, s.as(who), path, tenant, form...)
	if p.Status >= 400 {
		s.t.Fatalf("%s at %s: %d %.600s", who, path, p.Status, p.Body)
	}
	return p
}

// finds reads the first match on a page.
func (s *scene) finds(who, path, re string) string {
	s.t.Helper()
	p := visitPage(s.t, s.as(who), path)
	m := regexp.MustCompile(re).FindSubmatch(p.Body)
	if m == nil {
		s.t.Fatalf("%s finds no %s at %s: %d %.900s", who, re, path, p.Status, p.Body)
	}
	return string(m[1])
}

// setScene makes the scene. Each step stands for a person's act; none reaches round the service but the two
// that stand for time: a night's work, and the erasure that follows two approvals.
func setScene(t *testing.T, h *House) *scene {
	t.Helper()
	s := &scene{House: h, t: t, people: map[string]*probe.Client{}, at: map[string]string{}}
	s.retention()
	s.imports()
	s.leaving()
	s.watch()
	s.doors()
	ids := known(t, s.as("midori/hr"), s.as("midori/physician"))
	s.at["person"], s.at["result"] = ids["id"], ids["result"]
	s.at["user"] = s.finds("midori/tenantadmin", "/users", `/users/([0-9a-f-]{36})">employee<`)
	s.at["review"] = s.finds("midori/tenantadmin", "/reviews", `/reviews/(\d{4}-Q[1-4])"`)
	return s
}

// retention: of three people whose periods are over one is erased, one is declined, one waits; one person is held.
func (s *scene) retention() {
	s.t.Helper()
	ctx := s.t.Context()
	midori, err := s.Tenants.ByCode(ctx, "midori")
	if err != nil {
		s.t.Fatal(err)
	}
	s.at["tenant"] = string(midori.ID)
	roster := "社員番号,氏名,カナ氏名,性別,生年月日,入社日,退職日\n" +
		"Z0001,退職 花子,タイショク ハナコ,女,1960-04-01,1990-04-01,2015-03-31\nZ0002,退職 二郎,タイショク ジロウ,男,1961-04-01,1990-04-01,2015-03-31\nZ0003,退職 三奈,タイショク ミナ,女,1962-04-01,1990-04-01,2015-03-31\n"
	if _, err := s.Org.ImportNow(ctx, actor.System(midori.ID, "test"), "left.csv", strings.NewReader(roster), true); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Retention.Night(ctx); err != nil {
		s.t.Fatal(err)
	}
	all := candidateField.FindAllSubmatch(visitPage(s.t, s.as("midori/tenantadmin"), "/retention").Body, -1)
	if len(all) < 3 {
		s.t.Fatalf("%d candidates", len(all))
	}
	s.does("midori/tenantadmin", "/retention/approve", "candidate", string(all[0][1]))
	s.does("midori/tenantadmin", "/retention/decline", "candidate", string(all[1][1]), "again", jst.Of(time.Now()).AddDays(200).String(), "reason", "係争の見込みがあるため")
	s.does("kyokai/itsm", "/desk/retention/"+s.at["tenant"]+"/approve", "candidate", string(all[0][1]))
	if err := s.Retention.Erase(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.at["certificate"] = s.finds("kyokai/itsm", "/certificates", `/certificates/([0-9a-f-]{36})"`)
	s.does("kyokai/itsm", "/certificates/"+s.at["certificate"]+"/present", "requester", "総務 一郎", "organisation", "みどり製作所", "checked", "契約書の代表番号へ電話した")
	s.does("midori/tenantadmin", "/holds", "scope", "person", "number", "M0001", "reason", "労災の争い", "authority", "裁判所の求め", "reviewer", "法務 花子", "review_by", nextYear())
}

// imports: one waits for confirmation with lines that were refused, one names everybody, one cannot be read, and
// one was taken back.
func (s *scene) imports() {
	s.t.Helper()
	head := "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n"
	hr := s.as("midori/hr")
	s.at["preview"] = s.file("/people/import", "新入社員.csv", head+"Z0101,新人 一郎,シンジン イチロウ,男,2000-01-01,S01,本社,総務部,,2026-04-01\nZ0102,新人 二美,シンジン フミ,女,2000/13/40,S01,本社,総務部,x,2026-04-01\nZ0103,,シンジン,男,R2.4.1,S01,本社,総務部,,2026-04-01\n", "preview")
	s.at["full"] = fullList(s.t, hr, head+"Z0201,新人 一郎,シンジン イチロウ,男,2000-01-01,S01,本社,総務部,,2026-04-01\n")
	await(s.t, hr, s.at["full"], "preview")
	s.at["failed"] = s.file("/checkups/import", "写真.csv", "これは,健診の,表では\nありません,ね,え\n", "failed")
	s.at["checkup"] = s.file("/checkups/import", "春の健診.csv", "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,収縮期血圧\nM0002,,,,,2026-10-01,京都健診センター,170,60,128\n999999,だれ か,ダレ カ,男,1980-01-01,2026-10-01,京都健診センター,170,60,高い\n", "preview")
	s.at["withdrawn"] = s.file("/checkups/import", "取り違え.csv", "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,収縮期血圧\nM0003,,,,,2026-10-02,京都健診センター,170,60,128\n", "preview")
	s.does("midori/hr", s.at["withdrawn"]+"/confirm")
	await(s.t, hr, s.at["withdrawn"], "applied")
	s.at["applied"] = s.file("/people/import", "入社.csv", head+"Z0401,正解 一郎,セイカイ イチロウ,男,2000-01-01,S01,本社,総務部,,2026-04-01\n", "preview")
	s.does("midori/hr", s.at["applied"]+"/confirm")
	await(s.t, hr, s.at["applied"], "applied")
	s.does("midori/hr", s.at["withdrawn"]+"/withdraw", "reason", "別の会社の名簿だった")
	await(s.t, hr, s.at["withdrawn"], "withdrawn")
}

// file uploads what HR has and waits until the service knows what it is.
func (s *scene) file(path, name, content, state string) string {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	w, err := m.CreateFormFile("file", name)
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err != nil || m.Close() != nil {
		s.t.Fatal(err)
	}
	c := s.as("midori/hr")
	req, err := c.Request(s.t.Context(), http.MethodPost, path, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	p, err := c.Do(req)
	if err != nil || p.Status != http.StatusSeeOther {
		s.t.Fatalf("%s: %v: %d %s", name, err, p.Status, p.Text())
	}
	await(s.t, c, p.Location, state)
	return p.Location
}

// leaving: hikari has asked to leave, its file lies ready, the call has been made.
func (s *scene) leaving() {
	s.t.Helper()
	month := jst.Of(time.Now()).AddMonths(1).String()[:7]
	s.does("hikari/tenantadmin", "/leaving", "month", month, "name", "hikari")
	s.does("hikari/tenantadmin", "/leaving/handover")
	hikari, err := s.Tenants.ByCode(s.t.Context(), "hikari")
	if err != nil {
		s.t.Fatal(err)
	}
	who := actor.Actor{Kind: actor.Human, Tenant: hikari.ID, Account: ids.New[ids.Account](), Roles: []actor.Role{actor.TenantAdmin}}
	for range 600 {
		all, err := s.Handover.List(s.t.Context(), who)
		if err != nil || len(all) == 1 && all[0].State == handover.Failed {
			s.t.Fatalf("%+v, %v", all, err)
		}
		if len(all) == 1 && all[0].State == handover.Ready {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.at["case"] = s.finds("kyokai/itsm", "/desk/leaving", `/desk/leaving/([0-9a-zA-Z-]+)"`)
	s.does("kyokai/itsm", "/desk/leaving/"+s.at["case"]+"/call", "how", "契約書の代表番号へ架電")
}

// watch: what those who watch over the service find: a file nobody knows, support accesses in each state, an envelope.
func (s *scene) watch() {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, "unknown.bin"), []byte("?"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.work()
	ask := func(scope, number, ticket string) string {
		_, made := submit(s.t, s.as("kyokai/operator"), "/support", url.Values{"tenant": {"midori"}, "scope": {scope}, "number": {number}, "ticket": {ticket}, "reason": {"一覧の問合せ"}, "minutes": {"15"}})
		return made["id"]
	}
	ask("person", "M0001", "INC-1")
	refused := ask("lists", "", "INC-2")
	s.does("kyokai/itsm", "/support/"+refused+"/refuse", "reason", "理由が足りません")
	s.at["visit"] = ask("lists", "", "INC-3")
	s.does("kyokai/itsm", "/support/"+s.at["visit"]+"/approve")
	s.people["inside"] = s.Client("kyokai", "operator")
	if p := send(s.t, s.people["inside"], "/support/"+s.at["visit"]+"/enter", "kyokai"); p.Status != http.StatusSeeOther {
		s.t.Fatalf("entering: %d %.300s", p.Status, p.Body)
	}
	paper := regexp.MustCompile(`<code[^>]*>([^<]+)</code>`).FindAllSubmatch(s.does("kyokai/itsm", "/sealed", "login_id", "glass-1", "name", "本部の金庫").Body, -1)
	var words []string
	for _, m := range paper {
		words = append(words, string(m[1]))
	}
	s.people["emergency"] = s.envelope(words)
}

// nextYear is a day that a hold may be looked at again by.
func nextYear() string { return jst.Of(time.Now()).AddMonths(12).String() }

// work: a piece of work for a customer has been given up, for what it was to read is gone.
func (s *scene) work() {
	s.t.Helper()
	ctx, tenant := s.t.Context(), ids.Tenant(s.at["tenant"])
	if err := s.DB.Tx(ctx, tenant, func(tx *db.Tx) error {
		_, err := s.Jobs.Enqueue(tx, tenant, "checkup.read", []byte(ids.New[ids.Import]()), job.EnqueueOptions{})
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	for range 3000 {
		if v, err := s.Jobs.Stats(ctx); err != nil || v.Dead > 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("the work is not given up")
}

// envelope signs in with what stands on the paper: a password and numbered codes.
func (s *scene) envelope(words []string) *probe.Client {
	s.t.Helper()
	c := s.Site().New()
	s.t.Cleanup(c.Close)
	for i, password := range words {
		p, err := c.PostForm(s.t.Context(), probe.PathLogin, url.Values{"tenant": {"kyokai"}, "login_id": {"glass-1"}, "password": {password}})
		if err != nil {
			s.t.Fatal(err)
		}
		if p.Status == http.StatusSeeOther && i+1 < len(words) {
			if p, err = c.SubmitCode(s.t.Context(), words[i+1]); err == nil && p.Status == http.StatusSeeOther {
				return c
			}
			s.t.Fatalf("the envelope's code: %d, %v of %v", p.Status, err, words)
		}
	}
	s.t.Fatalf("the envelope opens nothing: %v", words)
	return nil
}

// doors: somebody half signed in, somebody whose screen is locked, somebody about to enrol an app, a company with
// a provider of its own.
func (s *scene) doors() {
	s.t.Helper()
	ctx := s.t.Context()
	half := s.Site().New()
	s.t.Cleanup(half.Close)
	if p, err := half.Password(ctx, probe.Account{Tenant: "midori", LoginID: "nurse", Password: s.Password("midori", "nurse")}); err != nil || p.Status != http.StatusSeeOther {
		s.t.Fatalf("half a sign-in: %v, %v", p, err)
	}
	s.people["half"] = half
	s.people["locked"] = s.Client("midori", "hr")
	if p := send(s.t, s.people["locked"], "/screen/lock", "midori"); p.Status >= 400 {
		s.t.Fatalf("locking: %d", p.Status)
	}
	s.does("midori/nurse", "/me/factors/proof", "password", s.Password("midori", "nurse"))
	s.does("midori/nurse", "/me/factors/totp")
	sp := idp.NewSAML(s.t, idp.User{ID: "n", Name: "nurse", Email: "nurse@midori.example"})
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range [][2]string{{"name", "みどりのアカウント"}, {"link_by", "email"}, {"enabled", "yes"}} {
		_ = m.WriteField(f[0], f[1])
	}
	w, err := m.CreateFormFile("metadata", "m.xml")
	if err == nil {
		_, err = w.Write([]byte(sp.Metadata))
	}
	if err != nil || m.Close() != nil {
		s.t.Fatal(err)
	}
	c := s.as("midori/tenantadmin")
	req, err := c.Request(ctx, http.MethodPost, "/federation/saml?_tenant=midori", &b)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	p, err := c.Do(req)
	if err != nil || p.Status != http.StatusSeeOther {
		s.t.Fatalf("the connection: %v, %d %.300s", err, p.Status, p.Body)
	}
	s.at["connection"] = p.Location
	s.at["provider"] = p.Location[strings.LastIndex(p.Location, "=")+1:]
	s.does("midori/tenantadmin", "/federation/token", "label", "人事システム", "days", "30")
}
