package web

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/people/tenant"
)

// TestTenantNamesAreKeptBriefly: a name is looked up once a minute, and after that minute nothing of it is left in
// memory, whether or not anybody asks again.
func TestTenantNamesAreKeptBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n tenantNames
		looked := 0
		look := func() (tenant.Tenant, error) { looked++; return tenant.Tenant{ID: "a", Name: "みどり"}, nil }
		for range 3 {
			if got, err := n.get("a", look); err != nil || got.Name != "みどり" {
				t.Errorf("%+v %v", got, err)
			}
		}
		if looked != 1 {
			t.Errorf("looked %d times", looked)
		}
		if _, err := n.get("b", func() (tenant.Tenant, error) { return tenant.Tenant{}, errors.New("x") }); err == nil {
			t.Error("an error is kept for an answer")
		}
		time.Sleep(tenantFor + time.Second)
		synctest.Wait()
		n.kept.Range(func(key, _ any) bool { t.Errorf("%v is still there", key); return true })
		if _, err := n.get("a", look); err != nil || looked != 2 {
			t.Errorf("looked %d times: %v", looked, err)
		}
	})
}
