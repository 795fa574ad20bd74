package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/audit"
	"rakudos/internal/governance/accessreview"
)

// recorded finds the verbs that the services write into the log.
var recorded = regexp.MustCompile(`(?:record|require|Verb:|verb:)[( ](?:tx|ctx)?[^"\n]*"([a-z]+\.[a-z_.]+)"`)

// TestEveryVerbHasWords reads the services for what they record.
func TestEveryVerbHasWords(t *testing.T) {
	n := 0
	for _, root := range []string{"../people", "../health", "../statement", "../operations", "../governance", "../engine", "../app"} {
		_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
				return nil
			}
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			for line := range strings.SplitSeq(string(b), "\n") {
				if strings.HasPrefix(line, "//") || strings.Contains(line, "fault.New") || strings.Contains(line, "db.Q(") || strings.Contains(line, "db.GlobalQ(") {
					continue
				}
				for _, m := range recorded.FindAllStringSubmatch(line, -1) {
					n++
					if verbWords[m[1]] == "" {
						t.Errorf("%s: %s has no words", p, m[1])
					}
				}
			}
			return nil
		})
	}
	if n < 30 {
		t.Errorf("only %d verbs found: the pattern no longer fits", n)
	}
}

func TestAuditLineInWords(t *testing.T) {
	if l := newAuditLine(audit.Entry{Verb: "support.read", Actor: audit.Who{Kind: actor.Human, Account: "01a2260a-22c9-7172-ba7c-c7f6b2bccc8c", Roles: []actor.Role{actor.SupportLists}, Ticket: "T-1"}}, nil); !strings.HasPrefix(l.Who, "保健会の担当者") || l.Short != "" || !strings.Contains(l.Detail, "T-1") {
		t.Errorf("a visitor of the association: %+v", l)
	}
	l := newAuditLine(audit.Entry{Verb: "checkup.view", Purpose: "follow-up", Result: "denied", At: time.Now(), Actor: audit.Who{Kind: actor.Human, Roles: []actor.Role{actor.Nurse}}, Detail: map[string]any{"total": 2, "a": 1}}, nil)
	if l.What != "健診結果の閲覧" || l.Why != "保健指導・事後措置" || l.Outcome != "拒否" || l.Who != "保健師・看護職" || l.Detail != "a 1、件数 2" {
		t.Errorf("%+v", l)
	}
	if l := newAuditLine(audit.Entry{Verb: "new.verb", Purpose: "new", Actor: audit.Who{Kind: actor.Host}}, nil); l.What != "new.verb" || l.Why != "new" || l.Who != "サーバーの管理者" {
		t.Errorf("%+v", l)
	}
}

// TestDetailsInWords: what the program writes for itself is read by people in their words: instants in Japan's
// time, codes of faults as the sentence that was shown, identifiers by their ends.
func TestDetailsInWords(t *testing.T) {
	for value, want := range map[any]string{
		"2026-12-31T14:59:00Z": "2026-12-31 23:59", "checkup.header_unknown": "見出しの行が見つかりません。健診結果のファイルではないようです",
		"01935a00-0000-7000-8000-000000000001": "0193…000001", "2026-12-31": "2026-12-31", "nothing.known": "nothing.known", true: "はい",
	} {
		if got := detailText("x", value); got != want {
			t.Errorf("%v: %q, want %q", value, got, want)
		}
	}
	l := newAuditLine(audit.Entry{Detail: map[string]any{"route": "GET /people/{id}", "why": "permission"}}, (&server{}).table())
	if l.Detail != "画面 個人のページを開く（/people/{id}）、理由 役割にその権限がないため" {
		t.Error(l.Detail)
	}
	if got := routeText("GET /nowhere", nil); got != "GET /nowhere" {
		t.Error(got)
	}
	if got := detailText("x", []any{"2026-12-31T14:59:00Z", false}); got != "2026-12-31 23:59／いいえ" {
		t.Error(got)
	}
}

// notDetails are the places whose maps with words of the program are no details of events: evidence, files, answers.
var notDetails = regexp.MustCompile(`(/controls[a-z_]*|_test|/engine/probe/[a-z]+|/asset/probe|/app/backup|/handover/[a-z]+|/webauthn[a-z_]*)\.go$`)

