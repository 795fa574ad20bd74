package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
	"rakudos/internal/words"
)

// call runs one command line against a house.
func call(t *testing.T, h House, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(Process{Args: args, Env: []string{"PATH=/bin"}, In: strings.NewReader(""), Out: &o, Err: &e}, h)
	return code, o.String(), e.String()
}

func TestExitCodes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.csv")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	running := fault.New(fault.Conflict, "app.running", "pid", "7", "dir", "data")
	h := House{
		Version:     "1.2.3",
		Config:      func(Options) (string, error) { return "", io.ErrUnexpectedEOF },
		Serve:       func(context.Context, Options, io.Writer) error { return nil },
		Import:      func(context.Context, Options, ImportRequest) (Import, error) { return Import{}, running },
		VerifyAudit: func(context.Context, Options) (audit.Report, error) { return audit.Report{OK: false}, nil },
	}
	for _, c := range []struct {
		args string
		code int
		says string // in either output
	}{
		{"", Usage, "使い方"},
		{"help", Done, "audit verify"},
		{"help import roster", Done, "--confirm"},
		{"--help", Done, "serve"},
		{"serve", Done, ""},
		{"serve --help", Done, "--demo"},
		{"version", Done, "1.2.3"},
		{"version extra", Usage, "cli.flags"},
		{"fly", Usage, "「fly」という操作はありません"},
		{"import", Usage, "import checkups"},
		{"backup", Usage, "backup restore"},
		{"backup nope", Usage, "「backup nope」という操作はありません"},
		{"help erasure", Done, "erasure status"},
		{"keys --help", Done, "keys move-root"},
		{"fly --help", Usage, "「fly」という操作はありません"},
		{"backup list --nope", Usage, "--nope というオプションはありません"},
		{"backup list --data", Usage, "--data に値がありません"},
		{"backup list --json=maybe", Usage, `値 "maybe" は --json に使えません`},
		{"backup list ---", Usage, "「---」の書き方が正しくありません"},
		{"audit verify x", Usage, "余分な「x」があります"},
		{"backup restore --to x --at 明日", Usage, "何も戻していません"},
		{"import roster --file " + file, Usage, "--tenant"},
		{"import roster --tenant midori", Usage, "--file"},
		{"import roster --tenant midori --file " + file + " --dry-run --confirm", Usage, "cli.dry_and_confirm"},
		{"import roster --tenant midori --file " + file + ".none", Failed, "cli.file"},
		{"import roster --tenant midori --file " + file, Failed, "サービスを止めてから"},
		{"import roster --wrong", Usage, "cli.flags"},
		{"audit verify", Failed, "書き換え"},
		{"config check", Failed, "cli.config"},
		{"explain judge --value 1", Usage, "--item"},
		{"explain judge --item 収縮期血圧 --value 145 --sex 男 --age 50", Done, "受診勧奨"},
		{"explain judge --item 収縮期血圧 --value 高い", Failed, "checkup."},
	} {
		code, out, errs := call(t, h, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%q: code %d, want %d with %q; got\n%s%s", c.args, code, c.code, c.says, out, errs)
		}
		if code == Done && errs != "" || code != Done && errs == "" && !strings.HasPrefix(c.args, "audit") {
			t.Errorf("%q: code %d with %q on standard error", c.args, code, errs)
		}
	}
}

func TestErrorsAsJSON(t *testing.T) {
	for _, args := range [][]string{{"fly", "--json"}, {"import", "roster", "--json"}, {"explain", "judge", "--item", "x", "--value", "1", "--json"}} {
		code, out, errs := call(t, House{}, args...)
		var p problem
		if err := json.Unmarshal([]byte(errs), &p); err != nil || p.Code == "" || p.Message == "" || out != "" || code == Done {
			t.Errorf("%v: code %d, %v: out %q, err %q", args, code, err, out, errs)
		}
	}
}

