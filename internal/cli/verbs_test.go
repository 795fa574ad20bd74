package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/audit"
	"rakudos/internal/people/tenant"
)

// TestMissingFlagsAreNamedInOrder: the same command line names the same flag every time.
func TestMissingFlagsAreNamedInOrder(t *testing.T) {
	for args, flag := range map[string]string{
		"user create":                         "--tenant",
		"user create --tenant a":              "--login-id",
		"user create --tenant a --login-id b": "--name",
		"user reset --tenant a --login-id b":  "--reason",
		"tenant create":                       "--code",
		"tenant create --code a":              "--name",
		"backup restore":                      "--to",
		"explain judge --value 1":             "--item",
		"explain termination":                 "--month",
		"explain retention --class 石綿":        "--base",
	} {
		for range 5 {
			code, _, errs := call(t, House{}, append(strings.Fields(args), "--json")...)
			var p problem
			if err := json.Unmarshal([]byte(errs), &p); err != nil || code != Usage || p.Code != "cli.need_flag" || !strings.Contains(p.Message, flag) {
				t.Errorf("%s: code %d, %+v, want %s", args, code, p, flag)
			}
		}
	}
}

func TestExplainTheLaw(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"retention --class 一般健康診断 --base 2020-04-01", Done, "5年"},
		{"retention --class 石綿 --base R2.4.1 --json", Done, `"years": 40`},
		{"retention --class 日記 --base 2020-04-01", Failed, "retention.class_unknown"},
		{"retention --class 石綿 --base いつか", Usage, "retention.base"},
		{"termination --month 13月", Usage, "retention.month"},
	} {
		code, out, errs := call(t, House{}, append([]string{"explain"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: code %d, want %d with %q:\n%s%s", c.args, code, c.code, c.says, out, errs)
		}
	}
	month := time.Now().AddDate(0, 2, 0).Format("2006-01")
	var plan map[string]any
	if code, out, errs := call(t, House{}, "explain", "termination", "--month", month, "--json"); code != Done || json.Unmarshal([]byte(out), &plan) != nil || len(plan) < 4 {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}

// TestAuditVerifyNamesTheFirstBadRecord as text and as JSON, and is silent about it when all is well.
func TestAuditVerifyNamesTheFirstBadRecord(t *testing.T) {
	r := audit.Report{Events: 10, Tenants: 2, Leaves: 10, First: &audit.Bad{Code: "changed", Where: "audit_events", Tenant: "t1", Seq: 7, What: "本文が違います"}, Notes: []string{"note-1"}}
	h := House{VerifyAudit: func(context.Context, Options) (audit.Report, error) { return r, nil }}
	code, out, errs := call(t, h, "audit", "verify")
	if code != Failed || errs != "" || !strings.Contains(out, "本文が違います（audit_events、契約先 t1、番号 7、changed）") || !strings.Contains(out, "note-1") {
		t.Errorf("code %d:\n%s%s", code, out, errs)
	}
	var v verified
	if code, out, _ = call(t, h, "audit", "verify", "--json"); json.Unmarshal([]byte(out), &v) != nil || code != Failed || v.OK || v.First == nil || v.First.Seq != 7 {
		t.Errorf("code %d: %s", code, out)
	}
	r = audit.Report{OK: true, Events: 10, Sealed: true}
	if code, out, _ = call(t, h, "audit", "verify", "--json"); code != Done || !strings.Contains(out, `"first": null`) || !strings.Contains(out, `"notes": []`) {
		t.Errorf("code %d: %s", code, out)
	}
}

func TestTenantVerbs(t *testing.T) {
	var asked tenant.New
	h := House{Tenants: Tenants{
		List: func(context.Context, Options) ([]tenant.Tenant, error) { return nil, nil },
		Create: func(_ context.Context, _ Options, n tenant.New) (tenant.Tenant, error) {
			asked = n
			return tenant.Tenant{Code: n.Code, Name: n.Name, Kind: n.Kind, CreatedAt: time.UnixMicro(0)}, nil
		},
	}}
	if code, out, _ := call(t, h, "tenant", "list", "--json"); code != Done || strings.TrimSpace(out) != "[]" {
		t.Errorf("no tenants: code %d, %q", code, out)
	}
	for flag, kind := range map[string]tenant.Kind{"--json": tenant.Customer, "--association": tenant.Association} {
		if code, out, _ := call(t, h, "tenant", "create", "--code", "abc", "--name", "名前", flag); code != Done || asked.Kind != kind || !strings.Contains(out, "abc") {
			t.Errorf("%s: code %d, %+v\n%s", flag, code, asked, out)
		}
	}
}

// TestImportListsAreShortForPeople: 20 lines each for a terminal; all of them are in the JSON.
func TestImportListsAreShortForPeople(t *testing.T) {
	i := Import{Rows: 60}
	for n := range 30 {
		i.Rejected = append(i.Rejected, Rejected{n + 2, []CellError{{"身長", "数値ではありません"}, {"体重", "空です"}}})
		i.Unmatched = append(i.Unmatched, Unmatched{n + 40, "番号が見つかりません"})
	}
	var b strings.Builder
	tellImport(&b, i, false)
	if out := b.String(); strings.Count(out, "行目:") != 40 || strings.Count(out, "ほか 10 行") != 2 || !strings.Contains(out, "身長 数値ではありません、体重 空です") {
		t.Errorf("%s", out)
	}
}

// TestSecondsApart: progress is told at most once a second, so a pipe is not flooded.
func TestSecondsApart(t *testing.T) {
	var b strings.Builder
	tell := progress(io.MultiWriter(&b))
	for n := range 1000 {
		tell(n, 1000)
	}
	if lines := strings.Count(b.String(), "\n"); lines > 1 {
		t.Errorf("%d lines at once: %s", lines, fmt.Sprintf("%.80s", b.String()))
	}
}
