package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/operations/backup"
)

// backups is a house whose backups answer with what a test prepared.
type backups struct {
	made     backup.Made
	all      []backup.Generation
	report   backup.Report
	receipt  backup.Receipt
	restored backup.Restored
	asked    RestoreRequest
	data     string
}

func (b *backups) house() House {
	return House{Backup: Backups{
		Copy: func(context.Context, Options) (*backup.Copied, error) {
			return &backup.Copied{Sets: []string{"set-1"}, Bytes: 9}, nil
		},
		Run:    func(_ context.Context, o Options) (*backup.Made, error) { b.data = o.Data; return &b.made, nil },
		List:   func(context.Context, Options) ([]backup.Generation, error) { return b.all, nil },
		Verify: func(context.Context, Options) (*backup.Report, error) { return &b.report, nil },
		Drill:  func(context.Context, Options) (*backup.Receipt, error) { return &b.receipt, nil },
		Restore: func(_ context.Context, _ Options, r RestoreRequest) (*backup.Restored, error) {
			b.asked = r
			return &b.restored, nil
		},
	}}
}

// TestBackupVerdictsAreExitCodes: a script must not have to read Japanese to know that a backup is bad, with
// and without --json.
func TestBackupVerdictsAreExitCodes(t *testing.T) {
	for _, ok := range []bool{true, false} {
		b := &backups{report: backup.Report{OK: ok}, receipt: backup.Receipt{OK: ok}}
		if !ok {
			b.report.Bad = []backup.Finding{{}}
			b.receipt.Bad = []string{"表 people の要約が違います"}
		}
		want := Done
		if !ok {
			want = Failed
		}
		for _, verb := range []string{"verify", "drill"} {
			code, out, errs := call(t, b.house(), "backup", verb)
			if code != want || out == "" || errs != "" { // the verdict is the answer, told once
				t.Errorf("backup %s, OK %v: code %d\n%s%s", verb, ok, code, out, errs)
			}
			var v struct {
				OK *bool `json:"ok"`
			}
			code, out, errs = call(t, b.house(), "backup", verb, "--json")
			if err := json.Unmarshal([]byte(out), &v); err != nil || v.OK == nil || *v.OK != ok || code != want || errs != "" {
				t.Errorf("backup %s --json, OK %v: code %d, %v\n%s%s", verb, ok, code, err, out, errs)
			}
		}
	}
}

// A generation that can not be read makes even its list a failure.
func TestBackupVerbsTellWhatMatters(t *testing.T) {
	at := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC) // 22:00 in Japan
	b := &backups{
		made: backup.Made{
			Generation: backup.Generation{ID: "set-1", Day: jst.Date{Y: 2026, M: 11, D: 23}, Bytes: 5 << 20, Expires: at},
			Rows:       12345, Plain: 3 << 30, Took: "1.2s", Dropped: []string{"old-1"}, Held: []string{"held-1"},
		},
		all: []backup.Generation{
			{ID: "set-1", Kind: backup.Data, Day: jst.Date{Y: 2026, M: 11, D: 23}, Taken: at, Bytes: 100, Expires: at, Why: []string{"daily", "weekly"}},
			{ID: "set-2", Kind: backup.Keys, Day: jst.Date{Y: 2026, M: 11, D: 22}, Damaged: true},
		},
		receipt:  backup.Receipt{OK: true, RPO: 60, RTO: 1.5, Restored: backup.Restored{Set: "set-1", Ledger: "台帳なし"}},
		restored: backup.Restored{Set: "set-1", Taken: at, Tables: 40, Rows: 9, Events: 7, Ledger: "台帳なし"},
	}
	for _, c := range []struct {
		args string
		code int
		says []string
	}{
		{"run --data d", Done, []string{"set-1", "3.0 GB", "5.0 MB", "2026-11-23 22:00", "消しました: old-1", "残しています: held-1", "ルート鍵はバックアップに含まれません"}},
		{"list", Failed, []string{"データ", "日ごと・週ごと", "0.1 KB", "鍵", "set-2  目次が壊れている"}},
		{"drill", Done, []string{"RPO）60 秒", "RTO）1.50 秒", "台帳なし"}},
		{"restore --to new", Done, []string{"40 表・9 行・監査記録 7 件", "new/root.key", "遅くとも7日以内に）フォルダーごと消してください", "最も新しい消去の台帳（元のデータフォルダーの erasure か、その控え）を new/erasure に", "rakudos serve --data new"}},
	} {
		code, out, errs := call(t, b.house(), append([]string{"backup"}, strings.Fields(c.args)...)...)
		for _, s := range c.says {
			if code != c.code || !strings.Contains(out, s) {
				t.Errorf("backup %s: code %d, lacks %q:\n%s%s", c.args, code, s, out, errs)
			}
		}
	}
	if b.data != "d" {
		t.Errorf("--data is lost: %q", b.data)
	}
	if _, out, _ := call(t, (&backups{}).house(), "backup", "list"); !strings.Contains(out, "バックアップはありません") {
		t.Errorf("no backups: %q", out)
	}
}

