package web

import (
	"net/http"
	"slices"

	"rakudos/internal/base/ids"
	"rakudos/internal/governance/retention"
	"rakudos/internal/people/access"
)

// candidateLine is one candidate in words: what it is, whose, and by which rule it was kept until now. An identifier
// tells nobody anything.
type candidateLine struct {
	retention.Candidate
	What, Whose, Rule, Word string
	Chosen                  bool // ticked before something else was wrong
}

var candidateWords = map[retention.State]string{
	retention.Approved: "承認されました", retention.Erasing: "消去しています", retention.Erased: "消去しました", retention.Declined: "見送りました", retention.Dropped: "候補から外れました",
}

var droppedWords = map[string]string{"held": "保全の指定を受けました", "changed": "期間が終わっていないものになりました", "unbound": "承認の記録を確かめられませんでした"}

// nobodyNamed stands for a person whom the visitor may not know, or who is not in the roster any more.
const nobodyNamed = "1名"

// whose names the people of candidates: by name to who may read the roster, by employee number to the others of the
// company, and not at all to the association, which decides over periods and not over people (clause 3-2).
func (s *server) whose(r *http.Request, v *Visitor, all []retention.Candidate) (func(ids.Person) string, error) {
	if r.PathValue("id") != "" || len(all) == 0 {
		return func(ids.Person) string { return nobodyNamed }, nil
	}
	dir, err := s.Org.Directory(r.Context(), v.Tenant)
	if err != nil {
		return nil, err
	}
	names := map[ids.Person]string{}
	if access.Allows(v.Actor, access.PeopleRead) {
		var people []ids.Person
		for _, c := range all {
			people = append(people, c.Person)
		}
		if names, err = s.Org.Names(r.Context(), v.Actor, people); err != nil {
			return nil, err
		}
	}
	return func(id ids.Person) string {
		p, ok := dir.Person(id)
		switch {
		case !ok:
			return nobodyNamed
		case names[id] != "":
			return names[id] + "（社員番号 " + p.Number + "）"
		}
		return "社員番号 " + p.Number
	}, nil
}

// ruleOf says why something was kept until its day.
func (view *retentionView) ruleOf(class string) string {
	for _, l := range view.Longer {
		if l.Class.Name == class && !l.Forged && !l.Gone {
			return itoa(l.Years) + "年: " + l.Source + "（契約による延長）"
		}
	}
	c, err := retention.ByName(class)
	if err != nil {
		return class
	}
	return itoa(c.Years) + "年: " + c.Source
}

func whatOf(d retention.Due) string {
	if d.Kind == retention.OfPerson {
		return "退職者の名簿と、その人の記録すべて"
	}
	if k, ok := retention.KindOf(d.Unit); ok {
		return k.Says + " 1件"
	}
	return "記録 1件"
}

func (view *retentionView) sort(all []retention.Candidate, whose func(ids.Person) string, chosen []string) {
	for _, c := range all {
		l := candidateLine{Candidate: c, What: whatOf(c.Due), Whose: whose(c.Person), Rule: view.ruleOf(c.Class), Chosen: slices.Contains(chosen, c.ID)}
		if c.State == retention.Open {
			view.Waiting = append(view.Waiting, l)
			continue
		}
		l.Word = candidateWords[c.State]
		if c.Why != "" {
			l.Word = droppedWords[c.Why]
		}
		view.Others = append(view.Others, l)
	}
}
