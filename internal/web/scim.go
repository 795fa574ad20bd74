package web

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity/scim"
)

// bearer is the token of a machine; no browser sends one by itself.
func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// provision answers a personnel system. The session of a browser counts for nothing here, and the token
// counts nowhere else.
func (s *server) provision(w http.ResponseWriter, r *http.Request, row Route) {
	s.bound(w, r, row)
	t, err := s.SCIM.Authenticate(r.Context(), bearer(r), traceOf(r).addr)
	if err != nil {
		f := faultOf(err)
		retry(w, f)
		status := statusOf(f)
		if f.Kind == fault.Denied {
			status = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
		}
		sendSCIM(w, scim.Failure(status, "", f.Code))
		return
	}
	traceOf(r).tenant = t.Tenant
	body, err := io.ReadAll(r.Body)
	if err != nil {
		sendSCIM(w, scim.Failure(statusOf(faultOf(err)), "", faultOf(err).Code))
		return
	}
	_, path, _ := strings.Cut(row.Pattern, " ")
	resource, _, _ := strings.Cut(strings.TrimPrefix(path, scim.Path+"/"), "/")
	sendSCIM(w, s.SCIM.Serve(r.Context(), t, scim.Request{
		Method: r.Method, Resource: resource, ID: r.PathValue("id"), Query: r.URL.Query(), Body: body,
		IfMatch: r.Header.Get("If-Match"), IfNone: r.Header.Get("If-None-Match"), Base: base(r), Addr: traceOf(r).addr, Request: traceOf(r).id,
	}))
}

func sendSCIM(w http.ResponseWriter, out scim.Response) {
	if out.ETag != "" {
		w.Header().Set("ETag", out.ETag)
	}
	if out.Location != "" {
		w.Header().Set("Location", out.Location)
	}
	if out.Body == nil {
		w.WriteHeader(out.Status)
		return
	}
	b, err := json.Marshal(out.Body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(out.Status)
	_, _ = w.Write(b)
}

// provisionOnly is reached by nobody: without a token the gate has refused.
func (s *server) provisionOnly(http.ResponseWriter, *http.Request, *Visitor) error {
	return fault.New(fault.Denied, "scim.token")
}
