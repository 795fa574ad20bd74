package retention

import (
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tRuleGone = db.Q("retention_test.rule_gone", `delete from retention_rule where tenant_id = $1`)
	tRuleRow  = db.Q("retention_test.rule_row", `select years, sealed, set_by, set_at, mac from retention_rule where tenant_id = $1`)
	tRuleBack = db.Q("retention_test.rule_back", `update retention_rule set years = $2, sealed = $3, set_by = $4, set_at = $5, mac = $6 where tenant_id = $1`)
)

const general = "一般健康診断"

// TestADeletedPeriodIsMissed on both engines: with its row gone, a contract's longer period is kept as the log says,
// nothing is proposed earlier, what two people had approved before is not erased, and the lists say what is wrong. An
// older row put back with its own MAC does no better; a decision of the desk does, and one tenant's is no other's.
func TestADeletedPeriodIsMissed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		b.someone(b.ours, 0, "2015-06-01")
		b.someone(b.neighbour, 0, "2015-06-01")
		lengthen := func(years int) {
			t.Helper()
			b.must(b.Lengthen(ctx, b.desk, b.ours, general, years, "契約書第9条"))
		}
		looks := func(what string, years int, gone bool, candidates int) {
			t.Helper()
			all, err := b.Overview(ctx, b.admin)
			b.must(err)
			list, err := b.Lengthened(ctx, b.admin)
			b.must(err)
			b.must(b.Night(ctx))
			if open, _ := b.open(); all[0].Years != years || len(list) != 1 || list[0].Gone != gone || list[0].Years != years || len(open) != candidates {
				t.Errorf("%s: %d years, %+v, %d candidates", what, all[0].Years, list, len(open))
			}
		}
		lengthen(6)
		looks("six years", 6, false, 1)
		open, _ := b.open()
		b.both(open)

		var years, at int64
		var sealed, mac []byte
		var by string
		b.tx(b.ours, func(tx *db.Tx) error {
			return db.Each(tx, tRuleRow, func(s db.Scanner) error { return s.Scan(&years, &sealed, &by, &at, &mac) }, b.ours)
		})
		lengthen(20)
		b.tx(b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tRuleGone, b.ours); return err })
		b.must(b.Service.Erase(ctx))
		if n := b.count(b.ours, tCards); n != 1 {
			t.Error("what was approved before the longer period is erased, although the log tells of that")
		}
		looks("deleted", 20, true, 0)
		if of, err := b.LengthenedOf(ctx, b.desk, b.ours); err != nil || len(of) != 1 || !of[0].Gone || of[0].By != b.desk.Account {
			t.Errorf("the desk's list: %+v %v", of, err)
		}
		if late, err := b.Late(ctx); err != nil || late.Unlisted != 0 {
			t.Errorf("%+v %v", late, err)
		}
		lengthen(20)
		looks("decided anew", 20, false, 0)

		b.tx(b.ours, func(tx *db.Tx) error { _, err := tx.Exec(tRuleBack, b.ours, years, sealed, by, at, mac); return err })
		looks("an older row put back", 20, true, 0)
		lengthen(7)
		looks("shortened by the desk", 7, false, 1)
		b.must(b.Night(ctx))
		if n := b.count(b.neighbour, tCandidates); n != 1 {
			t.Errorf("the neighbour has %d candidates under the law's period", n)
		}
	})
}

var tCandidates = db.Q("retention_test.candidates", `select count(*) from retention_candidate where tenant_id = $1 and state = 'open'`)

// TestPromisesOfOlderVersions: their events carry no instant of the row; the row that they wrote still counts as theirs.
func TestPromisesOfOlderVersions(t *testing.T) {
	for _, c := range []struct {
		row, event int64 // microseconds
		years      int
		want       bool
	}{{100e6, 161e6, 20, true}, {102e6, 161e6, 20, false}, {1, 161e6, 6, false}} {
		p := promise{years: c.years, at: db.Time(c.event).Add(-tolerance)}
		if got := p.overrules(rule{years: 10, at: c.row}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if strings.Join(missed(map[string]promise{"b": {years: 9}, "a": {years: 9}}, []rule{{class: "b", years: 9}}), "") != "a" {
		t.Error("what has a row is missed, or what has none is not")
	}
}
