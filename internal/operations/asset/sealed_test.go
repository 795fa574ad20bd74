package asset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var tReasons = db.Q("test.asset_reasons", `select reason, reason_sealed from asset_disposal where tenant_id = $1`)

// TestReasonsAreSealed: what somebody wrote as the reason of a disposal is readable in the ledger and nowhere in the row.
func TestReasonsAreSealed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := service(t, e)
		ctx := t.Context()
		if err := os.WriteFile(filepath.Join(s.o.Dir, "old"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		one, _ := pair()
		const reason = "山田さんの健診の写し"
		if err := s.Claim(ctx, one, "store:old", Sensitive, "DEV"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(ctx, one, "store:old", reason); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Ledger(ctx, one); err != nil || len(v.Disposals) != 1 || v.Disposals[0].Reason != reason {
			t.Errorf("%+v, %v", v, err)
		}
		if err := e.DB.View(ctx, ids.System, func(tx *db.Tx) error {
			return db.Each(tx, tReasons, func(sc db.Scanner) error {
				var plain string
				var sealed []byte
				if err := sc.Scan(&plain, &sealed); err != nil {
					return err
				}
				if plain != "" || len(sealed) == 0 || strings.Contains(string(sealed), "山田") {
					t.Errorf("%q, %d bytes", plain, len(sealed))
				}
				return nil
			}, ids.System)
		}); err != nil {
			t.Fatal(err)
		}
	})
}
