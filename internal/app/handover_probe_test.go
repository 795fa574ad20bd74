package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestThePackageIsOpened: what an invented customer is handed is opened in every format and held against the files
// that were entered and the rows that lie in the records; each thing that is wrong with one is found by what it is.
func TestThePackageIsOpened(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	start := time.Now()
	p, err := r.packageIn(t.Context(), false)
	if err != nil || len(p.Wrong) != 0 || p.Files < 25 || p.Records < 6*30 || p.Spoiled != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	t.Log(time.Since(start), p.Files, p.Records)
	p, err = r.packageIn(t.Context(), true)
	if err != nil || len(p.Wrong) != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	for what, says := range map[string]string{
		"一人を除く": "表 people の記録は5件で、元の記録の6件と合いません。", "結果の値を除く": "元の記録のうち、表 results にないものがあります。",
		"ほかの会社の人を混ぜる": "csv/operations.csv に、ほかの会社のデータがあります。", "渡した後の書換え": "受取りの記録のハッシュ値が、渡したファイルと合いません。",
	} {
		if !slices.Contains(p.Spoiled[what], says) {
			t.Errorf("%s: %s", what, strings.Join(p.Spoiled[what], " / "))
		}
	}
	if len(p.Spoiled) != 4 {
		t.Errorf("%d spoiled packages", len(p.Spoiled))
	}
	tenants, err := r.Tenants.List(t.Context())
	if err != nil || len(tenants) != 3 {
		t.Errorf("the running service has %d tenants, %v", len(tenants), err)
	}
}
