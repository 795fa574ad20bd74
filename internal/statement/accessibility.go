package statement

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"rakudos/internal/base/canon"
	"rakudos/internal/base/control"
)

// Report is what the accessibility tests of a build leave behind.
type Report struct {
	Build   string   `json:"build"`   // as `rakudos version` says
	Tool    string   `json:"tool"`    // "axe-core 4.11"
	At      string   `json:"at"`      // RFC 3339
	Pages   []string `json:"pages"`   // paths looked at
	Serious int      `json:"serious"` // findings of impact serious or critical
	Lesser  int      `json:"lesser"`  // other findings
}

type signedReport struct {
	Report    Report `json:"report"`
	Signature string `json:"signature"` // base64 of Ed25519 over the canonical JSON of report
}

// SignReport gives the bytes of a report file; the test run that made the report calls it.
func SignReport(key ed25519.PrivateKey, r Report) ([]byte, error) {
	b, err := canon.JSON(r)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(signedReport{r, base64.StdEncoding.EncodeToString(ed25519.Sign(key, b))}, "", "  ")
}

// PublicKeyText gives the content of the key file for SignReport's key.
func PublicKeyText(key ed25519.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)) + "\n"
}

// accessibilityControl is AX-A11Y (an extension).
func (s *Service) accessibilityControl() control.Control {
	return control.Control{
		ID: "AX-A11Y", Grades: config, Owner: "DEV",
		Says:      "画面は、だれもが使えるよう、公開する版ごとにアクセシビリティの自動検査を通します。",
		NotProven: "自動検査で見つかるのは問題の一部で、人が使って確かめた結果ではありません。検査した画面のほかは分かりません。",
		Fresh:     26 * time.Hour, Every: time.Hour,
		Probe: func(context.Context) (control.Evidence, error) {
			return s.readReport(func(b []byte) []byte { return b })
		},
		Mutant: func(context.Context) (control.Evidence, error) {
			return s.readReport(func(b []byte) []byte { // somebody improves the count by hand
				return []byte(strings.Replace(string(b), `"tool": "`, `"tool": "x`, 1))
			})
		},
	}
}

// readReport judges the report file, after letting alter change its bytes.
func (s *Service) readReport(alter func([]byte) []byte) (control.Evidence, error) {
	if s.cfg.ReportFile == "" || s.cfg.ReportKey == "" {
		return control.Evidence{}, cannot("この版のアクセシビリティの検査の報告が登録されていません。")
	}
	body, err := os.ReadFile(s.cfg.ReportFile)
	if errors.Is(err, fs.ErrNotExist) {
		return control.Evidence{}, cannot("この版のアクセシビリティの検査の報告が登録されていません。")
	}
	if err != nil {
		return control.Evidence{}, err
	}
	text, err := os.ReadFile(s.cfg.ReportKey)
	if err != nil {
		return control.Evidence{}, fmt.Errorf("statement: report key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return control.Evidence{}, errors.New("statement: report key is not a base64 Ed25519 public key")
	}
	return judgeReport(alter(body), key, s.cfg.Build)
}

func judgeReport(body []byte, key ed25519.PublicKey, build string) (control.Evidence, error) {
	var r signedReport
	if json.Unmarshal(body, &r) != nil {
		return control.Evidence{Measured: "報告を読み取れません。", Failed: []string{"報告"}}, nil
	}
	plain, err := canon.JSON(r.Report)
	if err != nil {
		return control.Evidence{}, err
	}
	sig, err := base64.StdEncoding.DecodeString(r.Signature)
	if err != nil || !ed25519.Verify(key, plain, sig) {
		return control.Evidence{Measured: "報告の署名が合いません。", Failed: []string{"署名"}}, nil
	}
	if r.Report.Build != build {
		return control.Evidence{}, cannot("登録されている報告は、動いている版とは別の版のものです。")
	}
	e := control.Evidence{
		OK: r.Report.Serious == 0 && len(r.Report.Pages) > 0,
		Measured: fmt.Sprintf("%sで%d画面を調べ、重大な問題は%d件、そのほかは%d件でした（%s）。",
			r.Report.Tool, len(r.Report.Pages), r.Report.Serious, r.Report.Lesser, r.Report.At),
		Facts: map[string]any{"pages": len(r.Report.Pages), "serious": r.Report.Serious, "lesser": r.Report.Lesser},
	}
	if !e.OK {
		e.Failed = []string{"重大な問題、または画面の数"}
	}
	return e, nil
}
