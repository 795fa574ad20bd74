package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
	"rakudos/internal/words"
)

// importDoc is an import of either kind as the page shows it.
type importDoc struct {
	ID                                                                   ids.Import
	Roster                                                               bool
	State, File, Body                                                    string
	Rows, Accepted, Rejected, Unmatched, Unchanged, Applied, Done, Total int
	Added, Changed                                                       int
	NewSites, NewDepts, Ignored                                          []string
	Refused                                                              []refusedLine
	More, ReasonsMore                                                    int  // lines, and reasons, that are only counted
	Full, Columns                                                        bool // a list of everybody; the columns can be mapped anew
	Emptied                                                              bool // the contents of refused cells are kept no more
	AbsentCount                                                          int
	Absent                                                               []org.Absent
	Note, Failure                                                        *words.Text
	Started, AppliedAt                                                   time.Time
	Withdrawn                                                            string
	raw                                                                  any // what JSON answers
}

// refusedLine is a line that will not go in: Column is empty when the person is the reason.
type refusedLine struct {
	Line           int
	Column, Reason string
	Unmatched      bool
}

// Running tells whether the page should show progress.
func (d *importDoc) Running() bool { return d.State == "reading" || d.State == "applying" }

// Unit is what progress counts: a roster is read by bytes, everything else goes line by line.
func (d *importDoc) Unit() string {
	if d.Roster && d.State == "reading" {
		return "バイト"
	}
	return "行"
}

// Step is the place in the step navigation, 1 to 4.
func (d *importDoc) Step() int {
	return map[string]int{"reading": 2, "preview": 2, "applying": 3, "applied": 4, "withdrawn": 4, "failed": 2}[d.State]
}

// openLists is how many requests open the lines of an import at once.
const openLists = 3

// findImport reads an import of check-ups or, when there is none of that id, of the roster.
//
// The lines of one import take tens of megabytes while they are opened, so that only a few requests do so at once; done
// gives the turn back, and comes before anything is written to whoever asked: that may be slow.
func (s *server) findImport(r *http.Request, v *Visitor) (doc *importDoc, done func(), err error) {
	if done, err = s.lists.take(r.Context(), v.Actor.Tenant); err != nil {
		return nil, nil, err
	}
	if doc, err = s.wholeImport(r, v); err != nil {
		done()
		return nil, nil, err
	}
	return doc, done, nil
}

func (s *server) wholeImport(r *http.Request, v *Visitor) (*importDoc, error) {
	return eitherImport(r, v, s.Checkup.Import, s.Org.Import)
}

// importProgress is findImport without the lines, for a page that asks again and again.
func (s *server) importProgress(r *http.Request, v *Visitor) (*importDoc, error) {
	return eitherImport(r, v, s.Checkup.Progress, s.Org.Progress)
}

type reading[T any] func(context.Context, actor.Actor, ids.Import) (T, error)

func eitherImport(r *http.Request, v *Visitor, checkups reading[*checkup.Import], roster reading[org.ImportView]) (*importDoc, error) {
	id, err := ids.Parse[ids.Import](r.PathValue("id"))
	if err != nil {
		return nil, fault.New(fault.Missing, "web.not_found")
	}
	c, err := checkups(r.Context(), v.Actor, id)
	if err == nil {
		c.Words(func(f *fault.Fault) string { return words.Fault(f).Message })
		return checkupDoc(c), nil
	}
	if !fault.Is(err, fault.Missing) || !access.Allows(v.Actor, access.PeopleImport) {
		return nil, err // to whoever may not see rosters, one of theirs does not exist
	}
	o, err := roster(r.Context(), v.Actor, id)
	if err != nil {
		return nil, err
	}
	o.Words(func(f *fault.Fault) string { return words.Fault(f).Message })
	return rosterDoc(o), nil
}

type importView struct {
	Page
	Doc   *importDoc
	Shown []refusedLine
	Pager Pager
	Day   string // of leaving, as it was typed
	Chose map[ids.Person]bool
	More  string // what of the refused lines is not listed
}

// Template names the file.
func (*importView) Template() string { return "import" }

// importPage shows an import in whatever state it is, for people and for scripts.
func (s *server) importPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	doc, done, err := s.findImport(r, v)
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		b, err := json.Marshal(doc.raw)
		done()
		if err != nil {
			return err
		}
		return sendJSON(w, http.StatusOK, json.RawMessage(b))
	}
	view := newImportView(doc, r)
	done()
	return s.page(w, r, v, view)
}

func sortRefused(doc *importDoc) {
	slices.SortStableFunc(doc.Refused, func(a, b refusedLine) int { return a.Line - b.Line })
}

func newImportView(doc *importDoc, r *http.Request) *importView {
	title := "健診結果の取り込み"
	if doc.Roster {
		title = "名簿の取り込み"
	}
	view := &importView{Page: Page{Title: title, Here: "/imports", Crumbs: []Crumb{{"/imports", "取り込み"}}}, Doc: doc}
	sortRefused(doc)
	view.Pager = pagerOf(r, len(doc.Refused), 50)
	view.More = moreRefused(doc)
	view.Shown = slices.Clone(doc.Refused[view.Pager.from():view.Pager.to()])
	doc.Refused, doc.raw = nil, nil // a slow connection holds one page, not all lines
	return view
}

type importsView struct {
	Page
	Docs                      []*importDoc
	RosterAllowed, MayCheckup bool
}

// Template names the file.
func (*importsView) Template() string { return "imports" }

// importsPage lists the imports of both kinds, newest first.
func (s *server) importsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &importsView{Page: Page{Title: "取り込み", Here: "/imports"}}
	lines, err := s.Checkup.Imports(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	for _, l := range lines {
		view.Docs = append(view.Docs, checkupDoc(l))
	}
	rosters, err := s.Org.Imports(r.Context(), v.Actor, 50)
	switch {
	case err == nil:
		view.RosterAllowed = true
		for _, o := range rosters {
			view.Docs = append(view.Docs, rosterDoc(o))
		}
	case !fault.Is(err, fault.Denied):
		return err
	}
	slices.SortStableFunc(view.Docs, func(a, b *importDoc) int { return b.Started.Compare(a.Started) })
	return s.page(w, r, v, view)
}
