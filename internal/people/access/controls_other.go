package access

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/probe"
)

// foreign is what another tenant has, under its real names.
type foreign struct {
	paths                  []string // of single records
	numbers                []string // of employees
	people, loads, reviews int
}

var (
	personLink = regexp.MustCompile(`href="/people/([0-9a-f]{8}-[0-9a-f-]{27})[/"]`)
	loadLink   = regexp.MustCompile(`href="/imports/([0-9a-f]{8}-[0-9a-f-]{27})"`)
	reviewLink = regexp.MustCompile(`href="/reviews/([0-9a-f]{8}-[0-9a-f-]{27})"`)
)

// links reads the identifiers that a page names, each once.
func links(ctx context.Context, c *probe.Client, path string, link *regexp.Regexp) ([]string, error) {
	page, err := c.Get(ctx, path)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for _, m := range link.FindAllStringSubmatch(page.Text(), -1) {
		if !seen[m[1]] {
			out, seen[m[1]] = append(out, m[1]), true
		}
	}
	return out, nil
}

// most bounds how many records of a kind are asked for: one more shows nothing new.
const most = 2

// theirs reads, as people of the other tenant do, what it has.
func (p Probing) theirs(ctx context.Context, site *probe.Site) (f foreign, err error) {
	add := func(base string, ids []string, rest ...string) int {
		ids = ids[:min(len(ids), most)]
		for _, id := range ids {
			for _, r := range rest {
				f.paths = append(f.paths, base+id+r)
			}
		}
		return len(ids)
	}
	err = p.as(ctx, site, p.Other, actor.HR, func(c *probe.Client) error {
		people, err := links(ctx, c, "/people", personLink)
		if err != nil {
			return err
		}
		loads, err := links(ctx, c, "/imports", loadLink)
		if err != nil {
			return err
		}
		f.people = add("/people/", people, "", "/record")
		f.loads = add("/imports/", loads, "", "/refused.csv", "/columns")
		list, err := c.Get(ctx, "/checkups.csv")
		if err != nil {
			return err
		}
		rows, err := csv.NewReader(strings.NewReader(list.Text())).ReadAll()
		if err != nil || list.Status != http.StatusOK {
			return fmt.Errorf("access: the list of %s can not be read (%d): %w", p.Other, list.Status, err)
		}
		for _, row := range rows[min(1, len(rows)):] {
			f.numbers = append(f.numbers, row[0])
		}
		return nil
	})
	if err == nil {
		err = p.as(ctx, site, p.Other, actor.TenantAdmin, func(c *probe.Client) error {
			reviews, err := links(ctx, c, "/reviews", reviewLink)
			f.reviews = add("/reviews/", reviews, "", "/report", "/report.json", "/lines.csv")
			return err
		})
	}
	if err == nil && (f.people == 0 || f.loads == 0 || len(f.numbers) == 0) {
		err = fmt.Errorf("access: %s has nothing to ask for: %d people, %d imports, %d numbers", p.Other, f.people, f.loads, len(f.numbers))
	}
	return f, err
}

// tenants asks for a person of the own tenant, to know that identifiers are answered, and for the records of the
// other one, which must not exist for anybody here.
func (w *walk) tenants(ctx context.Context, c *probe.Client, role actor.Role, own string, f foreign) error {
	mayRead := Allows(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{role}}, PersonRead)
	page, err := ask(ctx, c, http.MethodGet, "/people/"+own)
	if err != nil {
		return err
	}
	if got := page.Status == http.StatusOK; got != mayRead {
		w.Failed = append(w.Failed, fmt.Sprintf("%s: 自社の人のページが %d", role, page.Status))
	}
	for _, path := range f.paths {
		page, err := ask(ctx, c, http.MethodGet, path)
		if err != nil {
			return err
		}
		w.foreign++
		if page.Status != http.StatusForbidden && page.Status != http.StatusNotFound {
			w.Failed = append(w.Failed, fmt.Sprintf("%s: 別の契約先の %s が %d", role, parameterless(path), page.Status))
		}
	}
	return nil
}

var identifier = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// parameterless is an address for the published page: no identifier stands in it.
func parameterless(path string) string { return identifier.ReplaceAllString(path, "…") }
