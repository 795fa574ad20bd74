package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

func TestWithChangesOneParameter(t *testing.T) {
	u, _ := url.Parse("/checkups?dept=d&judgement=C%2B&page=3&done=applied")
	for _, c := range []struct{ name, value, want string }{
		{"dept", "", "/checkups?judgement=C%2B"},
		{"judgement", "D", "/checkups?dept=d&judgement=D"},
		{"page", "4", "/checkups?dept=d&judgement=C%2B&page=4"},
	} {
		if got := with(u, c.name, c.value); got != c.want {
			t.Errorf("with(%s, %q) = %s, want %s", c.name, c.value, got, c.want)
		}
	}
}

func TestPagerStaysInside(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		total, per := rapid.IntRange(0, 1000).Draw(rt, "total"), rapid.IntRange(1, 60).Draw(rt, "per")
		asked := rapid.SampledFrom([]string{"", "0", "-3", "1", "2", "17", "99999999999999999999", "x"}).Draw(rt, "page")
		p := pagerOf(httptest.NewRequest("GET", "/people?page="+asked, nil), total, per)
		if p.Page < 1 || p.Page > p.Pages || p.from() < 0 || p.from() > p.to() || p.to() > total {
			rt.Fatalf("%+v of %d", p, total)
		}
		if (p.Next == "") != (p.Page == p.Pages) || (p.Prev == "") != (p.Page == 1) {
			rt.Fatalf("links %+v", p)
		}
	})
}

