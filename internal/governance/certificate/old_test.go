package certificate

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"rakudos/internal/testkit/testdb"
)

// TestTheFirstFormStillVerifies with a file that was handed out in it and the key of that day; it's told on paper
// as what it was, and not a bit of it may change.
func TestTheFirstFormStillVerifies(t *testing.T) {
	text, err := os.ReadFile("testdata/format1.json")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := os.Open("testdata/format1.key.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keys.Close() }()
	trust, err := ReadTrust(keys)
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(text, trust)
	if !r.OK || r.File.Certificate.Format != format1 || r.LogIndex < 0 {
		t.Fatalf("a certificate of the first form: %s", codes(r))
	}
	for alter, bad := range map[string][]byte{
		"called the second form": bytes.Replace(text, []byte(format1), []byte(Format), 1),
		"another verifier":       bytes.Replace(text, []byte(`"a2"`), []byte(`"a3"`), 1),
	} {
		if r := Verify(bad, trust); r.OK || !strings.Contains(codes(r), "certificate.signature") {
			t.Errorf("%s: %s", alter, codes(r))
		}
	}
	var pdf bytes.Buffer
	if err := r.File.Print(&pdf, "https://rakudos.example.jp"); err != nil {
		t.Fatal(err)
	}
	sheet := onPaper(t, pdf.Bytes())
	for _, want := range []string{"前の様式（/1）", titleApproved, checker.Title, "a1", "a2"} {
		if !strings.Contains(sheet, want) {
			t.Errorf("%q is not on the sheet of the first form", want)
		}
	}
	if strings.Contains(sheet, "確認した人運用者") {
		t.Error("the sheet names a person who verified")
	}
}

// TestASecondStageOfTheFirstForm is issued in the second one, with the same two as those who approved.
func TestASecondStageOfTheFirstForm(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		text, err := os.ReadFile("testdata/format1.json")
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		body := f.Certificate
		body.Approvers = body.approvers()
		gone := At(time.Now())
		body.Stage, body.Backups.GoneAt, body.FirstStage = Backups, &gone, &Earlier{body.ID, strings.Repeat("a", 64)}
		second, err := b.Issue(t.Context(), machine, "old/1/2", body)
		if err != nil {
			t.Fatal(err)
		}
		got := second.Body
		if got.Format != Format || len(got.Approvers) != 2 || got.Approvers[1] != Approver("a2") || got.Verifier != checker {
			t.Errorf("%+v", got)
		}
		if _, file := b.file(second.ID); !Verify(file, b.trust()).OK {
			t.Errorf("it does not verify: %s", codes(Verify(file, b.trust())))
		}
	})
}

// TestATrialSaysThatNobodyApproved: an invented customer's certificate invents no people.
func TestATrialSaysThatNobodyApproved(t *testing.T) {
	b := whole()
	if says := strings.Join(b.Says, ""); !strings.Contains(says, saysApproved) || strings.Contains(says, saysTrial) {
		t.Errorf("approved by people: %s", says)
	}
	b.Approvers = []Who{Approver("probe-1"), Approver("probe-2")}
	b.complete()
	if says := strings.Join(b.Says, ""); strings.Contains(says, saysApproved) || !strings.Contains(says, saysTrial) || len(b.check()) != 0 {
		t.Errorf("a trial: %s, %v", says, b.check())
	}
}
