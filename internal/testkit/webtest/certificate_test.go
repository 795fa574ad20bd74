package webtest

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/app"
	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/cli"
	"rakudos/internal/engine/probe"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/testkit/testdb"
)

// issued makes a certificate on the running service and gives the file that is handed out.
func issued(t *testing.T, h *House) (string, []byte) {
	t.Helper()
	end := time.Now().Add(-time.Second)
	at := certificate.At(end)
	who := actor.System(ids.System, "test")
	e, err := h.Certificates.Issue(t.Context(), who, "test/1", certificate.Body{
		Stage: certificate.Primary, Of: certificate.OfTenant, Basis: "解約",
		Tenant: certificate.Party{ID: string(ids.New[ids.Tenant]()), Name: "試験株式会社", Contract: "shiken"},
		Scope:  []certificate.Store{{Name: "main.person", Kind: "表", Count: 3, Category: "purge", Technique: "鍵の廃棄"}},
		Keys:   []certificate.Key{{ID: "tenant", Kind: certificate.OfTenant, Count: 1, Destroyed: at, Receipt: "00"}}, Started: at, Finished: at,
		Verification: certificate.Verification{Method: "走査", Sample: 3, Result: "pass"},
		Approvers:    []certificate.Who{certificate.Approver("a"), certificate.Approver("b")},
		Backups:      certificate.BackupState{UnreadableSince: at, LastExpiry: jst.Of(jst.BackupExpiry(end)).String()}, Policy: "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		f, err := h.Certificates.File(t.Context(), who, e.ID)
		if err == nil {
			b, err := f.Encode()
			if err != nil {
				t.Fatal(err)
			}
			return e.ID, b
		}
		if !fault.Is(err, fault.Busy) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the certificate is never proven")
	return "", nil
}

// sent uploads a file to the public page of verification.
func sent(t *testing.T, c *probe.Client, field string, content []byte) *probe.Page {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	var err error
	if field == "file" {
		w, e := m.CreateFormFile("file", "certificate.json")
		if err = e; err == nil {
			_, err = w.Write(content)
		}
	} else {
		err = m.WriteField(field, string(content))
	}
	if err != nil || m.Close() != nil {
		t.Fatal(err)
	}
	req, err := c.Request(t.Context(), http.MethodPost, "/certificates/verify", &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	p, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestACertificateVerifiesElsewhere: the public page, and the command line on a machine that has nothing but
// the file and the published key. Then the register of the stopped service gives the same bytes.
func TestACertificateVerifiesElsewhere(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			id, file := issued(t, h)
			c := h.Site().New()
			defer c.Close()
			key, err := c.Get(t.Context(), "/certificates/key")
			if err != nil || key.Status != http.StatusOK || !strings.Contains(key.Header.Get("Content-Type"), "text/plain") {
				t.Fatalf("the key: %v, %v", key, err)
			}
			flipped := bytes.Clone(file)
			flipped[len(flipped)/3] ^= 1
			for _, field := range []string{"file", "text"} {
				if p := sent(t, c, field, file); p.Status != http.StatusOK || !strings.Contains(string(p.Body), "本物です") || !strings.Contains(string(p.Body), "試験株式会社") {
					t.Errorf("%s: %d: %.300s", field, p.Status, p.Body)
				}
				if p := sent(t, c, field, flipped); p.Status != http.StatusOK || !strings.Contains(string(p.Body), "検証できません") || strings.Contains(string(p.Body), "本物です") {
					t.Errorf("a flipped bit, %s: %d: %.300s", field, p.Status, p.Body)
				}
			}
			if p := sent(t, c, "text", nil); p.Status != http.StatusUnprocessableEntity {
				t.Errorf("nothing sent: %d", p.Status)
			}
			if p := sent(t, c, "file", bytes.Repeat([]byte("x"), certificate.MaxFile+64<<10)); p.Status != http.StatusRequestEntityTooLarge {
				t.Errorf("too much sent: %d", p.Status)
			}
			dir := t.TempDir()
			write := func(name string, b []byte) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			good, bad, keys := write("certificate.json", file), write("flipped.json", flipped), write("key.txt", key.Body)
			run := func(args ...string) (int, string) {
				var out bytes.Buffer
				code := cli.Main(cli.Process{Args: args, In: strings.NewReader(""), Out: &out, Err: &out}, cli.House{})
				return code, out.String()
			}
			for _, c := range []struct {
				code int
				says string
				args []string
			}{
				{cli.Done, "本物です", []string{good, "--key", keys}},
				{cli.Done, `"ok": true`, []string{"--key", keys, "--json", good}},
				{cli.Done, "本物です", []string{good, "--key", keys, "--log-key", keys}},
				{cli.Failed, "certificate.signature", []string{bad, "--key", keys, "--json"}},
				{cli.Failed, "cli.file", []string{good + "x", "--key", keys}},
				{cli.Failed, "certificate.keys", []string{good, "--key", good}},
				{cli.Usage, "--key", []string{good}},
				{cli.Usage, "証明書.json", []string{"--key", keys}},
			} {
				if code, out := run(append([]string{"certificate", "verify"}, c.args...)...); code != c.code || !strings.Contains(out, c.says) {
					t.Errorf("%v: code %d, want %d with %q:\n%s", c.args, code, c.code, c.says, out)
				}
			}
			h.Stop()
			offline(t, h, id, file)
		})
	}
}

// offline reads the register of the stopped service through the command line's house.
func offline(t *testing.T, h *House, id string, file []byte) {
	t.Helper()
	house := app.House().Certificates
	o := cli.Options{Data: h.Dir}
	if h.Config.Database.Engine == "postgres" {
		return // its secrets are files of this test; the verbs are the same
	}
	ctx := context.WithoutCancel(t.Context())
	all, err := house.List(ctx, o)
	if err != nil || len(all) != 1 || all[0].ID != id {
		t.Errorf("the register: %+v, %v", all, err)
	}
	f, err := house.Show(ctx, o, id)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := f.Encode(); err != nil || !bytes.Equal(b, file) {
		t.Errorf("the register shows another file: %v", err)
	}
	public, err := house.RotateKey(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := house.Keys(ctx, o)
	if err != nil || len(keys.Keys) != 2 || keys.Keys[1].Key != public || !certificate.Verify(file, keys).OK {
		t.Errorf("after a rotation: %+v, %v", keys, err)
	}
}