func multipartBody(t *testing.T, parts ...[3]string) (*bytes.Buffer, string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, p := range parts {
		var w io.Writer
		var err error
		if p[1] == "" {
			w, err = m.CreateFormField(p[0])
		} else {
			w, err = m.CreateFormFile(p[0], p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, p[2])
	}
	m.Close()
	return &b, m.FormDataContentType()
}

func TestFilePart(t *testing.T) {
	body, kind := multipartBody(t, [3]string{"note", "", "x"}, [3]string{"file", `C:\data\健診.csv`, "a,b\n"})
	r := httptest.NewRequest("POST", "/checkups/import", body)
	r.Header.Set("Content-Type", kind)
	p, fields, err := filePart(r)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(p); string(b) != "a,b\n" || fields.Get("note") != "x" {
		t.Errorf("content %q, fields %v", b, fields)
	}
	var many [][3]string
	for i := range 3 * fieldsMost {
		many = append(many, [3]string{"f" + strconv.Itoa(i), "", strings.Repeat("x", 2*fieldMost)})
	}
	body, kind = multipartBody(t, append(many, [3]string{"file", "a.csv", "a"})...)
	r = httptest.NewRequest("POST", "/people/import", body)
	r.Header.Set("Content-Type", kind)
	if _, fields, err := filePart(r); err != nil || len(fields) != fieldsMost || len(fields.Get("f0")) != fieldMost {
		t.Errorf("%d fields, the first of %d bytes, %v", len(fields), len(fields.Get("f0")), err)
	}
	body, kind = multipartBody(t, [3]string{"file", "", "no file"})
	r = httptest.NewRequest("POST", "/checkups/import", body)
	r.Header.Set("Content-Type", kind)
	if _, _, err := filePart(r); fault.Of(err).Code != "web.file_missing" {
		t.Errorf("no file: %v", err)
	}
	r = httptest.NewRequest("POST", "/checkups/import", strings.NewReader("a=b"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, _, err := filePart(r); fault.Of(err).Code != "web.form" {
		t.Errorf("no multipart: %v", err)
	}
}

func TestUploadIsNotBuffered(t *testing.T) {
	pr, pw := io.Pipe()
	m := multipart.NewWriter(pw)
	go func() {
		w, _ := m.CreateFormFile("file", "a.csv")
		_, _ = io.WriteString(w, "first line\n") // and then nothing more: the sender is slow
		_ = w
	}()
	r := httptest.NewRequest("POST", "/checkups/import", pr)
	r.Header.Set("Content-Type", m.FormDataContentType())
	p, _, err := filePart(r)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(p, first); err != nil || string(first) != "first" {
		t.Errorf("%q %v", first, err)
	}
	pw.CloseWithError(io.ErrUnexpectedEOF)
	if _, err := io.ReadAll(p); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a cut upload ends with %v", err)
	}
}

func TestBaseName(t *testing.T) {
	for in, want := range map[string]string{`C:\data\健診.csv`: "健診.csv", "../../etc/passwd": "passwd", "a.csv": "a.csv", "a\u202efdp.csv": "afdp.csv", strings.Repeat("あ", 200): strings.Repeat("あ", 100)} {
		if got := baseName(in); got != want {
			t.Errorf("baseName(%q) = %q", in, got)
		}
	}
}

func TestDecideReadsDatesAndNeedsMeasures(t *testing.T) {
	read := func(form url.Values) (*decideView, []FieldError) {
		v := newDecideView(samplePerson(), 0)
		r := httptest.NewRequest("POST", "/x", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		d, errs := v.read(r)
		if len(errs) == 0 && d.From != (jst.Date{Y: 2026, M: 4, D: 1}) {
			t.Errorf("from %v", d.From)
		}
		return v, errs
	}
	if _, errs := read(url.Values{"fitness": {"restricted"}, "measures": {"残業なし"}, "from": {"R8.4.1"}, "until": {"20260930"}}); len(errs) != 0 {
		t.Errorf("a good form is refused: %v", errs)
	}
	for want, form := range map[string]url.Values{
		"fitness":  {"from": {"2026/4/1"}},
		"measures": {"fitness": {"leave"}, "from": {"2026/4/1"}},
		"from":     {"fitness": {"normal"}, "from": {"いつか"}},
		"until":    {"fitness": {"normal"}, "from": {"2026/4/1"}, "until": {"2026/3/1"}},
	} {
		v, errs := read(form)
		if len(errs) != 1 || errs[0].Field != want {
			t.Errorf("%v: %v, want a message at %s", form, errs, want)
		}
		if v.From != form.Get("from") {
			t.Error("what was typed is lost")
		}
	}
}

func TestSentenceCanBeTakenApart(t *testing.T) {
	v := samples()["checkups"].view.(*checkupsView)
	var all []string
	for _, c := range v.Sentence {
		all = append(all, c.Text)
		if c.Remove != "" && strings.Contains(c.Remove, "page=") {
			t.Errorf("%s keeps the page: %s", c.Text, c.Remove)
		}
	}
	if got := strings.Join(all, "・"); got != "2026年度・製造一課・判定C以上・未判定" {
		t.Errorf("sentence %s", got)
	}
	for _, c := range v.Counts {
		if strings.Contains(c.Path, "fitness=") || c.Here {
			t.Errorf("the count of %s does not lead to those counted: %+v", c.Letter, c)
		}
	}
	if v.Sorts["judgement"].Aria != "ascending" || !strings.Contains(v.Sorts["judgement"].Path, "sort=-judgement") {
		t.Errorf("sort %+v", v.Sorts["judgement"])
	}
	if !strings.HasPrefix(v.CSV, "/checkups.csv?") || !strings.Contains(v.CSV, "fitness=waiting&judgement=C%2B") {
		t.Errorf("the export is not of what is shown: %s", v.CSV)
	}
}

func TestNamedTenant(t *testing.T) {
	post := httptest.NewRequest("POST", "/people/1/decide/2", strings.NewReader("_tenant=midori"))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	head := httptest.NewRequest("GET", "/", nil)
	head.Header.Set("X-Rakudos-Tenant", "hikari")
	for want, got := range map[string]string{
		"midori": namedTenant(post, Route{}), "hikari": namedTenant(head, Route{}),
		"kyokai": namedTenant(httptest.NewRequest("POST", "/people/import?_tenant=kyokai", nil), Route{Upload: true}),
		"":       namedTenant(httptest.NewRequest("GET", "/", nil), Route{}),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCookiesAreHardened(t *testing.T) {
	w := httptest.NewRecorder()
	cookie(w, "__Host-session", "x", 0)
	got := w.Result().Cookies()[0]
	if !got.Secure || !got.HttpOnly || got.Path != "/" || got.Domain != "" || got.SameSite != http.SameSiteLaxMode || got.MaxAge != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWordsOfDaysAndNumbers(t *testing.T) {
	for n, want := range map[int]string{-3: "期限を3日過ぎています", 0: "今日が期限です", 5: "あと5日"} {
		if got := daysLeft(n); got != want {
			t.Errorf("daysLeft(%d) = %s", n, got)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := group(n); got != want {
			t.Errorf("group(%d) = %s", n, got)
		}
	}
}
