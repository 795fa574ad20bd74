package outside

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	var all Times
	for i := range 100 {
		all = append(all, time.Duration(100-i)*time.Millisecond)
	}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.95: 96, 1: 100} {
		if got := all.At(share); got != want*time.Millisecond {
			t.Errorf("At(%v) = %v, want %d ms", share, got, want)
		}
	}
	if (Times{}).At(0.5) != 0 {
		t.Error("nothing took time")
	}
}

func TestUploadAndAwait(t *testing.T) {
	states := []string{`{"state":"reading"}`, `{"state":"preview","rows":3}`, `{"state":"failed"}`}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
		f, h, err := r.FormFile("file")
		if err != nil || h.Size == 0 || r.Header.Get("Origin") == "" {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		_ = f.Close()
		http.Redirect(w, r, "/imports/1", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /imports/1", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept"), "json") {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(states[0]))
		states = states[1:]
	})
	s := httptest.NewTLSServer(mux)
	defer s.Close()
	c := NewClient(s.URL)
	at, err := c.Upload(t.Context(), "/in", "client.go")
	if err != nil || at != "/imports/1" {
		t.Fatalf("%q, %v", at, err)
	}
	if got, err := c.Await(t.Context(), at, "preview"); err != nil || got.Rows != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.Await(t.Context(), at, "applied"); err == nil {
		t.Error("a failed import was awaited for good")
	}
}
