package access

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/probe"
)

// What stands in the record of one invented person of the probe tenant and nowhere else. The first two come with
// a check-up file, the others are written by the probe itself as the physician.
const (
	MarkValue   = "点検所見7Q2K9" // an item that the law requires
	MarkOther   = "点検備考4M8X1" // an item beyond the law
	markOpinion = "点検意見9T3W6"
	markNote    = "点検覚書6J1P4"
)

// SabotageShown names the sandbox whose HR is shown the values, which the table keeps from it.
const SabotageShown = "access.shown"

// marks tell by what one knows that a kind of data is shown.
var marks = []struct {
	kind DataKind
	in   func(text string) bool
}{
	{StatutoryValues, has(MarkValue)},
	{OtherValues, has(MarkOther)},
	{Judgement, func(text string) bool {
		head, _, _ := strings.Cut(text, "\n")
		return strings.Contains(text, `<th scope="row">総合判定</th>`) || strings.Contains(head, ",総合判定,")
	}},
	{Opinion, has(markOpinion)},
	{Guidance, has(markNote)},
}

func has(mark string) func(string) bool {
	return func(text string) bool { return strings.Contains(text, mark) }
}

// told is what the table says that a role sees, the own data for an employee. It is read from the rows: View and
// See are what the program decides by, and what is to be found out.
func told(r actor.Role, k DataKind) Level {
	at := slices.IndexFunc(Data, func(row DataRow) bool { return row.Kind == k })
	if at < 0 {
		return None
	}
	l := Data[at].Level[r]
	if l == Rule && DefaultRule().allows(k, r) {
		return Raw
	}
	return l
}

// known is the person whose record bears the marks, with what else can be asked for by its real name.
type known struct {
	person, result, load string
	others               []string // employee numbers of the other tenant
}

// fill makes the address of a route: of the known person where there is one, else of nobody.
func (k known) fill(r Route) string {
	path := strings.ReplaceAll(r.Path, "{$}", "")
	if r.Method == http.MethodGet {
		if rest, ok := strings.CutPrefix(path, "/people/{id}"); ok {
			path = "/people/" + k.person + strings.ReplaceAll(rest, "{result}", k.result)
		}
		if rest, ok := strings.CutPrefix(path, "/imports/{id}"); ok && k.load != "" && rest != "/events" {
			path = "/imports/" + k.load + rest
		}
	}
	return parameter.ReplaceAllString(path, someID)
}

var decideLink = regexp.MustCompile(`/decide/([0-9a-f-]{36})"`)

// meet finds the person with the marks among those of the tenant, and writes what a check-up file does not bring
// unless an earlier run has. Under way it tries the consent: given, the physician sees the item beyond the law.
func (p Probing) meet(ctx context.Context, site *probe.Site, own []string, w *walk) (k known, err error) {
	err = p.as(ctx, site, p.Tenant, actor.Employee, func(self *probe.Client) error {
		return p.as(ctx, site, p.Tenant, actor.Physician, func(c *probe.Client) error {
			var page *probe.Page
			for _, id := range own {
				if page, err = c.Get(ctx, "/people/"+id); err != nil {
					return err
				}
				if strings.Contains(page.Text(), MarkValue) {
					k.person = id
					break
				}
			}
			m := decideLink.FindStringSubmatch(page.Text())
			if k.person == "" || m == nil {
				return fmt.Errorf("access: no person of %s has the record that the probe knows", p.Tenant)
			}
			k.result = m[1]
			at := "/people/" + k.person
			if !strings.Contains(page.Text(), markOpinion) {
				if err := sent(c.PostForm(ctx, at+"/decide/"+k.result, url.Values{"fitness": {"normal"}, "opinion": {markOpinion}})); err != nil {
					return err
				}
			}
			if !strings.Contains(page.Text(), markNote) {
				if err := sent(c.PostForm(ctx, at+"/followup/"+k.result, url.Values{"outcome": {"open"}, "note": {markNote}})); err != nil {
					return err
				}
			}
			for _, given := range []string{"yes", "no"} {
				if err := sent(self.PostForm(ctx, "/me/consent", url.Values{"given": {given}})); err != nil {
					return err
				}
				if page, err = c.Get(ctx, at); err != nil {
					return err
				}
				w.shown++
				if got := strings.Contains(page.Text(), MarkOther); got != (given == "yes") {
					w.Failed = append(w.Failed, map[bool]string{true: "本人の同意がないのに、産業医に法定外の項目が見える", false: "本人が同意しても、産業医に法定外の項目が見えない"}[got])
				}
			}
			return nil
		})
	})
	return k, err
}

// sent demands that a form was taken.
func sent(page *probe.Page, err error) error {
	if err == nil && page.Status != http.StatusSeeOther {
		err = fmt.Errorf("access: a form of the probe is answered with %d", page.Status)
	}
	return err
}

// seen collects, for one role, where each kind of data was found.
type seen map[DataKind]string

func (s seen) look(path, text string) {
	for _, m := range marks {
		if s[m.kind] == "" && m.in(text) {
			s[m.kind] = path
		}
	}
}

// compare holds what a role was shown against the table.
func (w *walk) compare(r actor.Role, s seen) {
	for _, m := range marks {
		w.shown++
		switch l := told(r, m.kind); {
		case l == Raw && s[m.kind] == "":
			w.Failed = append(w.Failed, fmt.Sprintf("%s: 表では見える「%s」が、どのページにもない", r, m.kind.says()))
		case l != Raw && s[m.kind] != "":
			w.Failed = append(w.Failed, fmt.Sprintf("%s: 表では見えない「%s」が %s にある", r, m.kind.says(), s[m.kind]))
		}
	}
}

func (k DataKind) says() string {
	for _, row := range Data {
		if row.Kind == k {
			return row.Says
		}
	}
	return string(k)
}

// ofPeople are the permissions behind which people and their health stand: there no employee number of another
// tenant may be.
var ofPeople = []Permission{PersonReadSelf, PeopleRead, PeopleImport, PersonRead, CheckupList, CheckupExport, CheckupImport, CheckupDecide, MeasuresRead, ImportRead, MappingEdit}

// strangers looks for employee numbers of the other tenant.
func (w *walk) strangers(r actor.Role, of Route, status int, text string, numbers []string) {
	if status != http.StatusOK || !slices.Contains(ofPeople, of.Permission) {
		return
	}
	w.searched++
	if slices.ContainsFunc(numbers, func(n string) bool { return strings.Contains(text, n) }) {
		w.Failed = append(w.Failed, fmt.Sprintf("%s: 別の契約先の社員番号が %s にある", r, of.Path))
	}
}

// textOf is what a person could read in an answer: a workbook is unpacked.
func textOf(page *probe.Page) (string, error) {
	if !strings.HasPrefix(page.Header.Get("Content-Type"), "application/vnd.openxmlformats") {
		return page.Text(), nil
	}
	z, err := zip.NewReader(bytes.NewReader(page.Body), int64(len(page.Body)))
	if err != nil {
		return "", fmt.Errorf("access: a workbook does not open: %w", err)
	}
	var b strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return "", err
		}
		if _, err := io.Copy(&b, io.LimitReader(r, probe.MaxBody)); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}
