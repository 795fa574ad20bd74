package archtest

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/people/access"
)

// Accounts that are compared decide something. Each place is a rule for two people, which has to ask identity whether
// the two are two people (its rule of access.Seconds stands in the same file), or it is none, and says why.
var comparisons = map[string]string{
	"internal/governance/accessreview/decide.go:Check":       "rule review.decide",
	"internal/governance/retention/service.go:approveOne":    "rule retention.approve",
	"internal/governance/retention/service.go:approve":       "rule retention.approve",
	"internal/governance/retention/service.go:beside":        "rule retention.approve",
	"internal/governance/termination/rules.go:confirm":       "rule termination.confirm",
	"internal/operations/asset/dispose.go:Decide":            "rule asset.decide",
	"internal/operations/asset/dispose.go:kin":               "rule asset.decide",
	"internal/people/identity/manage.go:SetGrants":           "rule roles.add",
	"internal/people/identity/personnel.go:SetPersonnel":     "rule account.judge",
	"internal/people/identity/provision.go:BindPerson":       "rule roles.add",
	"internal/people/identity/sealed_keep.go:besideReviewer": "rule sealed.seal",
	"internal/people/identity/sealed_keep.go:envelope":       "rule sealed.seal",
	"internal/people/identity/second.go:Second":              "no rule: is asked by every one",
	"internal/people/identity/second.go:creature":            "no rule: asks for those of this package",
	"internal/people/identity/shared.go:SeenShared":          "rule account.judge",
	"internal/people/identity/vouch.go:vouch":                "no rule: vouchCounts asks more",
	"internal/people/identity/scim/roles.go:settle":          "no rule: the own account alone; SetGrants asks",
	"internal/people/identity/scim/waiting.go:Confirm":       "rule scim.confirm",
	"internal/people/identity/sso/confirm.go:confirm":        "rule sso.confirm",
	"internal/people/support/service_ask.go:Decide":          "rule support.approve",
	"internal/people/support/service_ask.go:kin":             "rule support.approve",
	"internal/people/support/service_use.go:End":             "no rule: whoever asked ends it",
	"internal/governance/accessreview/read.go:Sheet":         "no rule: shows the reviewer's own lines",
	"internal/health/checkup/service_remap.go:Remap":         "no rule: the own import",
	"internal/people/identity/assertion.go:ReopenAsserted":   "no rule: the same session again",
	"internal/people/identity/enrol.go:openCeremony":         "no rule: the own ceremony",
	"internal/operations/asset/told.go:believed":             "no rule: whether the log tells of the same who entered it",
	"internal/people/identity/scim/waiting.go:Waiting":       "no rule: lists each once",
	"internal/people/identity/passkey_use.go:own":            "no rule: the own passkey",
	"internal/people/support/service_use.go:Enter":           "no rule: whoever asked enters",
	"internal/governance/accessreview/assign.go:may":         "rule review.decide",
	"internal/governance/accessreview/assign.go:still":       "no rule: the line's own reviewer",
	"internal/governance/accessreview/verdict.go:KeepRest":   "no rule: the reviewer's own lines",
}

// elsewhere are rules whose first person is compared in one file and asked about in another.
var elsewhere = map[string]string{
	"internal/governance/accessreview/decide.go": "internal/governance/accessreview/accessreview.go",
	"internal/governance/accessreview/assign.go": "internal/governance/accessreview/accessreview.go",
	"internal/governance/termination/rules.go":   "internal/governance/termination/service.go",
}

var (
	ofActor   = regexp.MustCompile(`^(string\()?((\w+\.)*Account|by)\)?$`)
	ofAccount = regexp.MustCompile(`(Account|Asker|By|Reviewer|Subject|Author|Owner|Other|ID|subject|first|account|\bid)\)?$`)
)

// TestTwoPeopleAreAskedFor: no comparison of two accounts stays unnamed, no named one is gone, and each rule of
// access.Seconds is asked for by the program.
func TestTwoPeopleAreAskedFor(t *testing.T) {
	found, asked := map[string]bool{}, map[string]bool{}
	rule := regexp.MustCompile(`"([a-z]+\.[a-z]+)"`)
	for _, f := range load(t) {
		if f.test || !strings.HasPrefix(f.path, "internal/") || strings.HasPrefix(f.path, "internal/web/") || strings.HasPrefix(f.path, "internal/testkit/") || strings.Contains(f.path, "/controls") {
			continue
		}
		text := string(f.text)
		tree, set := f.syntax(t)
		if f.path != "internal/people/access/second.go" {
			for _, m := range rule.FindAllStringSubmatch(text, -1) {
				asked[m[1]] = true
			}
		}
		for _, d := range tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				b, ok := n.(*ast.BinaryExpr)
				if !ok || b.Op != token.EQL && b.Op != token.NEQ {
					return true
				}
				side := func(e ast.Expr) string {
					return text[set.Position(e.Pos()).Offset:set.Position(e.End()).Offset]
				}
				l, r := side(b.X), side(b.Y)
				if ofActor.MatchString(l) && ofAccount.MatchString(r) || ofActor.MatchString(r) && ofAccount.MatchString(l) {
					found[f.path+":"+fn.Name.Name] = true
				}
				return true
			})
		}
	}
	for where := range found {
		if comparisons[where] == "" {
			t.Errorf("%s compares two accounts: name it here, as a rule for two people (then it asks actor.Second) or with the reason why it is none", where)
		}
	}
	for where, says := range comparisons {
		if !found[where] {
			t.Errorf("%s compares no accounts any more", where)
		}
		name, isRule := strings.CutPrefix(says, "rule ")
		if !isRule {
			continue
		}
		if !slices.ContainsFunc(access.Seconds, func(s access.Second) bool { return s.Rule == name }) {
			t.Errorf("%s: there is no rule %q", where, name)
		}
		file, _, _ := strings.Cut(where, ":")
		if other := elsewhere[file]; other != "" {
			file = other
		}
		raw, err := os.ReadFile(filepath.Join(root(), file))
		if err != nil || !strings.Contains(string(raw), `"`+name+`"`) {
			t.Errorf("%s does not ask for %q (%v)", file, name, err)
		}
	}
	for _, s := range access.Seconds {
		if !asked[s.Rule] {
			t.Errorf("nobody asks for %q", s.Rule)
		}
		if len(s.Decides) == 0 || s.Says == "" || len(s.Asks) == 0 != s.OneWay {
			t.Errorf("%q is not whole", s.Rule)
		}
	}
}
