package scim

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestExternalIsOnePerson: what the personnel system calls somebody finds one person, also when two are made at once,
// and in another tenant it is free.
func TestExternalIsOnePerson(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		one := func(n int, external string) string {
			return fmt.Sprintf(`{"userName":"w%d","externalId":%q,"emails":[{"value":"w%d@midori.example"}]}`, n, external, n)
		}
		first := b.ok(http.StatusCreated, b.call("midori", "POST", "/Users", one(1, "x")))["id"].(string)
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "POST", "/Users", one(2, "x")))
		b.ok(http.StatusCreated, b.call("hikari", "POST", "/Users", one(1, "x")))
		second := b.ok(http.StatusCreated, b.call("midori", "POST", "/Users", one(2, "y")))["id"].(string)
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "PUT", "/Users/"+second, one(2, "x")))
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "PATCH", "/Users/"+second, `{"schemas":["`+schemaPatch+`"],"Operations":[{"op":"replace","path":"externalId","value":"x"}]}`))
		b.ok(http.StatusOK, b.call("midori", "PUT", "/Users/"+first, one(1, "x")))
		b.ok(http.StatusOK, b.call("midori", "PUT", "/Users/"+first, one(1, "z")))
		b.ok(http.StatusOK, b.call("midori", "PUT", "/Users/"+second, one(2, "x")))

		var wait sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for n := range 4 {
			wait.Go(func() {
				if r := b.call("midori", "POST", "/Users", one(10+n, "at once")); r.Status == http.StatusCreated {
					mu.Lock()
					made++
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		if made != 1 {
			t.Errorf("%d people have one externalId", made)
		}
	})
}
