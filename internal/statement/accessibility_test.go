package statement

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/testkit/testdb"
)

func TestAccessibilityReport(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		public, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, other, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = public
		report, keyFile := filepath.Join(e.Dir, "a11y.json"), filepath.Join(e.Dir, "a11y.pub")
		if err := os.WriteFile(keyFile, []byte(PublicKeyText(key)), 0o600); err != nil {
			t.Fatal(err)
		}
		s := serviceOf(t, Config{DB: e.DB, Build: "b7", ReportFile: report, ReportKey: keyFile}, nil)
		look := func() Card {
			t.Helper()
			k, err := s.RunOnce(t.Context(), "AX-A11Y")
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		write := func(key ed25519.PrivateKey, r Report, change func(string) string) {
			t.Helper()
			b, err := SignReport(key, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(report, []byte(change(string(b))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		same := func(s string) string { return s }
		good := Report{Build: "b7", Tool: "axe-core", At: "2026-11-23T12:00:00+09:00", Pages: []string{"/login", "/trust"}, Lesser: 2}
		if k := look(); k.Status != control.Unknown || !strings.Contains(k.Reason, "登録されていません") {
			t.Errorf("without a report: %+v", k)
		}
		write(key, good, same)
		if k := look(); k.Status != control.Pass || !strings.Contains(k.Measured, "2画面") || k.Grade != "C" {
			t.Errorf("a good report: %+v", k)
		}
		worse := good
		worse.Serious = 1
		write(key, worse, same)
		if k := look(); k.Status != control.Fail {
			t.Errorf("serious findings: %+v", k)
		}
		write(key, worse, func(s string) string { return strings.Replace(s, `"serious": 1`, `"serious": 0`, 1) })
		if k := look(); k.Status != control.Fail || k.Failed[0] != "署名" {
			t.Errorf("an improved report: %+v", k)
		}
		write(other, good, same)
		if k := look(); k.Status != control.Fail {
			t.Errorf("a stranger's signature: %+v", k)
		}
		empty := good
		empty.Pages = nil
		write(key, empty, same)
		if k := look(); k.Status != control.Fail {
			t.Errorf("a report of no page: %+v", k)
		}
		foreign := good
		foreign.Build = "b6"
		write(key, foreign, same)
		if k := look(); k.Status != control.Unknown || !strings.Contains(k.Reason, "別の版") {
			t.Errorf("a report of another build: %+v", k)
		}
	})
}
