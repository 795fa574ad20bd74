package webtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/outside"
	"rakudos/internal/testkit/samples"
	"rakudos/internal/testkit/testdb"
)

// TestKilledDuringConfirm cuts the power at several moments of a confirmed import. Whatever the moment, the
// next start shows the import as it was before, or whole; confirming again completes it; the log verifies.
func TestKilledDuringConfirm(t *testing.T) {
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	const people = 1500
	files := t.TempDir()
	if _, err := samples.Write(files, samples.Options{People: people, Seed: 3, Clean: true, Share: 1}); err != nil {
		t.Fatal(err)
	}
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			k := killing{t: t, bin: bin}
			k.config, k.data = configFile(t, engine)
			k.start()
			k.run("/people/import", filepath.Join(files, samples.Roster), people)
			at := k.preview("/checkups/import", filepath.Join(files, samples.BodyA))
			for n, pause := range []time.Duration{0, 40 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond} {
				if k.state(at).State == "applied" {
					t.Logf("whole before cut %d", n)
					break
				}
				k.confirm(at)
				time.Sleep(pause)
				k.service.Kill()
				k.start()
				if got := k.settled(at); got.State != "applied" && got.State != "preview" {
					t.Fatalf("after cut %d: %+v", n, got)
				}
			}
			if k.settled(at).State == "preview" {
				k.confirm(at)
			}
			if s, err := k.hr.Await(t.Context(), at, "applied"); err != nil || s.Applied != people {
				t.Fatalf("in the end %+v, %v", s, err)
			}
			if again := k.state(k.preview("/checkups/import", filepath.Join(files, samples.BodyA))); again.Accepted != 0 {
				t.Errorf("the same file once more: %+v, so something was lost", again)
			}
			if err := k.service.Stop(); err != nil {
				t.Fatal(err)
			}
			var report struct {
				OK bool `json:"ok"`
			}
			if _, _, err := outside.Command(t.Context(), bin, &report, "audit", "verify", "--config", k.config); err != nil || !report.OK {
				t.Errorf("the log does not verify: %v", err)
			}
		})
	}
}

// configFile writes a demo configuration on fresh databases and tells its data directory.
func configFile(t *testing.T, engine db.Engine) (file, data string) {
	t.Helper()
	c := Config(t, engine)
	b, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, c.Data
}

// killing is a service that is killed and started again on the same data.
type killing struct {
	t                 *testing.T
	bin, config, data string
	service           *outside.Service
	hr                *outside.Client
}

func (k *killing) start() {
	k.t.Helper()
	s, err := outside.Serve(k.t.Context(), k.bin, k.data, k.config)
	if err != nil {
		k.t.Fatal(err)
	}
	k.service = s
	k.t.Cleanup(s.Kill)
	if k.hr, err = s.SignIn(k.t.Context(), "midori", "hr"); err != nil {
		k.t.Fatal(err)
	}
}

func (k *killing) preview(path, file string) string {
	k.t.Helper()
	at, err := k.hr.Upload(k.t.Context(), path, file)
	if err == nil {
		_, err = k.hr.Await(k.t.Context(), at, "preview")
	}
	if err != nil {
		k.t.Fatal(err)
	}
	return at
}

func (k *killing) confirm(at string) {
	k.t.Helper()
	if r, err := k.hr.Post(k.t.Context(), at+"/confirm", url.Values{}); err != nil || r.StatusCode != http.StatusSeeOther {
		k.t.Fatalf("confirm: %v %v", r, err)
	}
}

func (k *killing) run(path, file string, want int) {
	k.t.Helper()
	at := k.preview(path, file)
	k.confirm(at)
	if s, err := k.hr.Await(k.t.Context(), at, "applied"); err != nil || s.Applied != want {
		k.t.Fatalf("%s: %+v, %v", path, s, err)
	}
}

func (k *killing) state(at string) (s outside.State) {
	k.t.Helper()
	status, b, err := k.hr.GetJSON(k.t.Context(), at)
	if err != nil || status != http.StatusOK {
		k.t.Fatalf("%s: %d %v", at, status, err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		k.t.Fatal(err)
	}
	return s
}

// settled waits until no work on the import is under way: a service that starts again on the same data takes up its
// jobs at once, on both engines, and not only when the lease of the killed process is over, which takes a minute.
func (k *killing) settled(at string) outside.State {
	k.t.Helper()
	for end := time.Now().Add(45 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if s := k.state(at); s.State != "applying" && s.State != "reading" {
			return s
		}
	}
	k.t.Fatal(fmt.Sprint(at, " never settles"))
	return outside.State{}
}
