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

// forMachines tells whether a request is for the protocol of personnel systems, whatever it says it accepts: there every
// answer is the protocol's, and nobody is sent to a page.
func forMachines(r *http.Request) bool {
	return r.URL.Path == "/scim" || strings.HasPrefix(r.URL.Path, "/scim/")
}

// failMachine is an error in the protocol's form. Without a token that holds it says that one is needed.
func failMachine(w http.ResponseWriter, status int, f *fault.Fault) {
	retry(w, f)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`)
	}
	sendSCIM(w, scim.Failure(status, "", f.Code))
}

// machine finds whose token a request bears; when nobody's it has answered.
func (s *server) machine(w http.ResponseWriter, r *http.Request) (scim.Token, bool) {
	token := bearer(r)
	if token == "" {
		failMachine(w, http.StatusUnauthorized, fault.New(fault.Denied, "scim.token"))
		return scim.Token{}, false
	}
	t, err := s.SCIM.Authenticate(r.Context(), token, traceOf(r).addr)
	if err != nil {
		f := faultOf(err)
		status := statusOf(f)
		if f.Kind == fault.Denied {
			status = http.StatusUnauthorized
		}
		failMachine(w, status, f)
		return t, false
	}
	traceOf(r).tenant = t.Tenant
	return t, true
}

// provision answers a personnel system. The session of a browser counts for nothing here, and the token
// counts nowhere else.
func (s *server) provision(w http.ResponseWriter, r *http.Request, row Route) {
	s.bound(w, r, row)
	t, ok := s.machine(w, r)
	if !ok {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		failMachine(w, statusOf(faultOf(err)), faultOf(err))
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
