package audit

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryFindingHasWords: the public page says in Japanese what does not hold, and names no customer.
func TestEveryFindingHasWords(t *testing.T) {
	b, err := os.ReadFile("verify.go")
	if err != nil {
		t.Fatal(err)
	}
	_, consts, _ := strings.Cut(string(b), "// Codes of Bad.")
	consts, _, _ = strings.Cut(consts, "\n)")
	codes := regexp.MustCompile(`(?m)^\t\w+ += "([a-z.]+)"`).FindAllStringSubmatch(consts, -1)
	if len(codes) != len(inWords) || len(codes) < 19 {
		t.Errorf("%d codes, %d in words", len(codes), len(inWords))
	}
	for _, c := range codes {
		said := Bad{Code: c[1], Where: "audit_event", Tenant: "01a2-firm", Seq: 356, What: "the record was removed"}.said()
		if inWords[c[1]] == "" || !strings.HasSuffix(said, "（最初に見つけたのは356番の記録）") || strings.Contains(said, "firm") || strings.Contains(said, "record") {
			t.Errorf("%s: %q", c[1], said)
		}
	}
}
