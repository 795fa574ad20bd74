package webtest

import (
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/samples"
)

// TestPeopleAtTheirScreens clicks through the service like its people: HR imports the roster and both
// check-up files, the nurse and the physician work with them, an employee reads the result. Each page is
// examined at desktop and phone width; TestEveryPageIsLookedAt looks at those that nobody passes here.
func TestPeopleAtTheirScreens(t *testing.T) {
	files := t.TempDir()
	expected, err := samples.Write(files, samples.Options{People: 200, Seed: 20, Share: 0.7}) // this seed has every kind of defect
	if err != nil {
		t.Fatal(err)
	}
	h := Start(t, db.SQLite)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.Open(h.URL + "/login")
	v.look("login")
	v.Open(h.URL + "/demo/mail")
	v.look("mail")

	v.as("midori", "hr")
	v.look("home-hr")
	v.Follow(`nav.menu a[href="/imports"]`)
	v.Follow(`main a[href="/people/import"]`)
	v.look("upload")
	v.Choose("input[type=file]", filepath.Join(files, samples.Roster))
	v.Follow("main form button.main")
	v.preview("200")
	v.confirm()

	v.Open(h.URL + "/checkups/import")
	v.Choose("input[type=file]", filepath.Join(files, samples.BodyA))
	v.Follow("main form button.main")
	v.preview("")
	v.look("preview")
	want := slices.Sorted(maps.Keys(expected.RefusedA))
	if got := v.refused(); !slices.Equal(got, want) {
		t.Errorf("body A: refused lines %v, want %v", got, want)
	}
	preview := v.URL()
	v.Follow(`main a[href$="/columns"]`)
	v.look("columns")
	v.Open(preview)
	v.confirm()
	v.look("result")

	v.Open(h.URL + "/checkups/import")
	v.Choose("input[type=file]", filepath.Join(files, samples.BodyB))
	v.Follow("main form button.main")
	v.preview("")
	if got := v.refused(); len(got) != 0 {
		t.Errorf("body B: refused lines %v, want none", got)
	}
	v.confirm()
	v.Follow(`nav.menu a[href="/people"]`)
	v.look("people")
	v.Follow("main tbody tr td a")
	v.look("record")
	v.Follow(`nav.menu a[href="/checkups"]`)
	v.look("list-hr")
	v.Follow("main tbody tr td a")
	v.look("person-hr")
	v.leave()

	v.as("midori", "nurse")
	v.look("home-nurse")
	v.Open(h.URL + "/checkups?year=2026&judgement=D")
	v.look("list")
	v.heading()
	v.Open(h.URL + "/checkups?year=2025&judgement=C") // somebody with several years
	v.Follow("main tbody tr td a")
	v.look("person")
	v.Open(h.URL + "/checkups?year=2026&follow=open")
	v.Follow("main tbody tr td a")
	v.Click(`input[name=outcome][value=watched]`)
	v.Follow("main form[action*='/followup/'] button") // without a day
	v.AwaitText("受診した日（本人と話した日）を書いてください。")
	v.Problems() // a form that comes back is an answer with status 422
	v.Type("#day", "2026/11/24")
	v.Follow("main form[action*='/followup/'] button")
	v.AwaitText("受診の確認を記録しました")
	v.look("followup")
	v.Open(h.URL + "/criteria")
	v.Follow(`main a[href^="/criteria/new"]`)
	v.look("criteria-edit")
	v.Type("#name", "当社基準")
	v.Type("#source", "産業医の意見")
	v.Type("#rule-3-a", "118以下")
	v.Follow(`main button[value=look]`)
	v.AwaitText("どの区分にも入りません")
	v.Problems()
	v.Type("[name=rule-3-b]", "119〜139")
	v.Follow(`main button[value=look]`)
	v.AwaitText("判定が変わる人の数")
	v.look("criteria-impact")
	v.Follow(`main button[value=submit]`)
	v.AwaitText("判定基準の案を保存しました")
	v.leave()

	v.as("midori", "physician")
	v.look("home-physician")
	v.Follow(`nav.menu a[href="/worklist"]`)
	v.look("worklist")
	v.Follow(`main a[href*="/decide/"]`)
	v.look("decide")
	v.decide("main form[data-guard] button.main")
	v.Follow(`main a[href*="/decide/"]`)
	decided := v.URL()
	v.decide(`main form[data-guard] button[name="then"]`)
	if at := v.URL(); !strings.Contains(at, "/decide/") || strings.HasPrefix(at, decided) {
		t.Errorf("after %s the next person is at %s", decided, at)
	}
	v.look("decide-next")
	v.Open(h.URL + "/criteria")
	v.look("criteria")
	v.leave()

	v.Open(h.URL + "/trust") // last, so that the probes have looked
	v.look("trust")
}

// heading: a list has no scroll bar of its own beside the page's, and its heading stays in the window.
func (v *visit) heading() {
	v.t.Helper()
	const where = `(() => {
 const box = document.querySelector('.scroll:has(> .cards)'), last = box.querySelector('tbody tr:last-child');
 if (box.scrollHeight > box.clientHeight + 1) return -1;
 scrollTo(0, last.getBoundingClientRect().top + scrollY - 200);
 return Math.round(box.querySelector('thead th').getBoundingClientRect().top) + (scrollY > 0 ? 0 : 10000);
})()`
	if top := browser.Eval[int](v.Page, where); top != 0 {
		v.t.Errorf("the heading of the list stands at %d of the window, want 0; -1 is a scroll bar of its own, 10000 a list too short to tell", top)
	}
}

func (v *visit) as(tenant, role string) {
	v.t.Helper()
	v.h.SignIn(v.Page, tenant, role)
	if u, err := url.Parse(v.URL()); err != nil || u.Path != "/" {
		v.t.Fatalf("%s/%s is at %s after signing in", tenant, role, v.URL())
	}
}

func (v *visit) leave() {
	v.t.Helper()
	v.Follow(`form[action="/logout"] button`)
}

// preview waits for the page that says what would happen.
func (v *visit) preview(accepted string) {
	v.t.Helper()
	v.Await("the preview", `!!document.querySelector('form[action$="/confirm"]')`)
	if accepted != "" && !strings.Contains(v.Text(), accepted+"行を取り込みますか") {
		v.t.Errorf("the preview does not offer %s lines:\n%s", accepted, v.Text())
	}
}

func (v *visit) confirm() {
	v.t.Helper()
	v.Follow(`form[action$="/confirm"] button.main`)
	v.AwaitText("行を取り込みました")
}

// refused reads the numbers of the lines that would not be imported.
func (v *visit) refused() []int {
	v.t.Helper()
	lines := browser.Eval[[]int](v.Page, `[...document.querySelectorAll('#refused ~ .scroll tbody th')].map(e => parseInt(e.textContent.replace(/,/g, '')))`)
	slices.Sort(lines)
	return slices.Compact(lines)
}

// decide records a fitness with a measure by one of the form's buttons, as a physician does.
func (v *visit) decide(button string) {
	v.t.Helper()
	v.Click("#fitness label:nth-of-type(2) input")
	v.Type("#measures", "時間外労働は月20時間までにしてください。")
	v.Type("#from", "2026/12/1")
	v.Follow(button)
	v.AwaitText("就業判定を記録しました")
}
