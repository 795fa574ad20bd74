package kms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
)

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// wrapsAndUnwraps is what every driver promises, with its service rotated in between.
func wrapsAndUnwraps(t *testing.T, r vault.Root, rotate func()) {
	t.Helper()
	ctx := t.Context()
	w, err := r.Wrap(ctx, []byte("tenant key"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := r.Current(ctx)
	if err != nil || r.Of(w) != first {
		t.Errorf("%s wraps, and it says %s: %v", first, r.Of(w), err)
	}
	if got, err := r.Unwrap(ctx, w, []byte("place")); err != nil || string(got) != "tenant key" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.Unwrap(ctx, w, []byte("elsewhere")); err == nil {
		t.Error("unwraps in another place")
	}
	for _, i := range []int{0, 6, len(w) / 2, len(w) - 1} {
		bad := append([]byte(nil), w...)
		bad[i] ^= 1
		if _, err := r.Unwrap(ctx, bad, []byte("place")); err == nil {
			t.Errorf("unwraps with byte %d changed", i)
		}
	}
	for _, bad := range [][]byte{nil, []byte("x"), w[:9]} {
		if _, err := r.Unwrap(ctx, bad, []byte("place")); err == nil {
			t.Errorf("unwraps %q", bad)
		}
	}
	rotate()
	now, err := r.Current(ctx)
	if err != nil || now == first {
		t.Errorf("after a rotation %s, %v", now, err)
	}
	fresh, err := r.Wrap(ctx, []byte("tenant key"), []byte("place"))
	if err != nil || r.Of(fresh) != now {
		t.Errorf("wraps by %s, %v", r.Of(fresh), err)
	}
	for _, x := range [][]byte{w, fresh} {
		if got, err := r.Unwrap(ctx, x, []byte("place")); err != nil || string(got) != "tenant key" {
			t.Errorf("after a rotation: %q, %v", got, err)
		}
	}
	if made, err := r.(vault.Dated).Made(ctx); err != nil || made.IsZero() {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestAzureWrapsAndUnwraps(t *testing.T) {
	d := newAzure(t)
	wrapsAndUnwraps(t, d.root(), d.rotate)
	if d.bare != 1 {
		t.Errorf("%d calls without a token; the challenge is asked for once", d.bare)
	}
	if want := "POST /keys/root/" + d.versions[0] + "/wrapkey"; d.asked[0] != "GET /keys/root/" || !slices.Contains(d.asked, want) {
		t.Errorf("asked %q", d.asked)
	}
}

// TestAzureTokensGoNowhereElse: a challenge that asks for a token of another resource is not followed.
func TestAzureTokensGoNowhereElse(t *testing.T) {
	d := newAzure(t)
	d.resource = "https://vault.evil.example"
	if _, err := d.root().Wrap(t.Context(), []byte("k"), nil); code(err) != "vault.kms_denied" {
		t.Errorf("a challenge of another resource: %v", err)
	}
}

// TestAzureTokensAreChecked: what the service does not take is denied, whatever is wrong with it, and no lost key.
func TestAzureTokensAreChecked(t *testing.T) {
	d := newAzure(t)
	w, err := d.root().Wrap(t.Context(), []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	good := mint(d.resource, azureTenant, time.Now().Add(time.Hour))
	for what, token := range map[string]func() (string, error){
		"run out": func() (string, error) { return mint(d.resource, azureTenant, time.Now().Add(-time.Minute)), nil },
		"another's": func() (string, error) {
			return mint("https://storage.azure.com", azureTenant, time.Now().Add(time.Hour)), nil
		},
		"of another tenant": func() (string, error) { return mint(d.resource, "2", time.Now().Add(time.Hour)), nil },
		"changed":           func() (string, error) { return "x" + good, nil },
		"none":              func() (string, error) { return "", errors.New("no managed identity is there") },
	} {
		if _, err := d.as(staticCred{t, token}).Unwrap(t.Context(), w, nil); code(err) != "vault.kms_denied" || strings.Contains(err.Error(), good) {
			t.Errorf("a token %s: %v", what, err)
		}
	}
	d.alien = true
	if _, err := d.root().Unwrap(t.Context(), w, nil); code(err) != "vault.kms_denied" {
		t.Errorf("without a right to keys: %v", err)
	}
}

// TestAzureKeysThatWillNotDo: nothing is wrapped by a version that could not unwrap, or should not wrap any more.
func TestAzureKeysThatWillNotDo(t *testing.T) {
	d := newAzure(t)
	r, ctx := d.root(), t.Context()
	w, err := r.Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.expires = time.Now().Add(-time.Hour).Unix()
	if _, err := r.Wrap(ctx, []byte("k"), nil); code(err) != "vault.kms_missing" {
		t.Errorf("wrapped by a version that has expired: %v", err)
	}
	if got, err := r.Unwrap(ctx, w, nil); err != nil || string(got) != "k" {
		t.Errorf("an expired version still unwraps: %v", err)
	}
	d.expires, d.off = 0, true
	if _, err := r.Wrap(ctx, []byte("k"), nil); code(err) != "vault.kms_missing" {
		t.Errorf("wrapped by a disabled version: %v", err)
	}
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_missing" {
		t.Errorf("unwrapped by a disabled version: %v", err)
	}
	d.off, d.export = false, true
	if _, err := r.Wrap(ctx, []byte("k"), nil); code(err) != "vault.kms_exportable" {
		t.Errorf("wrapped by a key that may leave: %v", err)
	}
	d.export = false
	if _, err := r.Unwrap(ctx, []byte(strings.Replace(string(w), d.versions[0], strings.Repeat("f", 32), 1)), nil); code(err) != "vault.kms_missing" {
		t.Errorf("a version that is not there: %v", err)
	}
}

func TestAzureErrorsAreToldApart(t *testing.T) {
	d := newAzure(t)
	r := d.root()
	w, err := r.Wrap(t.Context(), []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		statuses []int
		want     string
	}{
		{[]int{403}, "vault.kms_denied"}, {[]int{404}, "vault.kms_missing"},
		{[]int{429, 503}, ""}, {[]int{500}, ""}, // tried again, and fine
		{[]int{503, 503, 503, 503}, "vault.kms_away"}, {[]int{429, 429, 429, 429}, "vault.kms_away"},
	} {
		d.fail("", c.statuses...)
		_, err := r.Unwrap(t.Context(), w, nil)
		if code(err) != c.want {
			t.Errorf("%v: %v, want %q", c.statuses, err, c.want)
		}
		if err != nil && strings.Contains(fault.Of(err).Error(), "Bearer") {
			t.Error("the token stands in an error")
		}
		d.fail("")
	}
	d.fail("1", 429)
	began := time.Now()
	if _, err := r.Unwrap(t.Context(), w, nil); err != nil || time.Since(began) < time.Second {
		t.Errorf("Retry-After was not waited for: %v after %v", err, time.Since(began))
	}
	d.export = true
	if _, err := r.Current(t.Context()); code(err) != "vault.kms_exportable" {
		t.Errorf("a key that may be exported: %v", err)
	}
	d.server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_away" {
		t.Errorf("without a server: %v", err)
	}
}

func TestAzureOptionsAreChecked(t *testing.T) {
	good := AzureOptions{Vault: "https://a.vault.azure.net", Key: "root", Algorithm: AES}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, o := range map[string]AzureOptions{
		"plain":    {Vault: "http://a.vault.azure.net", Key: "root", Algorithm: RSA},
		"path":     {Vault: "https://a.vault.azure.net/keys", Key: "root", Algorithm: RSA},
		"no key":   {Vault: "https://a.vault.azure.net", Algorithm: RSA},
		"RSA-OAEP": {Vault: "https://a.vault.azure.net", Key: "root", Algorithm: "RSA-OAEP"},
	} {
		if o.Check() == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := Azure(o); err == nil {
			t.Errorf("%s: bound", name)
		}
	}
	for _, o := range []AzureOptions{good, {Vault: good.Vault, Key: "root", Algorithm: RSA, ClientID: "id"}, {Vault: good.Vault, Key: "root", Algorithm: RSA, TenantID: "11111111-1111-1111-1111-111111111111", ClientID: "id", Secret: "s"}} {
		if _, err := Azure(o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	var _ azcore.TokenCredential = (*azidentity.ManagedIdentityCredential)(nil)
}
