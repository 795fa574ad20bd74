package checkup

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tEnded  = db.Q("checkup.test_ended", `update import_batch set applied_at = case when applied_at > 0 then $3 else applied_at end, ended_at = case when ended_at > 0 then $3 else ended_at end where tenant_id = $1 and id = $2`)
	tDetail = db.Q("checkup.test_detail", `select detail from import_batch where tenant_id = $1 and id = $2`)
)

const secretCell = "ＨＩＶ陽性のため欠測"

// stored is what lies sealed about an import, and what it says.
func (b *bed) stored(t ids.Tenant, id ids.Import) (sealed []byte, says string) {
	b.Helper()
	b.must(b.e.DB.View(b.Context(), t, func(tx *db.Tx) (err error) { sealed, err = db.Value[[]byte](tx, tDetail, t, id); return err }))
	k, err := b.vault.Tenant(b.Context(), t)
	b.must(err)
	var d detail
	b.must(openJSON(k, locBatch(id, "detail"), sealed, &d))
	text, err := json.Marshal(d)
	b.must(err)
	return sealed, string(text)
}

// TestQuotedCellsGo: 30 days after an import has ended, however it did, what was quoted of refused lines is gone; line,
// column and kind of fault stay and the reason says that the content is gone. What waits, what has ended lately and what
// does not open stay; DropCells waits for no day.
func TestQuotedCellsGo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		file := fileA(of("1"), of("2", "HbA1c", secretCell), of("3", "収縮期血圧", "80", "拡張期血圧", "90"))
		old, lately, damaged := b.apply(b.hr, file), b.apply(b.hr, file), b.apply(b.hr, file)
		given, waits := b.upload(b.hr, file), b.upload(b.hr, file)
		b.must(b.s.Withdraw(t.Context(), b.hr, given.ID, "やめました"))
		age := func(id ids.Import, days int) {
			b.must(e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error {
				_, err := tx.Exec(tEnded, b.ours, id, db.Micros(time.Now().AddDate(0, 0, -days)))
				return err
			}))
		}
		for id, days := range map[ids.Import]int{old.ID: 31, damaged.ID: 31, given.ID: 31, lately.ID: 29} {
			age(id, days)
		}
		b.must(e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error { _, err := tx.Exec(qSpoil, b.ours, damaged.ID, []byte("damaged")); return err }))
		before := map[ids.Import][]byte{}
		for _, id := range []ids.Import{old.ID, lately.ID, given.ID, waits.ID} {
			sealed, says := b.stored(b.ours, id)
			if before[id] = sealed; !strings.Contains(says, secretCell) {
				t.Fatalf("nothing is quoted: it proves nothing: %s", says)
			}
		}
		b.must(b.s.sweep(t.Context(), underWay))
		gone := func(id ids.Import) {
			t.Helper()
			if _, says := b.stored(b.ours, id); strings.Contains(says, secretCell) || strings.Contains(says, `"80"`) {
				t.Errorf("it is still there: %s", says)
			}
			i := b.see(b.nurse, id)
			if !i.Emptied || len(i.Rejected) != 2 {
				t.Fatalf("%+v", i)
			}
			one, two := i.Rejected[0], i.Rejected[1].Errors[0]
			if one.Line != 3 || one.Errors[0].Column != "HbA1c" || one.Errors[0].Code != codeNotNumber || one.Errors[0].Args["value"] != removed {
				t.Errorf("%+v", one)
			}
			if two.Code != codePressure || two.Args["value"] != removed || two.Args["systolic"] != removed {
				t.Errorf("%+v", two)
			}
		}
		gone(old.ID)
		if _, ok := b.log.last("checkup.import.view"); ok {
			t.Error("the log says that somebody has seen values that are gone")
		}
		gone(given.ID)
		for _, id := range []ids.Import{lately.ID, waits.ID} {
			if now, _ := b.stored(b.ours, id); !bytes.Equal(now, before[id]) {
				t.Error("what has not ended so long ago was written again")
			}
		}
		if i := b.see(b.nurse, lately.ID); i.Emptied || i.Rejected[0].Errors[0].Args["value"] != secretCell {
			t.Errorf("%+v", i.Rejected)
		}

		once, _ := b.stored(b.ours, old.ID)
		b.must(b.s.sweep(t.Context(), underWay))
		if again, _ := b.stored(b.ours, old.ID); !bytes.Equal(once, again) {
			t.Error("it is written again every hour")
		}
		if n, err := b.s.DropCells(t.Context(), b.ours); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		gone(lately.ID)
		if now, _ := b.stored(b.ours, waits.ID); !bytes.Equal(now, before[waits.ID]) {
			t.Error("what waits was written again")
		}
		b.must(b.s.Withdraw(t.Context(), b.hr, old.ID, "別の会社のファイルでした"))
		gone(old.ID)
	})
}