func TestImportShowsLinesAndKeepsNamesOfJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.csv")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked ImportRequest
	h := House{Import: func(_ context.Context, o Options, r ImportRequest) (Import, error) {
		asked = r
		return Import{State: "preview", Rows: 3, Accepted: 1, Rejected: []Rejected{{2, []CellError{{"HbA1c", "範囲の外です"}}}}, Unmatched: []Unmatched{{3, "番号が見つかりません"}}}, nil
	}}
	code, out, _ := call(t, h, "import", "checkups", "--tenant", "midori", "--file", file)
	if code != Done || !strings.Contains(out, "2 行目: HbA1c 範囲の外です") || !strings.Contains(out, "何も保存していません") {
		t.Errorf("code %d:\n%s", code, out)
	}
	if asked.Confirm || asked.Kind != "checkups" || asked.Name != "f.csv" || asked.Tenant != "midori" {
		t.Errorf("asked for %+v", asked)
	}
	_, out, _ = call(t, h, "import", "checkups", "--tenant", "midori", "--file", file, "--confirm", "--json")
	var m map[string]any
	if err := json.Unmarshal([]byte(out), &m); err != nil || !asked.Confirm {
		t.Fatalf("%v, confirm %v: %s", err, asked.Confirm, out)
	}
	for _, k := range []string{"state", "rows", "accepted", "rejected", "unmatched", "unchanged", "applied"} {
		if _, ok := m[k]; !ok {
			t.Errorf("the answer has no %q: %s", k, out)
		}
	}
}

func TestStatementCounts(t *testing.T) {
	h := House{Statement: func(context.Context, Options) (Statement, error) {
		return Statement{JSON: map[string]int{"n": 2}, Clauses: []StatementLine{{"1", "UNKNOWN", "文"}, {"2-1", "PASS", "文"}}}, nil
	}}
	if code, out, _ := call(t, h, "statement"); code != Done || !strings.Contains(out, "2 項: 確認済み 1、例外 0、期限切れ 0、未確認 1、不合格 0") {
		t.Errorf("code %d: %s", code, out)
	}
	if _, out, _ := call(t, h, "statement", "--json"); !strings.Contains(out, `"n": 2`) {
		t.Errorf("json: %s", out)
	}
}

// TestEveryVerbHasHelp: one line, an example that names the verb, and flags with words.
func TestEveryVerbHasHelp(t *testing.T) {
	for _, c := range commands() {
		var b bytes.Buffer
		c.help(&b)
		if c.says == "" || len(c.examples) == 0 || !strings.HasPrefix(c.examples[0], "rakudos "+c.name) {
			t.Errorf("%s lacks words or an example", c.name)
		}
		for line := range strings.SplitSeq(b.String(), "\n") {
			if strings.HasPrefix(line, "  --") && len(strings.Fields(line)) < 2 {
				t.Errorf("%s: flag without words: %q", c.name, line)
			}
		}
	}
}

func TestEveryCodeOfTheCommandLineHasWords(t *testing.T) {
	for _, code := range []string{"cli.verb", "cli.flags", "cli.need_flag", "cli.dry_and_confirm", "cli.file", "cli.config", "cli.audit_altered"} {
		if !words.Known(code) {
			t.Errorf("%s has no words", code)
		}
	}
}

// A full list, and who of those missing is to leave, is asked for in one call; half of it is a usage error.
func TestImportOfAFullList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.csv")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked ImportRequest
	h := House{Import: func(_ context.Context, _ Options, r ImportRequest) (Import, error) {
		asked = r
		return Import{State: "applied", Full: true, AbsentCount: 23, Absent: make([]Absent, 22)}, nil
	}}
	base := []string{"import", "roster", "--tenant", "midori", "--file", file}
	code, out, _ := call(t, h, append(base, "--full", "--confirm", "--leave", "M1, M2", "--leave-on", "R8.3.31")...)
	if code != Done || !asked.Full || len(asked.Leave) != 2 || asked.Leave[1] != "M2" || asked.LeaveOn.String() != "2026-03-31" {
		t.Errorf("code %d, asked %+v", code, asked)
	}
	if !strings.Contains(out, "ファイルにない人 23（退職の日のない人 22") || !strings.Contains(out, "ほか 2 人") {
		t.Error(out)
	}
	for _, args := range [][]string{{"--leave", "M1", "--leave-on", "2026-03-31"}, {"--full", "--leave", "M1", "--leave-on", "2026-03-31"}, {"--full", "--confirm", "--leave", "M1"}, {"--full", "--confirm", "--leave-on", "2026-03-31"}} {
		if code, _, errs := call(t, h, append(base, args...)...); code != Usage || !strings.Contains(errs, "--leave") {
			t.Errorf("%v: code %d: %s", args, code, errs)
		}
	}
	if code, _, _ := call(t, h, append(base, "--full", "--confirm", "--leave", "M1", "--leave-on", "いつか")...); code == Done {
		t.Error("a day that is none is accepted")
	}
	if code, _, _ := call(t, h, "import", "checkups", "--tenant", "midori", "--file", file, "--full"); code != Usage {
		t.Errorf("check-ups have no full list: %d", code)
	}
}
