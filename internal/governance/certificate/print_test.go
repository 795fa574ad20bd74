package certificate

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// TestThePrintedSheet reads the PDF back as text and decodes nothing but what a person would see. With
// RAKUDOS_TEST_KEEP set, the sheet stays there to be looked at.
func TestThePrintedSheet(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	of := sample(string(ids.New[ids.Tenant]()))
	of.Tenant.Name = "株式会社みどり{nb}製作所" // no sign of the library's own
	e, err := b.Issue(t.Context(), machine, "p/1", of)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := b.file(e.ID)
	var pdf bytes.Buffer
	if err := f.Print(&pdf, "https://rakudos.example.jp"); err != nil {
		t.Fatal(err)
	}
	text := onPaper(t, pdf.Bytes())
	for _, want := range []string{"データ消去証明書", e.ID, "株式会社みどり{nb}製作所", "第1段階", saysPrimary, "1200", "除去（Purge）", "監査ログの骨格", "a1", titleApproved, checker.Title, e.Digest[:40], "rakudoscertificateverify"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the sheet", want)
		}
	}
	if strings.Contains(text, "確認した人") {
		t.Error("the sheet names a person who verified")
	}
	if strings.Contains(text, saysBackups) {
		t.Error("a first-stage sheet claims the second stage")
	}
	if keep := os.Getenv("RAKUDOS_TEST_KEEP"); keep != "" {
		if err := os.WriteFile(filepath.Join(keep, "certificate.pdf"), pdf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Revoke(t.Context(), machine, e.ID, "取り違え"); err != nil {
		t.Fatal(err)
	}
	f, _ = b.file(e.ID)
	pdf.Reset()
	if err := f.Print(&pdf, "https://rakudos.example.jp"); err != nil || f.State() != Revoked {
		t.Fatal(err)
	}
}

// onPaper reads a sheet back as a person would, without spaces and line ends.
func onPaper(t *testing.T, pdf []byte) string {
	t.Helper()
	c := exec.Command("pdftotext", "-layout", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return strings.Join(strings.Fields(string(out)), "")
}
