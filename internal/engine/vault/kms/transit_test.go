package kms

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/transit"
)

// unexplained is what is neither away nor refused: a value that does not open.
const unexplained = "internal"

// bound is a driver with a mount, a key and a token of least privilege of its own.
func bound(t *testing.T, s *transit.Service) TransitOptions {
	t.Helper()
	mount, key := s.Mount(t)
	return TransitOptions{Address: s.Address, Mount: mount, Key: key, CAFile: s.CAFile, TokenFile: s.File(t, "token", s.Token(t, transit.Least(mount, key), "1h")+"\n"), delay: time.Millisecond}
}

func driver(t *testing.T, o TransitOptions) vault.Root {
	t.Helper()
	r, err := Transit(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestTransit is one suite against the double and every real server that there is.
func TestTransit(t *testing.T) {
	transit.Each(t, func(t *testing.T, s *transit.Service) {
		for name, test := range map[string]func(*testing.T, *transit.Service){
			"wraps and unwraps": wraps, "versions": versions, "tokens": tokens, "keys that will not do": keysThatWillNotDo,
			"deleted": deleted, "no mount": noMount, "namespace": namespace, "certificate": certificate, "slow": slow, "standing by": standingBy, "speed": speed,
		} {
			t.Run(name, func(t *testing.T) { test(t, s) })
		}
		t.Run("sealed", func(t *testing.T) { sealed(t, s) })
	})
}

func wraps(t *testing.T, s *transit.Service) {
	o := bound(t, s)
	wrapsAndUnwraps(t, driver(t, o), func() { s.Do(t, "POST", o.Mount+"/keys/"+o.Key+"/rotate", nil) })
}

// versions: what an old version wrapped opens until those who run the service forbid it; what was wrapped anew before
// that opens after it.
func versions(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	r := driver(t, o)
	old, err := r.Wrap(ctx, []byte("tenant key"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	s.Do(t, "POST", o.Mount+"/keys/"+o.Key+"/rotate", nil)
	plain, err := r.Unwrap(ctx, old, []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.Wrap(ctx, plain, []byte("place"))
	if err != nil || r.Of(old) == r.Of(fresh) {
		t.Fatalf("%s, then %s: %v", r.Of(old), r.Of(fresh), err)
	}
	s.Do(t, "POST", o.Mount+"/keys/"+o.Key+"/config", map[string]any{"min_decryption_version": 2})
	if _, err := r.Unwrap(ctx, old, []byte("place")); code(err) != "vault.kms_version" {
		t.Errorf("by a version that may no longer open: %v", err)
	}
	if got, err := r.Unwrap(ctx, fresh, []byte("place")); err != nil || string(got) != "tenant key" {
		t.Errorf("wrapped anew: %q %v", got, err)
	}
	if made, err := r.(vault.Dated).Made(ctx); err != nil || time.Since(made) > time.Hour {
		t.Errorf("made %v %v", made, err)
	}
	ahead := []byte(strings.Replace(string(fresh), "vault:v2:", "vault:v7:", 1))
	if _, err := r.Unwrap(ctx, ahead, []byte("place")); code(err) != "vault.kms_version" {
		t.Errorf("by a version that the service never had: %v", err)
	}
	for _, text := range []string{"vault:v0:" + strings.SplitN(string(fresh), ":", 3)[2], "vault:v2:!!", "vault:v2:AAAA", "vault:v2:"} {
		if _, err := r.Unwrap(ctx, []byte(transitMagic+text), []byte("place")); code(err) != unexplained {
			t.Errorf("%.12s: %v", text, err)
		}
	}
}

// tokens: the file is read at each call; one without rights, one that has run out and one that was revoked are denied,
// tried once, and stand in no error.
func tokens(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	r := driver(t, o)
	w, err := r.Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(o.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	put := func(token string) {
		t.Helper()
		if err := os.WriteFile(o.TokenFile, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	short := s.Token(t, transit.Least(o.Mount, o.Key), "1s")
	put(short)
	if _, err := r.Unwrap(ctx, w, nil); err != nil {
		t.Errorf("a short token, in its time: %v", err)
	}
	revoked := s.Token(t, transit.Least(o.Mount, o.Key), "1h")
	s.Do(t, "POST", "auth/token/revoke", map[string]any{"token": revoked})
	time.Sleep(1500 * time.Millisecond)
	for what, token := range map[string]string{"without rights": s.Token(t, transit.Least("elsewhere", o.Key), "1h"), "of another key": s.Token(t, transit.Least(o.Mount, "other"), "1h"),
		"after its time": short, "revoked": revoked, "of nobody": "s.nobody", "empty": ""} {
		put(token)
		_, err1 := r.Unwrap(ctx, w, nil)
		_, err2 := r.Wrap(ctx, []byte("k"), nil)
		_, err3 := r.Current(ctx)
		for _, err := range []error{err1, err2, err3} {
			if code(err) != "vault.kms_denied" || token != "" && strings.Contains(err.Error(), token) {
				t.Errorf("a token %s: %v", what, err)
			}
		}
	}
	if err := os.Remove(o.TokenFile); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_denied" {
		t.Errorf("without the file: %v", err)
	}
	put(string(good)) // an agent has renewed it
	if got, err := r.Unwrap(ctx, w, nil); err != nil || string(got) != "k" {
		t.Errorf("renewed: %v", err)
	}
	// What the least policy does not hold, the service itself denies.
	for _, path := range []string{"/keys/" + o.Key + "/rotate", "/keys/" + o.Key + "/config", "/export/encryption-key/" + o.Key} {
		q, err := http.NewRequest("POST", s.Address+"/v1/"+o.Mount+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("X-Vault-Token", strings.TrimSpace(string(good)))
		a, err := r.(*transitEngine).http.Do(q)
		if err != nil || a.StatusCode != http.StatusForbidden {
			t.Errorf("the service's token may %s: %v %v", path, a, err)
		}
	}
}

func keysThatWillNotDo(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	for name, c := range map[string]struct {
		key, config map[string]any
		want        string
	}{
		"exportable": {map[string]any{"type": "aes256-gcm96"}, map[string]any{"exportable": true}, "vault.kms_exportable"},
		"backup":     {map[string]any{"type": "aes256-gcm96"}, map[string]any{"allow_plaintext_backup": true}, "vault.kms_exportable"},
		"rsa":        {map[string]any{"type": "rsa-2048"}, nil, "vault.kms_type"},
	} {
		s.Do(t, "POST", o.Mount+"/keys/"+name, c.key)
		if c.config != nil {
			s.Do(t, "POST", o.Mount+"/keys/"+name+"/config", c.config)
		}
		o.Key, o.TokenFile = name, s.File(t, "token", s.Token(t, transit.Least(o.Mount, name), "1h"))
		r := driver(t, o)
		_, err1 := r.Current(ctx)
		_, err2 := r.Wrap(ctx, []byte("k"), []byte("place"))
		if code(err1) != c.want || code(err2) != c.want {
			t.Errorf("%s: %v, %v", name, err1, err2)
		}
	}
}

// deleted: a key that was deleted is missing, whatever is asked of it, and none is made in its place, not by a token
// that could.
func deleted(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	r := driver(t, o)
	w, err := r.Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Do(t, "POST", o.Mount+"/keys/"+o.Key+"/config", map[string]any{"deletion_allowed": true})
	s.Do(t, "DELETE", o.Mount+"/keys/"+o.Key, nil)
	wide := strings.ReplaceAll(transit.Least(o.Mount, o.Key), `"update"`, `"create","update"`)
	for range 2 {
		_, err1 := r.Unwrap(ctx, w, nil)
		_, err2 := r.Wrap(ctx, []byte("k"), nil)
		_, err3 := r.Current(ctx)
		for _, err := range []error{err1, err2, err3} {
			if code(err) != "vault.kms_missing" {
				t.Errorf("%v", err)
			}
		}
		if err := os.WriteFile(o.TokenFile, []byte(s.Token(t, wide, "1h")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Made anew under the same name, it opens nothing of the old one's.
	s.Do(t, "POST", o.Mount+"/keys/"+o.Key, map[string]any{"type": "aes256-gcm96"})
	if _, err := r.Unwrap(ctx, w, nil); code(err) != unexplained {
		t.Errorf("another key of the same name: %v", err)
	}
}

func noMount(t *testing.T, s *transit.Service) {
	o, ctx := bound(t, s), t.Context()
	r := driver(t, o)
	w, err := r.Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Do(t, "DELETE", "sys/mounts/"+o.Mount, nil)
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_missing" {
		t.Errorf("%v", err)
	}
	if _, err := r.Wrap(ctx, []byte("k"), nil); code(err) != "vault.kms_missing" {
		t.Errorf("%v", err)
	}
}
