package statement

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
)

const wantClauses = "1 2-1 2-2 2-3 2-4 3-1 3-2 3-3 3-4a 3-4b 3-5 3-6 3-7 3-8 3-9 3-10 3-11a 3-11b 3-12 " +
	"4-1a 4-1b 4-2 4-3a 4-3b 4-3c 4-3d 4-3e 4-3f 4-4a 4-4b 4-5a 4-5b " +
	"5-1 5-2a 5-2b 5-2c 5-2d 5-2e 5-2f 5-2g 5-2h 5-3 6-1 6-2a 6-2b 6-3a 6-3b 6-4 7"

const wantControls = "GV-POLICY ENV-REGION NET-VPN NET-HTTPS NET-TLS13 AST-LEDGER AST-DISPOSE AC-REVIEW-Q AC-UNIQUE AC-LEAST " +
	"AC-AUTHN AC-PWPOL AC-LOCK AC-2STEP NET-WAF NET-IDS VM-PATCH PKI-CERT MON-DETECT CR-REST CR-TRANSIT AC-SESSION " +
	"BK-DAILY BK-RETAIN IR-PROC LG-ACCESS LG-MALWARE LG-SYSTEM LG-NETWORK LG-RETAIN LG-DISCLOSE TM-SYNC TM-JST AU-INTERNAL " +
	"AU-DISCLOSE SLA-MEASURE SLA-ACK SLA-RESOLVE SLA-HOURS SLA-REPORT SLA-NOTIFY SLA-PRIO SLA-PRIOCHG IR-DISCLOSE ER-RETENTION " +
	"ER-TERMINATE ER-BACKUP ER-CERT ER-AUDIT3P ER-PRESENT DOC-HISTORY DOC-CONTACT"

const wantExtensions = "DOC-GENERATE PRB-MUTANT AC-PASSKEY AC-OPERATOR AC-BREAKGLASS AC-SCREENLOCK NET-CLIENTCERT LG-INTEGRITY LG-REVIEW " +
	"LG-MAINT BK-DRILL BK-OFFLINE ER-LEDGER ER-HANDOVER ER-REUSE LH-HOLD IR-APPI IR-STATUS VM-EMERG VM-PENTEST MW-PROTECT SP-SUBPROC " +
	"RS-SPLIT QA-MDSSDS AX-A11Y SV-AVAIL KM-KEYS"

func TestCatalogueIsComplete(t *testing.T) {
	set, err := Assemble(DefaultFigures(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var clauses []string
	for _, c := range set.Clauses {
		clauses = append(clauses, c.ID)
		if c.Title == "" {
			t.Errorf("clause %s has no title", c.ID)
		}
	}
	if !slices.Equal(clauses, strings.Fields(wantClauses)) || len(clauses) != 49 {
		t.Errorf("clauses: %v", clauses)
	}
	var carrying, extensions []string
	for _, c := range set.Controls {
		if len(c.Clauses) == 0 {
			extensions = append(extensions, c.ID)
		} else {
			carrying = append(carrying, c.ID)
		}
		if OwnerText(c.Owner) == c.Owner {
			t.Errorf("%s: nobody is called %s", c.ID, c.Owner)
		}
		if _, text := grades(c.Grades); text == "" {
			t.Errorf("%s has no grade in words", c.ID)
		}
	}
	sorted := func(s []string) []string { slices.Sort(s); return s }
	if want := strings.Fields(wantControls); !slices.Equal(sorted(carrying), sorted(want)) {
		t.Errorf("controls: %v", carrying)
	}
	if want := strings.Fields(wantExtensions); !slices.Equal(sorted(extensions), sorted(want)) {
		t.Errorf("extensions: %v", extensions)
	}
	for id := range readings(DefaultFigures()) {
		if !slices.Contains(clauses, id) {
			t.Errorf("a reading of clause %q, which there is not", id)
		}
	}
}

func TestReasonsAreOfTheirOwn(t *testing.T) {
	seen := map[string]string{}
	for _, p := range promises(DefaultFigures()) {
		if !strings.HasSuffix(p.why, "。") || !strings.HasSuffix(p.says, "。") || !strings.HasSuffix(p.unshown, "。") {
			t.Errorf("%s: every text is a sentence", p.id)
		}
		if other, ok := seen[p.says]; ok {
			t.Errorf("%s and %s say the same", p.id, other)
		}
		seen[p.says] = p.id
	}
}

// TestSourceFigures finds every figure of the source document in the rendered statement.
func TestSourceFigures(t *testing.T) {
	s := serviceOf(t, Config{Figures: DefaultFigures()}, nil)
	b, err := json.Marshal(s.render(nil, noIndex, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("testdata/source-figures.txt") // internal/app looks for them in the whole program's
	if err != nil {
		t.Fatal(err)
	}
	for figure := range strings.Lines(string(list)) {
		figure = strings.TrimSpace(figure)
		if !strings.Contains(string(b), figure) {
			t.Errorf("the statement lacks %q", figure)
		}
	}
}

// TestFiguresAreLive changes every figure and expects the words to follow.
func TestFiguresAreLive(t *testing.T) {
	says := func(f Figures, clause string) string {
		s := serviceOf(t, Config{Figures: f}, nil)
		for _, c := range s.Document().Clauses {
			if c.ID == clause {
				return c.Says + c.Interpretation
			}
		}
		t.Fatalf("no clause %s", clause)
		return ""
	}
	for clause, change := range map[string]func(*Figures){
		"2-3":  func(f *Figures) { f.TLS = "9.9" },
		"3-4a": func(f *Figures) { f.Access.PasswordMin = 99 },
		"3-4b": func(f *Figures) { f.Access.LockAfter = 98 },
		"3-5":  func(f *Figures) { f.Access.CodeLife = 99 * time.Minute },
		"3-8":  func(f *Figures) { f.PatchLasts = 5 * time.Hour },
		"3-12": func(f *Figures) { f.Access.Idle = 9 * time.Hour },
		"4-1b": func(f *Figures) { f.BackupDays = 99 },
		"5-2d": func(f *Figures) { f.DeskShut = 20 },
		"6-2a": func(f *Figures) { f.EraseDays = 99 },
		"6-4":  func(f *Figures) { f.CertificateYears = 99 },
		"7":    func(f *Figures) { f.Mail = "other@example.jp" },
	} {
		f := DefaultFigures()
		change(&f)
		if was, is := says(DefaultFigures(), clause), says(f, clause); was == is {
			t.Errorf("clause %s does not follow its figure: %s", clause, is)
		}
	}
}

func TestBuiltControlsReplacePendingOnes(t *testing.T) {
	built := sample("AC-LOCK", "3-4b")
	set, err := Assemble(DefaultFigures(), []control.Control{built})
	if err != nil {
		t.Fatal(err)
	}
	if of := set.Of("3-4b"); len(of) != 1 || of[0].Says != built.Says || of[0].Probe == nil {
		t.Errorf("AC-LOCK: %+v", of)
	}
	if _, err := Assemble(DefaultFigures(), []control.Control{built, built}); err == nil {
		t.Error("a control built twice is accepted")
	}
	extra := sample("XX-NEW")
	if set, err = Assemble(DefaultFigures(), []control.Control{extra}); err != nil || set.Controls[len(set.Controls)-1].ID != "XX-NEW" {
		t.Errorf("a control that the catalogue does not know is lost: %v", err)
	}
}
