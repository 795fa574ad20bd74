package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// trace joins the log lines of one request and learns on the way who made it.
type trace struct {
	id     string
	addr   string
	route  string
	tenant ids.Tenant
	who    ids.Account
	status int
	bytes  int64
}

type traceKey struct{}

func traceOf(r *http.Request) *trace {
	if t, ok := r.Context().Value(traceKey{}).(*trace); ok {
		return t
	}
	return &trace{}
}

// recorder notes status and size; Unwrap lets http.ResponseController reach the connection.
type recorder struct {
	http.ResponseWriter
	t *trace
}

func (w *recorder) WriteHeader(code int) {
	if w.t.status == 0 {
		w.t.status = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.t.status == 0 {
		w.t.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.t.bytes += int64(n)
	return n, err
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// frame is the outermost layer: request id, security headers, panic recovery, access log.
func (s *server) frame(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		t := &trace{id: ids.New[string](), addr: host}
		r = r.WithContext(context.WithValue(r.Context(), traceKey{}, t))
		rec := &recorder{w, t}
		headers(w.Header(), t.id)
		defer s.access(r, t, start)
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.Log.Error("panic", "request", t.id, "route", t.route, "what", fmt.Sprint(v), "stack", string(debug.Stack()))
			if t.status == 0 {
				s.fail(rec, r, nil, fault.New(fault.Internal, "internal"))
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// access writes one line a request: no query, no form, no name, no path values.
func (s *server) access(r *http.Request, t *trace, start time.Time) {
	level := slog.LevelInfo
	if t.status >= 500 {
		level = slog.LevelError
	}
	route := t.route
	if route == "" {
		route = "none"
	}
	s.Log.Log(r.Context(), level, "request", "request", t.id, "method", r.Method, "route", route, "status", t.status,
		"bytes", t.bytes, "took", time.Since(start).Round(time.Microsecond).String(), "tenant", string(t.tenant), "account", string(t.who), "addr", t.addr)
}

// policy is the content security policy: own files only, nothing inline, no frames.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func headers(h http.Header, request string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=(), browsing-topics=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Request-Id", request)
}

// sameOrigin refuses state-changing requests that another site made the browser send.
func (s *server) sameOrigin(next http.Handler) http.Handler {
	p := http.NewCrossOriginProtection()
	for _, row := range s.routes {
		if row.CrossSite {
			p.AddInsecureBypassPattern(row.Pattern)
		}
	}
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, nil, fault.New(fault.Denied, "web.cross_origin"))
	}))
	return p.Handler(next)
}

// unmatched answers what no row of the route table covers in the words of the service.
func (s *server) unmatched(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		if forMachines(r) {
			if _, ok := s.machine(w, r); !ok {
				return
			}
		}
		probe := &discard{h: http.Header{}}
		h, _ := mux.Handler(r)
		h.ServeHTTP(probe, r)
		if allow := probe.h.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			s.failStatus(w, r, nil, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "web.method"))
			return
		}
		if loc := probe.h.Get("Location"); loc != "" {
			http.Redirect(w, r, loc, http.StatusPermanentRedirect)
			return
		}
		s.fail(w, r, nil, fault.New(fault.Missing, "web.not_found"))
	})
}

// discard learns what the mux would have answered.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
