package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/governance/erasure"
)

func TestErasureVerbs(t *testing.T) {
	asked := ""
	h := House{Erasures: Erasures{
		Verify: func(context.Context, Options) (LedgerCheck, error) {
			return LedgerCheck{OK: true, Entries: 3, File: "data/erasure/ledger", Copy: "same", Certificates: 5}, nil
		},
		Status: func(_ context.Context, _ Options, tenant string) ([]erasure.Record, error) {
			asked = tenant
			return []erasure.Record{{ID: "run-1", Kind: erasure.Tenant, State: erasure.Waiting, Step: "done", KeysGone: 7, LedgerN: 2, Started: time.Unix(1, 0)}}, nil
		},
	}}
	if code, out, _ := call(t, h, "erasure", "verify"); code != Done || !strings.Contains(out, "3件") || !strings.Contains(out, "同じです") || !strings.Contains(out, "消去証明書: 5件") {
		t.Errorf("%d: %s", code, out)
	}
	_, out, _ := call(t, h, "erasure", "verify", "--json")
	var v LedgerCheck
	if err := json.Unmarshal([]byte(out), &v); err != nil || !v.OK || v.Entries != 3 {
		t.Errorf("%v: %s", err, out)
	}
	if code, out, _ := call(t, h, "erasure", "status", "--tenant", "midori"); code != Done || asked != "midori" || !strings.Contains(out, "保全の解除待ち") || !strings.Contains(out, "鍵 7 個") {
		t.Errorf("%d %q: %s", code, asked, out)
	}
	h.Erasures.Verify = func(context.Context, Options) (LedgerCheck, error) {
		return LedgerCheck{}, fault.New(fault.Conflict, "erasure.ledger_short", "have", "1", "want", "2")
	}
	if code, _, errs := call(t, h, "erasure", "verify"); code != Failed || !strings.Contains(errs, "1件。2件") {
		t.Errorf("%d: %s", code, errs)
	}
	h.Erasures.Status = func(context.Context, Options, string) ([]erasure.Record, error) { return nil, nil }
	if _, out, _ := call(t, h, "erasure", "status"); !strings.Contains(out, "消去の記録はありません") {
		t.Errorf("%s", out)
	}
}
