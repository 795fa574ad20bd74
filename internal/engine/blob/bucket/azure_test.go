package bucket_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/blob/bucket"
)

// account answers like Azure Blob Storage for one container: what the REST reference says of Put Blob, Get Blob, Get
// Blob Properties, Delete Blob, List Blobs and Set Blob Immutability Policy, with its error codes.
type account struct {
	mu    sync.Mutex
	blobs map[string]*azureBlob
	bad   []string // what a real account would have refused
	locks bool     // version-level immutability is enabled on the container
}

type azureBlob struct {
	content []byte
	until   time.Time
	mode    string
}

func (a *account) refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "SharedKey acct:") || r.Header.Get("x-ms-version") == "" || r.Header.Get("x-ms-date") == "" {
		a.bad = append(a.bad, r.Method+" "+r.URL.String())
		a.refuse(w, http.StatusForbidden, "AuthenticationFailed")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/acct/copies/")
	q := r.URL.Query()
	b := a.blobs[name]
	switch {
	case q.Get("comp") == "list":
		a.list(w, q.Get("prefix"))
	case q.Get("comp") == "immutabilityPolicies" && r.Method == http.MethodPut:
		until, err := http.ParseTime(r.Header.Get("x-ms-immutability-policy-until-date"))
		switch {
		case !a.locks:
			a.refuse(w, http.StatusConflict, "FeatureNotSupported")
		case b == nil:
			a.refuse(w, http.StatusNotFound, "BlobNotFound")
		case err != nil:
			a.refuse(w, http.StatusBadRequest, "InvalidHeaderValue")
		default:
			b.until, b.mode = until, r.Header.Get("x-ms-immutability-policy-mode")
		}
	case r.Method == http.MethodPut && q.Get("comp") == "":
		if r.Header.Get("x-ms-blob-type") != "BlockBlob" {
			a.refuse(w, http.StatusBadRequest, "InvalidHeaderValue")
			return
		}
		content, _ := io.ReadAll(r.Body)
		if b != nil && b.until.After(time.Now()) {
			a.refuse(w, http.StatusConflict, "BlobImmutableDueToPolicy")
			return
		}
		a.blobs[name] = &azureBlob{content: content}
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(http.StatusCreated)
	case b == nil:
		a.refuse(w, http.StatusNotFound, "BlobNotFound")
	case r.Method == http.MethodDelete:
		if b.until.After(time.Now()) {
			a.refuse(w, http.StatusConflict, "BlobImmutableDueToPolicy")
			return
		}
		delete(a.blobs, name)
		w.WriteHeader(http.StatusAccepted)
	default: // GET, HEAD
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("x-ms-blob-type", "BlockBlob")
		if b.mode != "" {
			w.Header().Set("x-ms-immutability-policy-until-date", b.until.UTC().Format(http.TimeFormat))
			w.Header().Set("x-ms-immutability-policy-mode", b.mode)
		}
		http.ServeContent(w, r, "", time.Now(), strings.NewReader(string(b.content)))
	}
}

func (a *account) list(w http.ResponseWriter, prefix string) {
	var names []string
	for n := range a.blobs {
		if strings.HasPrefix(n, prefix) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	w.Header().Set("Content-Type", "application/xml")
	fmt.Fprint(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="copies"><Blobs>`)
	for _, n := range names {
		fmt.Fprintf(w, `<Blob><Name>%s</Name><Properties><Last-Modified>%s</Last-Modified><Etag>"1"</Etag><Content-Length>%d</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`,
			n, time.Now().UTC().Format(http.TimeFormat), len(a.blobs[n].content))
	}
	fmt.Fprint(w, `</Blobs><NextMarker/></EnumerationResults>`)
}

func TestAzure(t *testing.T) {
	a := &account{blobs: map[string]*azureBlob{}, locks: true}
	s := httptest.NewServer(a)
	defer s.Close()
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte(base64.StdEncoding.EncodeToString([]byte("0123456789abcdef"))), 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, bucket.Config{URL: "azblob://copies/rk", Endpoint: s.URL + "/acct", CredentialsFile: secret})
	ctx := t.Context()
	if n, err := b.Put(ctx, "sets/a/manifest", strings.NewReader("健診")); err != nil || n != 6 {
		t.Fatalf("%d %v", n, err)
	}
	if got := read(t, b, "sets/a/manifest"); got != "健診" {
		t.Errorf("%q", got)
	}
	if _, err := b.Open(ctx, "sets/none"); !fault.Is(err, fault.Missing) {
		t.Errorf("missing: %v", err)
	}
	if _, err := b.PutLocked(ctx, "sets/b/manifest", strings.NewReader("x"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := a.blobs["rk/sets/b/manifest"]; !strings.EqualFold(got.mode, "Locked") || time.Until(got.until) < 50*time.Minute {
		t.Errorf("the policy that was set: %+v", got)
	}
	if until, err := b.LockedUntil(ctx, "sets/b/manifest"); err != nil || time.Until(until) < 50*time.Minute {
		t.Errorf("%v %v", until, err)
	}
	if err := b.Erase(ctx, "sets/b/manifest"); fault.Of(err) == nil || fault.Of(err).Code != "blob.locked" {
		t.Errorf("%v", err)
	}
	if got, err := b.List(ctx, "sets/"); err != nil || !slices.Equal(got, []string{"sets/a/manifest", "sets/b/manifest"}) {
		t.Errorf("%v %v", got, err)
	}
	if err := b.Erase(ctx, "sets/a/manifest"); err != nil || len(a.blobs) != 1 {
		t.Errorf("%v", err)
	}
	if err := b.Erase(ctx, "sets/a/manifest"); err != nil {
		t.Errorf("twice: %v", err)
	}
	if len(a.bad) > 0 {
		t.Errorf("refused by the account: %v", a.bad)
	}
	// A container that cannot lock is no second place, and says so.
	a.locks = false
	if _, err := b.PutLocked(ctx, "sets/c/manifest", strings.NewReader("x"), time.Now().Add(time.Hour)); fault.Of(err) == nil || fault.Of(err).Code != "blob.no_lock" {
		t.Errorf("%v", err)
	}
}
