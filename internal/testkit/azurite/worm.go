package azurite

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/engine/blob/bucket"
)

// Worm plays what the emulator lacks, as the service documents it: a container with version-level immutability, and
// with it blob versioning. Every write makes a version; deleting a blob only turns its current version into a
// previous one; versions go one by one; a locked policy is neither removed nor shortened, and holds its version.
// Only what is said of versions is kept here: contents, signatures and everything else are the emulator's.
type Worm struct {
	Config bucket.Config

	mu    sync.Mutex
	made  int
	blobs map[string][]*version // by name in the container; the current one, if any, is the last
	Off   bool                  // the container does not allow policies
	Soft  bool                  // the account keeps for some days what was deleted
}

type version struct {
	id      string
	current bool
	gone    bool // deleted, and kept by Soft
	until   time.Time
	mode    string
}

func (v *version) locked() bool { return v.mode == "locked" && v.until.After(time.Now()) }

// StartWorm puts a Worm before an emulator of its own.
func StartWorm(t testing.TB) *Worm {
	t.Helper()
	w := &Worm{Config: Start(t), blobs: map[string][]*version{}}
	behind, err := url.Parse(w.Config.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	behind.Path = ""
	way := httputil.NewSingleHostReverseProxy(behind)
	way.ModifyResponse = w.answered
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete && r.URL.Query().Get("versionid") != "" {
			w.drop(rw, r) // the emulator would delete the blob itself
			return
		}
		way.ServeHTTP(rw, r)
	}))
	t.Cleanup(s.Close)
	w.Config.Endpoint = s.URL + "/" + name
	return w
}

func blobOf(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/"+name+"/copies/") }

// Versions counts what is left of the blobs under a prefix, whatever its state.
func (w *Worm) Versions(prefix string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for blob, all := range w.blobs {
		if strings.HasPrefix(blob, prefix) {
			n += len(all)
		}
	}
	return n
}

func (w *Worm) current(blob string) *version {
	if v := w.blobs[blob]; len(v) > 0 && v[len(v)-1].current {
		return v[len(v)-1]
	}
	return nil
}

// answered follows what the emulator did, and answers in its place what it does not implement but has let pass.
func (w *Worm) answered(a *http.Response) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, blob := a.Request.URL.Query(), blobOf(a.Request)
	now := w.current(blob)
	switch comp := q.Get("comp"); {
	case comp == "immutabilityPolicies" && a.StatusCode == http.StatusNotImplemented:
		w.policy(a, now)
	case comp == "list" && strings.Contains(q.Get("include"), "versions") && a.StatusCode == http.StatusOK:
		say(a, http.StatusOK, "", w.list(q.Get("prefix")))
	case a.Request.Method == http.MethodPut && (comp == "" || comp == "blocklist") && a.StatusCode == http.StatusCreated:
		if now != nil {
			now.current = false
		}
		w.made++
		w.blobs[blob] = append(w.blobs[blob], &version{id: fmt.Sprintf("2026-01-01T00:00:00.%07dZ", w.made), current: true})
	case a.Request.Method == http.MethodDelete && comp == "" && a.StatusCode == http.StatusAccepted && now != nil:
		now.current = false
	case a.Request.Method == http.MethodHead && now != nil && now.mode != "":
		a.Header.Set("x-ms-immutability-policy-until-date", now.until.UTC().Format(http.TimeFormat))
		a.Header.Set("x-ms-immutability-policy-mode", now.mode)
	}
	return nil
}

func (w *Worm) policy(a *http.Response, v *version) {
	until, err := http.ParseTime(a.Request.Header.Get("x-ms-immutability-policy-until-date"))
	remove := a.Request.Method == http.MethodDelete
	switch {
	case w.Off:
		say(a, http.StatusConflict, "FeatureNotSupported", "")
	case v == nil:
		say(a, http.StatusNotFound, "BlobNotFound", "")
	case remove && v.mode == "locked":
		say(a, http.StatusConflict, "ImmutabilityPolicyDeleteOnLockedPolicy", "")
	case remove:
		v.until, v.mode = time.Time{}, ""
		say(a, http.StatusOK, "", "")
	case err != nil || v.mode == "locked" && until.Before(v.until):
		say(a, http.StatusBadRequest, "InvalidHeaderValue", "")
	default:
		v.until, v.mode = until, strings.ToLower(a.Request.Header.Get("x-ms-immutability-policy-mode"))
		say(a, http.StatusOK, "", "")
	}
}

func (w *Worm) drop(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	blob := blobOf(r)
	n := slices.IndexFunc(w.blobs[blob], func(v *version) bool { return v.id == r.URL.Query().Get("versionid") && !v.gone })
	status, code := http.StatusAccepted, ""
	switch {
	case n < 0:
		status, code = http.StatusNotFound, "BlobNotFound"
	case w.blobs[blob][n].current:
		status, code = http.StatusForbidden, "OperationNotAllowedOnRootBlob"
	case w.blobs[blob][n].locked():
		status, code = http.StatusConflict, "BlobImmutableDueToPolicy"
	case w.Soft:
		w.blobs[blob][n].gone = true
	default:
		w.blobs[blob] = slices.Delete(w.blobs[blob], n, n+1)
	}
	rw.Header().Set("x-ms-error-code", code)
	rw.WriteHeader(status)
}

func (w *Worm) list(prefix string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="copies"><Blobs>`)
	for blob, all := range w.blobs {
		for _, v := range all {
			if strings.HasPrefix(blob, prefix) {
				fmt.Fprintf(&b, `<Blob><Name>%s</Name><VersionId>%s</VersionId><IsCurrentVersion>%t</IsCurrentVersion><Deleted>%t</Deleted><Properties/></Blob>`, blob, v.id, v.current, v.gone)
			}
		}
	}
	b.WriteString(`</Blobs><NextMarker/></EnumerationResults>`)
	return b.String()
}

// say puts an answer in the place of the emulator's.
func say(a *http.Response, status int, code, body string) {
	_ = a.Body.Close()
	if code != "" {
		body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>` + code + `</Code><Message>no</Message></Error>`
	}
	a.StatusCode, a.Status = status, ""
	a.Header = http.Header{"Content-Type": {"application/xml"}, "X-Ms-Error-Code": {code}, "Content-Length": {fmt.Sprint(len(body))}}
	a.Body, a.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}