// TestEveryDetailHasAName reads the services for what they tell about an event: what people read has no English key.
func TestEveryDetailHasAName(t *testing.T) {
	n, set := 0, token.NewFileSet()
	for _, root := range []string{"../people", "../health", "../governance", "../operations", "../engine", "../app"} {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || notDetails.MatchString(p) {
				return err
			}
			f, err := parser.ParseFile(set, p, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(node ast.Node) bool {
				lit, ok := node.(*ast.CompositeLit)
				if !ok {
					return true
				}
				m, ok := lit.Type.(*ast.MapType)
				if !ok {
					return true
				}
				if v, ok := m.Value.(*ast.Ident); !ok || v.Name != "any" {
					return true
				}
				for _, e := range lit.Elts {
					kv, ok := e.(*ast.KeyValueExpr)
					if !ok {
						continue
					}
					if k, ok := kv.Key.(*ast.BasicLit); ok {
						n++
						if name, _ := strconv.Unquote(k.Value); detailWords[name] == "" {
							t.Errorf("%s: %s has no name", set.Position(k.Pos()), name)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 150 {
		t.Errorf("only %d details found: the reading no longer fits", n)
	}
	for value, want := range map[string]string{"association": "保健会", "opened": "始まり", fmt.Sprintf("remind-%d", accessreview.ReminderDays[0]): "締切の14日前", fmt.Sprintf("remind-%d", accessreview.ReminderDays[1]): "締切の7日前", fmt.Sprintf("remind-%d", accessreview.ReminderDays[2]): "締切の前日"} {
		if got := detailText("kind", value); got != want {
			t.Errorf("kind %s: %q", value, got)
		}
	}
	if got := detailText("personnel", ""); got != "未確認" {
		t.Errorf("personnel authority that nobody has stated: %q", got)
	}
}

func TestPurposeIsTheStrongestRole(t *testing.T) {
	if got := purposeOf(actor.Actor{Roles: []actor.Role{actor.Employee, actor.Physician}}); got != "work-fitness" {
		t.Error(got)
	}
	if got := purposeOf(actor.Actor{}); got != "operation" {
		t.Error(got)
	}
}

func TestMenuShowsOnlyWhatTheRoleMayOpen(t *testing.T) {
	paths := func(role actor.Role) string {
		var out []string
		for _, w := range menuOf(sampleVisitor(role).Actor, sampleVisitor(role).TenantKind) {
			for _, i := range w.Items {
				out = append(out, i.Path)
			}
		}
		return strings.Join(out, " ")
	}
	for role, want := range map[actor.Role]string{
		actor.Employee:    "/ /me /me/readers /me/security /me/password /trust",
		actor.Manager:     "/ /me/security /me/password /measures /trust",
		actor.TenantAdmin: "/ /me/security /me/password /users /reviews /visits /audit /access /federation /sealed /retention /holds /leaving /trust",
		actor.HR:          "/ /me/security /me/password /checkups /measures /people /imports /criteria /trust",
		actor.Physician:   "/ /me/security /me/password /checkups /worklist /measures /people /criteria /leaving/files /trust",
	} {
		if got := paths(role); got != want {
			t.Errorf("%s: %s", role, got)
		}
	}
}

func TestMenuEntriesAreRoutes(t *testing.T) {
	routes := map[string]Route{}
	for _, r := range Table() {
		routes[strings.Replace(r.Pattern, "{$}", "", 1)] = r
	}
	for _, w := range menu {
		for _, i := range w.Items {
			r, ok := routes["GET "+i.Path]
			if !ok {
				t.Errorf("%s leads nowhere", i.Path)
			}
			if r.Permission != i.Permission && r.Permission != SignedIn && r.Permission != Public {
				t.Errorf("%s is shown with %s but opens with %s", i.Path, i.Permission, r.Permission)
			}
		}
	}
}

func TestDemoMailStaysOnThisMachine(t *testing.T) {
	d := Deps{Config: Config{Demo: true, MailDir: t.TempDir()}, Log: quiet}
	h, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	get := func(addr string) int {
		r := httptest.NewRequest("GET", "https://localhost/demo/mail", nil)
		r.RemoteAddr = addr
		r.Header.Set("X-Forwarded-For", "127.0.0.1")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := get("127.0.0.1:5000"); got != 200 {
		t.Errorf("this machine gets %d", got)
	}
	if got := get("[::1]:5000"); got != 200 {
		t.Errorf("this machine gets %d", got)
	}
	if got := get("192.0.2.7:5000"); got != 404 {
		t.Errorf("another machine gets %d", got)
	}
	d.Config.Demo = false
	if h, err = New(d); err != nil {
		t.Fatal(err)
	}
	if got := get("127.0.0.1:5000"); got != 404 {
		t.Errorf("without the demo: %d", got)
	}
}

// TestDetailsOfAnEventAreWords: names and values that people meet, in their language.
func TestDetailsOfAnEventAreWords(t *testing.T) {
	l := newAuditLine(audit.Entry{Detail: map[string]any{"factor": "mail", "new_device": true, "roles": []any{"auditor", "hr"}, "scope": "person", "tries": 3}}, nil)
	if want := "確かめ方 メールの認証コード、新しい端末 はい、役割 監査者／人事・健康管理担当者、範囲 一人の記録、試行 3"; l.Detail != want {
		t.Errorf("%q, want %q", l.Detail, want)
	}
}
