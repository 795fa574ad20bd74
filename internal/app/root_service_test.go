package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/operations/keys"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/transit"
	"rakudos/internal/words"
)

// TestTheRootKeyInAKeyService runs the service on a root key in OpenBao or Vault, and in their double: it starts, goes
// on while the key service is down, takes a new version of the root key in use, and reads everything after a restart.
// What the operator must do is said each time.
func TestTheRootKeyInAKeyService(t *testing.T) {
	transit.Each(t, func(t *testing.T, s *transit.Service) {
		ctx := t.Context()
		mount, key := s.Mount(t)
		data := filepath.Join(t.TempDir(), "data")
		token := s.File(t, "token", s.Token(t, transit.Least(mount, key), "1h"))
		config := s.File(t, "yaml", fmt.Sprintf("demo: false\nkeys: {root: {driver: transit, transit: {address: %q, mount: %s, key: %s, token_file: %q, ca_file: %q}}}\n", s.Address, mount, key, token, s.CAFile))
		start := func() (*Running, error) {
			c, err := LoadConfig(config, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.Data, c.Listen, c.sabotage = data, "127.0.0.1:0", map[string]bool{"none": true}
			return Start(ctx, c, slog.New(slog.DiscardHandler))
		}
		running := func() *Running {
			t.Helper()
			r, err := start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = r.Close() })
			return r
		}
		// refused is a start that must say what to do, in the operator's language, and change nothing.
		refused := func(code, next string) {
			t.Helper()
			_, err := start()
			said := words.Fault(fault.Of(err))
			if fault.Of(err) == nil || fault.Of(err).Code != code || said.Kept == "" || !strings.Contains(said.Next, next) {
				t.Errorf("a start: %v; %+v", err, said)
			}
		}
		own := actor.HostOperator(ids.System, "setup")
		register := func(r *Running, code string) error {
			_, err := r.Tenants.Create(ctx, own, tenant.New{Code: code, Name: "契約先" + code, Kind: tenant.Customer})
			return err
		}
		names := func(r *Running) (out []string) {
			t.Helper()
			all, err := r.Tenants.List(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range all {
				if x.Kind == tenant.Customer {
					out = append(out, x.Name)
				}
			}
			return out
		}

		began := time.Now()
		r := running()
		t.Logf("first start in %v", time.Since(began))
		if err := register(r, "first"); err != nil {
			t.Fatal(err)
		}
		// In mid-flight: what is open stays open, what needs the root key waits, and nothing is half made.
		s.Stop()
		if err := register(r, "waiting"); fault.Of(err) == nil || fault.Of(err).Code != "vault.kms_away" {
			t.Errorf("a registration without the key service: %v", err)
		}
		if got := names(r); len(got) != 1 || got[0] != "契約先first" {
			t.Errorf("read without the key service: %v", got)
		}
		s.Start()
		s.Sealed(t)
		if err := register(r, "waiting"); fault.Of(err) == nil || fault.Of(err).Code != "vault.kms_sealed" {
			t.Errorf("a registration while it is sealed: %v", err)
		}
		s.Unseal(t)
		if err := register(r, "waiting"); err != nil {
			t.Errorf("a registration afterwards: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		// Down at the start.
		s.Stop()
		refused("vault.kms_away", "ネットワーク")
		s.Start()
		s.Sealed(t)
		refused("vault.kms_sealed", "unseal")
		s.Unseal(t)

		// The key's own people make its new version; ours takes it in use.
		ring, o := houseKeys(), cli.Options{Config: config, Data: data}
		if _, err := ring.Rotate(ctx, o, cli.RotateRequest{Level: keys.Root, Reason: "year"}, nil); fault.Of(err).Code != "vault.root_elsewhere" {
			t.Errorf("a root key that others renew: %v", err)
		}
		s.Do(t, "POST", mount+"/keys/"+key+"/rotate", nil)
		began = time.Now()
		w, err := ring.Rotate(ctx, o, cli.RotateRequest{Level: keys.Rewrap, Reason: "year"}, nil)
		if err != nil || w.State != keys.Done {
			t.Fatalf("%+v, %v", w, err)
		}
		t.Logf("wrapped anew in %v", time.Since(began))
		s.Do(t, "POST", mount+"/keys/"+key+"/config", map[string]any{"min_decryption_version": 2})
		inv, err := ring.List(ctx, o)
		if err != nil || len(inv.RootUse) != 1 || inv.RootUse["transit:"+mount+"/"+key+"/v2"] == 0 {
			t.Errorf("%+v, %v", inv.RootUse, err)
		}
		again := running()
		if got := names(again); len(got) != 2 {
			t.Errorf("after a restart under the new version: %v", got)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if rep, err := houseVerify(ctx, o); err != nil || !rep.OK || !rep.Sealed {
			t.Errorf("the log: %+v, %v", rep, err)
		}
		// A token that was revoked, and a version that may no longer open, are not a lost key.
		good, err := os.ReadFile(token)
		if err != nil {
			t.Fatal(err)
		}
		s.Do(t, "POST", "auth/token/revoke", map[string]any{"token": string(good)})
		refused("vault.kms_denied", "資格情報")
		write(t, token, s.Token(t, transit.Least(mount, key), "1h"))
		s.Do(t, "POST", mount+"/keys/"+key+"/rotate", nil)
		s.Do(t, "POST", mount+"/keys/"+key+"/config", map[string]any{"min_decryption_version": 3})
		refused("vault.kms_version", "2以下")
		// The token stands nowhere in the data folder.
		err = filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if bytes.Contains(b, good) {
				t.Errorf("%s holds the token", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
