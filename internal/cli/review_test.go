package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/governance/accessreview"
)

func TestReviewStatus(t *testing.T) {
	due := time.Date(2026, 12, 31, 14, 59, 0, 0, time.UTC)
	good := accessreview.Standing{Code: "midori", Quarter: "2026-Q3", State: accessreview.Running, OpenedAt: due.AddDate(0, -2, 0), DueAt: due, Figures: &accessreview.Report{Total: 6, Reviewed: 4}}
	bad := accessreview.Standing{Code: "hikari", Quarter: "2026-Q3", State: accessreview.Missed, DueAt: due, Problems: []string{"行われませんでした"}}
	var asked string
	house := func(all ...accessreview.Standing) House {
		return House{Reviews: func(_ context.Context, o Options, tenant string) ([]accessreview.Standing, error) {
			asked = o.Data + "/" + tenant
			return all, nil
		}}
	}
	code, out, _ := call(t, house(good), "review", "status", "--data", "d", "--tenant", "midori", "--json")
	var lines []reviewLine
	if err := json.Unmarshal([]byte(out), &lines); err != nil || code != Done || asked != "d/midori" || len(lines) != 1 || lines[0].Overdue || lines[0].Due != "2026-12-31T23:59:00+09:00" || lines[0].Reviewed != 4 {
		t.Errorf("%d %v %s", code, err, out)
	}
	code, out, errs := call(t, house(good, bad), "review", "status", "--json")
	if err := json.Unmarshal([]byte(out), &lines); err != nil || code != Failed || !lines[1].Overdue || errs != "" {
		t.Errorf("%d %v %s%s", code, err, out, errs)
	}
	if code, out, _ = call(t, house(good, bad), "review", "status"); code != Failed || !strings.Contains(out, "4/6件") || !strings.Contains(out, "！行われませんでした") || !strings.Contains(out, "行われなかった") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ = call(t, house(), "review", "status"); code != Done || !strings.Contains(out, "まだありません") {
		t.Errorf("%d %s", code, out)
	}
	gone := House{Reviews: func(context.Context, Options, string) ([]accessreview.Standing, error) {
		return nil, fault.New(fault.Missing, "tenant.unknown", "code", "x")
	}}
	if code, _, errs = call(t, gone, "review", "status", "--tenant", "x"); code != Failed || !strings.Contains(errs, "tenant.unknown") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestExplainReview(t *testing.T) {
	code, out, _ := call(t, House{}, "explain", "review", "--date", "2026-11-28", "--json")
	var c accessreview.Calendar
	if err := json.Unmarshal([]byte(out), &c); err != nil || code != Done || c.Quarter != "2026-Q3" || c.Closes != "2026-12-31T23:59:00+09:00" || len(c.Reminders) != 3 {
		t.Errorf("%d %v %s", code, err, out)
	}
	if code, out, _ = call(t, House{}, "explain", "review", "--date", "R9.3.31"); code != Done || !strings.Contains(out, "2027-03-31T23:59") {
		t.Errorf("%d %s", code, out)
	}
	if code, _, errs := call(t, House{}, "explain", "review", "--date", "いつか"); code != Usage || !strings.Contains(errs, "review.date") {
		t.Errorf("%d %s", code, errs)
	}
}
