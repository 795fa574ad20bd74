package accessreview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// What somebody does to a campaign who can write into the database and has no key.
var (
	tForge = db.Q("review_test.forge", `insert into review_campaign (tenant_id, campaign_id, purpose, state, opened_at, due_at, ends_at, snapshot, opened_ref, closed_at, closed_ref, report)
		select tenant_id, $2, 'quarter', 'closed', 1, 2, 3, snapshot, opened_ref, 2, opened_ref, '{"total":5,"reviewed":5,"kept":5}' from review_campaign where tenant_id = $1 and campaign_id = $3`)
	tReport  = db.Q("review_test.report", `update review_campaign set report = replace(report, '"reviewed":0', '"reviewed":9') where tenant_id = $1 and campaign_id = $2`)
	tState   = db.Q("review_test.state", `update review_campaign set state = $3 where tenant_id = $1 and campaign_id = $2`)
	tEarlier = db.Q("review_test.earlier", `update review_campaign set due_at = 1, ends_at = 9000000000000000, closed_at = 1 where tenant_id = $1 and campaign_id = $2`)
	tBorrow  = db.Q("review_test.borrow", `update review_campaign set state = 'closed', report = (select x.report from review_campaign x where x.tenant_id = $1 and x.campaign_id = $3),
		closed_ref = (select x.closed_ref from review_campaign x where x.tenant_id = $1 and x.campaign_id = $3) where tenant_id = $1 and campaign_id = $2`)
	tNoLines = db.Q("review_test.no_lines", `delete from review_line where tenant_id = $1 and campaign_id = $2`)
	tGone    = db.Q("review_test.gone", `delete from review_campaign where tenant_id = $1 and campaign_id = $2`)
	tRow     = db.Q("review_test.row", `select state, due_at, ends_at, closed_at, report, closed_ref from review_campaign where tenant_id = $1 and campaign_id = $2`)
	tBack    = db.Q("review_test.back", `update review_campaign set state = $3, due_at = $4, ends_at = $5, closed_at = $6, report = $7, closed_ref = $8 where tenant_id = $1 and campaign_id = $2`)
)

func (h *house) of1(code string) Standing {
	h.t.Helper()
	all, err := h.Standings(h.t.Context())
	h.must(err)
	for _, s := range all {
		if s.Code == code {
			return s
		}
	}
	h.t.Fatalf("no standing of %s", code)
	return Standing{}
}

// keepRow puts a row back as it was: the next forgery starts from the truth.
func (h *house) keepRow(t ids.Tenant, id string) (back func()) {
	h.t.Helper()
	var row []any
	h.must(h.DB.View(h.t.Context(), t, func(tx *db.Tx) error {
		_, err := db.One(tx, tRow, func(s db.Scanner) (int, error) {
			var state, report, ref string
			var due, ends, closed int64
			err := s.Scan(&state, &due, &ends, &closed, &report, &ref)
			row = []any{state, due, ends, closed, report, ref}
			return 0, err
		}, t, id)
		return err
	}))
	return func() { h.must(h.sql(t, tBack, append([]any{id}, row...)...)) }
}

// TestAQuarterIsWhatTheLogSays: no row that was written, edited or taken away past the service makes a quarter look
// reviewed, or a bad one unseen; the neighbour stands as before.
func TestAQuarterIsWhatTheLogSays(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		first := QuarterOf(time.Now())
		t := h.of["midori"].ID
		h.must(h.sql(t, tForge, "1999-Q3", first.Key()))
		if s := h.of1("midori"); s.Done != "" || len(s.Problems) != 1 || !strings.Contains(s.Problems[0], "監査ログの記録と合いません") {
			h.t.Fatalf("a quarter that never was: %+v", s)
		}
		if s := h.of1("hikari"); len(s.Problems) != 0 {
			h.t.Fatalf("the neighbour: %+v", s)
		}
		h.must(h.sql(t, tGone, "1999-Q3"))

		// Nobody of midori answers; hikari does.
		h.answer("hikari/tenantadmin", "", first.Key())
		h.answer("kyokai/itsm", "hikari", first.Key())
		h.until(first.Closes().Add(time.Second))
		h.must(h.Tick(ctx))
		h.until(first.Next().Opens().Add(2 * time.Hour))
		h.must(h.Tick(ctx))
		if s := h.of1("hikari"); s.Done != first.Key() || len(s.Problems) != 0 {
			h.t.Fatalf("a true quarter: %+v", s)
		}
		bad := h.of1("midori")
		if bad.Done != "" || !slices.ContainsFunc(bad.Problems, func(p string) bool { return strings.Contains(p, "判断の残る権限") }) {
			h.t.Fatalf("a quarter without a person: %+v", bad)
		}
		back := h.keepRow(t, first.Key())
		for what, forge := range map[string]func() error{
			"report":  func() error { return h.sql(t, tReport, first.Key()) },
			"void":    func() error { return h.sql(t, tState, first.Key(), "void") },
			"open":    func() error { return h.sql(t, tState, first.Key(), "open") },
			"missed":  func() error { return h.sql(t, tState, first.Key(), "missed") },
			"borrows": func() error { return h.sql(t, tBorrow, first.Next().Key(), first.Key()) },
		} {
			next := h.keepRow(t, first.Next().Key())
			h.must(forge())
			if s := h.of1("midori"); s.Done != "" || len(s.Problems) == 0 {
				h.t.Errorf("%s: %+v", what, s)
			}
			back()
			next()
		}
		h.must(h.sql(t, tEarlier, first.Key()))
		if s := h.of1("midori"); len(s.Problems) != len(bad.Problems) {
			h.t.Errorf("days are the calendar's and the log's: %+v", s)
		}
		back()
		h.must(h.sql(t, tNoLines, first.Key()))
		if s := h.of1("midori"); !slices.ContainsFunc(s.Problems, func(p string) bool { return strings.Contains(p, "固定した一覧") }) {
			h.t.Errorf("without its lines: %+v", s)
		}
		h.must(h.sql(t, tGone, first.Key()))
		if s := h.of1("midori"); len(s.Problems) != 1 || !strings.Contains(s.Problems[0], "なくなっています") {
			h.t.Errorf("a bad quarter that was deleted: %+v", s)
		}
		if s := h.of1("hikari"); s.Done != first.Key() || len(s.Problems) != 0 {
			h.t.Errorf("the neighbour: %+v", s)
		}
	})
}

// TestAMissedQuarterIsNotForgottenByDeleting its row.
func TestAMissedQuarterIsNotForgottenByDeleting(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		q := QuarterOf(time.Now())
		t := h.of["hikari"].ID
		time.Sleep(time.Until(q.Next().Opens().Add(2 * time.Hour))) // the service did not run
		h.must(h.Service.Quarter(ctx, q))
		if s := h.of1("hikari"); len(s.Problems) == 0 {
			h.t.Fatalf("%+v", s)
		}
		h.must(h.sql(t, tGone, q.Key()))
		if s := h.of1("hikari"); len(s.Problems) != 1 || !strings.Contains(s.Problems[0], "なくなっています") {
			h.t.Errorf("%+v", s)
		}
	})
}
