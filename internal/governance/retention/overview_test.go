package retention

import (
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

// TestOverview on both engines: what a tenant keeps by class, the next expiry, a contract that lengthens and never
// shortens, and nothing of the neighbour.
func TestOverview(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newNights(t, e)
		ctx := t.Context()
		b.someone(b.ours, 0, "2024-06-01", "2025-06-01", "2025-09-30")
		b.someone(b.ours, 20250331)
		b.someone(b.neighbour, 20200331, "2019-06-01")
		all, err := b.Overview(ctx, b.admin)
		b.must(err)
		cards, people := all[0], all[1]
		if len(all) != 2 || cards.Count != 3 || cards.Years != 5 || cards.Own || cards.Next.String() != "2029-06-01" || cards.Source == "" {
			t.Errorf("%+v", cards)
		}
		if len(cards.ByYear) != 2 || cards.ByYear[1].Year != 2025 || cards.ByYear[1].Count != 2 || cards.ByYear[1].KeepUntil.String() != "2030-06-01" {
			t.Errorf("%+v", cards.ByYear)
		}
		if people.Count != 2 || people.Next.String() != "2030-03-31" {
			t.Errorf("%+v", people)
		}
		for what, err := range map[string]error{
			"retention.shorter":       b.Lengthen(ctx, b.desk, b.ours, "一般健診", 4, "契約書12条"),
			"retention.class_unknown": b.Lengthen(ctx, b.desk, b.ours, "家計簿", 9, "契約書12条"),
			"retention.source":        b.Lengthen(ctx, b.desk, b.ours, "一般健診", 9, " "),
			"access.denied":           b.Lengthen(ctx, b.admin, b.ours, "一般健診", 9, "契約書12条"),
		} {
			if code(err) != what {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := b.Lengthen(ctx, b.desk, b.neighbour, "一般健診", 9, "x"); !fault.Is(err, fault.Denied) {
			t.Errorf("a tenant out of reach: %v", err)
		}
		for _, years := range []int{9, 7} {
			b.must(b.Lengthen(ctx, b.desk, b.ours, "一般健診", years, "契約書12条"))
		}
		all, err = b.Overview(ctx, b.admin)
		b.must(err)
		if !all[0].Own || all[0].Years != 7 || all[0].Next.String() != "2031-06-01" {
			t.Errorf("%+v", all[0])
		}
		if _, err := b.Overview(ctx, b.desk); !fault.Is(err, fault.Denied) {
			t.Errorf("without the permission: %v", err)
		}
	})
}

// TestTheDesk sees whose candidates wait within its reach, and no other's.
func TestTheDesk(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newNights(t, e)
		ctx := t.Context()
		b.someone(b.ours, 20160331, "2015-06-01")
		b.someone(b.neighbour, 20160331, "2015-06-01")
		b.must(b.Night(ctx))
		if all, err := b.Tenants(ctx, b.desk); err != nil || len(all) != 1 || all[0] != b.ours {
			t.Errorf("%v %v", all, err)
		}
		all, err := b.Of(ctx, b.desk, b.ours)
		if err != nil || len(all) != 1 || all[0].KeepUntil.String() != "2021-03-31" || all[0].Base.String() != "2016-03-31" {
			t.Errorf("%+v %v", all, err)
		}
		if _, err := b.Of(ctx, b.desk, b.neighbour); !fault.Is(err, fault.Denied) {
			t.Errorf("out of reach: %v", err)
		}
		if _, err := b.Tenants(ctx, b.admin); !fault.Is(err, fault.Denied) {
			t.Errorf("without the permission: %v", err)
		}
	})
}