// TestRestoreAsksForADay takes any way of writing a date, and nothing that is none.
func TestRestoreAsksForADay(t *testing.T) {
	b := &backups{}
	for at, want := range map[string]jst.Date{"2026-11-20": {Y: 2026, M: 11, D: 20}, "R8.11.20": {Y: 2026, M: 11, D: 20}, "": {}} {
		b.asked = RestoreRequest{}
		args := []string{"backup", "restore", "--to", "x", "--from", "f", "--root-key", "k"}
		if at != "" {
			args = append(args, "--at", at)
		}
		if code, _, errs := call(t, b.house(), args...); code != Done || b.asked != (RestoreRequest{To: "x", At: want, From: "f", RootKey: "k"}) {
			t.Errorf("--at %q: code %d, asked for %+v; %s", at, code, b.asked, errs)
		}
	}
	b.asked = RestoreRequest{}
	for _, args := range [][]string{{"--to", "x", "--at", "someday"}, {"--at", "2026-11-20"}, {}} {
		if code, _, _ := call(t, b.house(), append([]string{"backup", "restore"}, args...)...); code != Usage || b.asked != (RestoreRequest{}) {
			t.Errorf("%v: code %d, asked for %+v", args, code, b.asked)
		}
	}
}

// TestRestoreAsksForAnInstant: in Japan unless it says otherwise; a cluster is kept only with an instant.
func TestRestoreAsksForAnInstant(t *testing.T) {
	b := &backups{}
	want := time.Date(2026, 11, 19, 16, 45, 30, 0, time.UTC)
	for _, at := range []string{"2026-11-20 01:45:30", "2026-11-20T01:45:30+09:00", "2026-11-19T16:45:30Z", "2026-11-20T01:45:30"} {
		code, _, errs := call(t, b.house(), "backup", "restore", "--to", "x", "--at", at, "--cluster", "c")
		if code != Done || !b.asked.Instant.Equal(want) || !b.asked.At.IsZero() || b.asked.Cluster != "c" {
			t.Errorf("%s: code %d, %+v; %s", at, code, b.asked, errs)
		}
	}
	if _, at, err := parseAt("2026-11-20 01:45"); err != nil || at.Second() != 0 || at.UTC().Hour() != 16 {
		t.Errorf("%v %v", at, err)
	}
	if _, at, err := parseAt("2026-11-20 01:45:30.25"); err != nil || at.Nanosecond() != 250_000_000 {
		t.Errorf("%v %v", at, err)
	}
	for _, args := range [][]string{{"--at", "2026-11-20 25:00"}, {"--at", "2026-11-20", "--cluster", "c"}, {"--cluster", "c"}} {
		b.asked = RestoreRequest{}
		if code, _, _ := call(t, b.house(), append([]string{"backup", "restore", "--to", "x"}, args...)...); code != Usage || b.asked != (RestoreRequest{}) {
			t.Errorf("%v: code %d, asked for %+v", args, code, b.asked)
		}
	}
}

// TestWindowsAreShown: list and verify say to which instants one can go back, and what stands in the way; a drill
// says what it did, or why not; a restore says what it gave.
func TestWindowsAreShown(t *testing.T) {
	from := time.Date(2026, 11, 20, 13, 0, 7, 0, time.UTC)
	w := backup.Window{Base: "base-1", From: from, Until: from.Add(90 * time.Minute), Files: 12}
	gap, none := w, backup.Window{Base: "base-3", From: from}
	gap.Gap, gap.Base = "00000001000000000000000A", "base-2"
	b := &backups{
		all:      []backup.Generation{{ID: "base-1", Kind: backup.Base, Taken: from, Bytes: 3 << 20, Restores: &w}, {ID: "base-2", Kind: backup.Base, Restores: &gap}, {ID: "base-3", Kind: backup.Base, Restores: &none}},
		report:   backup.Report{OK: true, Windows: []backup.Window{w}},
		receipt:  backup.Receipt{OK: true, ToPoint: &backup.PointReceipt{At: from, RPO: 42, Files: 3}},
		restored: backup.Restored{Point: &backup.Reached{Asked: from, Commit: from.Add(-time.Second), Base: "base-1", Files: 5}},
	}
	says := func(want []string, args ...string) {
		t.Helper()
		_, out, errs := call(t, b.house(), append([]string{"backup"}, args...)...)
		for _, s := range want {
			if !strings.Contains(out, s) {
				t.Errorf("%v lacks %q:\n%s%s", args, s, out, errs)
			}
		}
	}
	says([]string{"2026-11-20T22:00:07+09:00 から 2026-11-20T23:30:07+09:00 まで", "00000001000000000000000A がない", "まだ届いていません"}, "list")
	says([]string{"base-1: 戻せる時刻"}, "verify")
	says([]string{"任意の時刻への復元も", "届いていた最後の変更は42秒前のもの"}, "drill")
	b.receipt.ToPoint = &backup.PointReceipt{Why: "道具がない"}
	says([]string{"未確認です（道具がない）"}, "drill")
	b.receipt.ToPoint.Why, b.receipt.ToPoint.Bad = "", []string{"one", "two"}
	says([]string{"失敗しました: one、two"}, "drill")
	says([]string{"2026-11-20T22:00:07+09:00 ちょうど", "最後の確定は 2026-11-20T22:00:06+09:00", "もう一度読み込んで", "rakudos serve --data x"}, "restore", "--to", "x", "--at", "2026-11-20 22:00:07")
	gap.Until, gap.Shipped = from.Add(time.Minute), w.Until
	none.Broken = "cluster.00002"
	b.restored.Point.Skipped, b.restored.Point.Commit = []string{"base-9"}, time.Time{}
	says([]string{"22:00:07+09:00 から 2026-11-20T22:01:07+09:00 まで（WAL のファイル 00000001000000000000000A が", "cluster.00002 がないか壊れている"}, "list")
	says([]string{"写し base-9 は壊れている", "写しのあとの確定はありません"}, "restore", "--to", "x", "--at", "2026-11-20 22:00:07")
	b.restored.Point.Cluster = "/srv/pg"
	says([]string{"/srv/pg", "鍵の保管庫は今のもの"}, "restore", "--to", "x", "--at", "2026-11-20 22:00:07", "--cluster", "/srv/pg")
}
