package checkup

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestRefusedLinesBeyondTheBound are counted and told, the others listed with every reason.
func TestRefusedLinesBeyondTheBound(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 20,000 lines")
	}
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	const more = 37
	head := "社員番号,氏名,カナ氏名,性別,生年月日,健診日,収縮期血圧,拡張期血圧,身長\n"
	i := b.upload(b.hr, head+strings.Repeat("9,,,,,2026/6/1,x,y,z\n", maxLines+more))
	kept, reasons := len(i.Rejected), 0
	for _, l := range i.Rejected {
		reasons += len(l.Errors)
	}
	if kept != maxLines || i.RejectedMore != more || i.Rejected[0].Errors == nil {
		t.Errorf("%d lines kept, %d counted", kept, i.RejectedMore)
	}
	if all := 3 * maxLines; reasons > maxReasons+maxLines || reasons+i.ReasonsMore != all {
		t.Errorf("%d reasons kept and %d counted of %d", reasons, i.ReasonsMore, all)
	}
	var out struct {
		Rejected []struct{ Line int }
		More     int `json:"rejected_more"`
	}
	text, err := json.Marshal(i)
	b.must(err)
	if err := json.Unmarshal(text, &out); err != nil || len(out.Rejected) != maxLines || out.More != more || out.Rejected[maxLines-1].Line != maxLines+1 {
		t.Errorf("as JSON: %d lines, %d more, %v", len(out.Rejected), out.More, err)
	}
}

// TestAnOrdinaryFileIsToldWhole: thousands of wrong lines all come back, and nothing is said to be missing.
func TestAnOrdinaryFileIsToldWhole(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	var file strings.Builder
	file.WriteString("社員番号,氏名,カナ氏名,性別,生年月日,健診日,収縮期血圧,拡張期血圧\n")
	for n := range 3000 {
		fmt.Fprintf(&file, "%d,,,,,いつか,x,y\n", n)
	}
	i := b.upload(b.hr, file.String())
	if len(i.Rejected) != 3000 || len(i.Rejected[2999].Errors) != 3 || i.RejectedMore+i.UnmatchedMore+i.ReasonsMore != 0 {
		t.Errorf("%d lines, the last with %d reasons; %d %d %d more", len(i.Rejected), len(i.Rejected[2999].Errors), i.RejectedMore, i.UnmatchedMore, i.ReasonsMore)
	}
	text, err := json.Marshal(i)
	b.must(err)
	if strings.Contains(string(text), "_more") {
		t.Error("the JSON says that something is missing")
	}
}

var (
	qSpoil  = db.Q("checkup.test_spoil", `update import_batch set detail = $3 where tenant_id = $1 and id = $2`)
	qLength = db.Q("checkup.test_length", `select length(detail) from import_batch where tenant_id = $1 and id = $2`)
)

// TestConfirmAndWithdrawOpenNoLines: both work where the lines cannot even be opened, on both engines; the
// withdrawal leaves them as they are and its reason is read back.
func TestConfirmAndWithdrawOpenNoLines(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		rosterCSV, file := many(5)
		b.load(b.hr, rosterCSV)
		i := b.upload(b.hr, file)
		spoil := func(with []byte) {
			b.must(e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error { _, err := tx.Exec(qSpoil, b.ours, i.ID, with); return err }))
		}
		spoil([]byte("not sealed"))
		b.must(b.s.Confirm(t.Context(), b.hr, i.ID))
		b.drain()
		if got := b.see(b.hr, i.ID); got.State != Applied || got.Applied != 5 {
			t.Fatalf("%+v", got)
		}
		spoil([]byte("again"))
		b.must(b.s.Withdraw(t.Context(), b.hr, i.ID, "別の会社のファイルでした"))
		got, err := b.s.Progress(t.Context(), b.hr, i.ID)
		if err != nil || got.State != Withdrawn || got.Reason != "別の会社のファイルでした" {
			t.Errorf("%+v, %v", got, err)
		}
		var n int64
		b.must(e.DB.View(t.Context(), b.ours, func(tx *db.Tx) (err error) { n, err = db.Value[int64](tx, qLength, b.ours, i.ID); return err }))
		if n != int64(len("again")) {
			t.Error("the withdrawal has written the lines again")
		}
	})
}
