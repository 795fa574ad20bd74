package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// deadlines notes what a handler asks of its connection.
type deadlines struct {
	http.ResponseWriter
	read time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(time.Time) error  { return nil }

func TestUploadMovesButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		r := httptest.NewRequest("POST", "/checkups/import", strings.NewReader("abc"))
		begun := time.Now()
		(&server{}).bound(w, r, Route{Upload: true})
		for _, at := range []time.Duration{0, 30 * time.Minute, uploadMost - stall/2} {
			time.Sleep(time.Until(begun.Add(at)))
			if _, err := io.ReadFull(r.Body, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if want := min(at+stall, uploadMost); w.read.Sub(begun) != want {
				t.Errorf("after %v the next byte may take until %v, want %v", at, w.read.Sub(begun), want)
			}
		}
		// Whoever has not signed in does not hold a connection for an hour.
		r = httptest.NewRequest("POST", "/certificates/verify", strings.NewReader("abc"))
		begun = time.Now()
		(&server{}).bound(w, r, Route{Upload: true, Permission: Public})
		time.Sleep(publicMost - time.Second)
		if _, err := io.ReadFull(r.Body, make([]byte, 1)); err != nil || w.read.Sub(begun) != publicMost {
			t.Errorf("a stranger's next byte may take until %v, %v", w.read.Sub(begun), err)
		}
	})
}
