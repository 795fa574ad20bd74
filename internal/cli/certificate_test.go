package cli

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/governance/certificate"
)

func sampleEntry(id, state string, stage int) certificate.Entry {
	return certificate.Entry{
		ID: id, Stage: stage, State: state, IssuedAt: time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC), Keep: "2036-12-02", Digest: strings.Repeat("a", 64),
		Body: certificate.Body{Tenant: certificate.Party{Name: "株式会社みどり製作所", Contract: "midori"}},
	}
}

// TestTheRegisterOnTheCommandLine lists, shows as it is handed out, and says what went wrong.
func TestTheRegisterOnTheCommandLine(t *testing.T) {
	var asked []string
	h := House{Certificates: Certificates{
		List: func(_ context.Context, o Options) ([]certificate.Entry, error) {
			asked = append(asked, o.Data)
			return []certificate.Entry{sampleEntry("c2", certificate.WithExceptions, certificate.Backups), sampleEntry("c1", certificate.Revoked, certificate.Primary)}, nil
		},
		Show: func(_ context.Context, _ Options, id string) (*certificate.File, error) {
			asked = append(asked, id)
			return &certificate.File{Certificate: certificate.Body{ID: id}}, nil
		},
		Keys: func(context.Context, Options) (certificate.Trust, error) {
			return certificate.Trust{Keys: []certificate.PublicKey{{Key: "name+00+x", Until: time.Unix(0, 0)}}, Logs: []string{"log+00+y"}, Revoked: map[string]time.Time{strings.Repeat("b", 64): time.Unix(0, 0)}}, nil
		},
		RotateKey: func(context.Context, Options) (string, error) { return "name+01+z", nil },
		Revoke: func(_ context.Context, _ Options, id, reason string) error {
			if id != "c1" || reason != "取り違え" {
				t.Errorf("%s %s", id, reason)
			}
			return nil
		},
	}}
	for _, c := range []struct {
		args string
		says []string
	}{
		{"certificate list --data here", []string{"c2", "第2段階", "例外付", "取消", "株式会社みどり製作所（midori）", "2036-12-02 まで保管"}},
		{"certificate list --json", []string{`"state": "revoked"`, `"stage": 2`, `"issued_at": "2026-12-02T09:00:00+09:00"`}},
		{"certificate show c1 --data here", []string{`"id":"c1"`}},
		{"certificate show --data here c1", []string{`"id":"c1"`}},
		{"certificate key", []string{"certificate name+00+x until 1970-01-01T00:00:00Z", "log log+00+y", "revoked " + strings.Repeat("b", 64)}},
		{"certificate revoke c1 --reason 取り違え", []string{"証明書 c1 を取り消しました"}},
		{"certificate revoke c1 --reason 取り違え --json", []string{`"revoked": "c1"`}},
		{"certificate rotate-key", []string{"name+01+z"}},
		{"certificate rotate-key --json", []string{`"public_key": "name+01+z"`}},
	} {
		code, out, errs := call(t, h, strings.Fields(c.args)...)
		for _, want := range c.says {
			if code != Done || errs != "" || !strings.Contains(out, want) {
				t.Errorf("%s: code %d without %q:\n%s%s", c.args, code, want, out, errs)
			}
		}
	}
	if strings.Join(asked, " ") != "here  c1 c1" {
		t.Errorf("asked for %q", asked)
	}
	code, out, _ := call(t, h, "certificate", "show", "c1", "--data", "here")
	if _, err := certificate.Parse([]byte(out)); code != Done || err != nil {
		t.Errorf("what is shown is not the only form: %v", err)
	}
	h.Certificates.List = func(context.Context, Options) ([]certificate.Entry, error) { return nil, nil }
	if code, out, _ := call(t, h, "certificate", "list"); code != Done || !strings.Contains(out, "まだありません") {
		t.Errorf("an empty register: %d %s", code, out)
	}
	if code, out, _ := call(t, h, "certificate", "list", "--json"); code != Done || strings.TrimSpace(out) != "[]" {
		t.Errorf("an empty register as JSON: %d %s", code, out)
	}
	broken := errors.New("the disk is gone")
	h.Certificates = Certificates{
		List:      func(context.Context, Options) ([]certificate.Entry, error) { return nil, broken },
		Show:      func(context.Context, Options, string) (*certificate.File, error) { return nil, broken },
		Keys:      func(context.Context, Options) (certificate.Trust, error) { return certificate.Trust{}, broken },
		RotateKey: func(context.Context, Options) (string, error) { return "", broken },
	}
	for _, verb := range []string{"list", "show x", "key", "rotate-key"} {
		if code, out, errs := call(t, h, strings.Fields("certificate "+verb)...); code != Failed || errs == "" {
			t.Errorf("%s: code %d: %s%s", verb, code, out, errs)
		}
	}
	for _, args := range []string{"certificate show", "certificate show a b", "certificate list a", "certificate verify a b --key c"} {
		if code, _, errs := call(t, h, strings.Fields(args)...); code != Usage || errs == "" {
			t.Errorf("%s: code %d: %s", args, code, errs)
		}
	}
}

// TestVerifyingNamesWhatIsWrong with files that are no certificates.
func TestVerifyingNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keys := write("keys", "# nothing\n")
	for name, c := range map[string]struct{ text, want string }{
		"empty":      {"", "certificate.form"},
		"other json": {`{"a":1}`, "certificate.form"},
		"large":      {strings.Repeat(" ", certificate.MaxFile+1), "certificate.large"},
	} {
		code, out, errs := call(t, House{}, "certificate", "verify", write("c.json", c.text), "--key", keys, "--json")
		var v certificateVerdict
		if err := json.Unmarshal([]byte(out), &v); err != nil || code != Failed || errs != "" || v.OK || len(v.Problems) == 0 || v.Problems[0].Code != c.want || v.LogIndex != -1 {
			t.Errorf("%s: code %d, %+v, %s", name, code, v, errs)
		}
	}
	if code, out, _ := call(t, House{}, "certificate", "verify", write("c.json", "x"), "--key", keys); code != Failed || !strings.Contains(out, "検証できません") || !strings.Contains(out, "編集せず") {
		t.Errorf("in words: %d %s", code, out)
	}
	if code, _, errs := call(t, House{}, "certificate", "verify", keys, "--key", keys, "--log-key", keys+".none"); code != Failed || errs == "" {
		t.Errorf("without the log's key file: %d %s", code, errs)
	}
}
