package browser

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// house is a page with known faults: an image without words, pale text, a script against the policy.
func house(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="ja"><title>試験</title><main><h1>見出し</h1><img src="/none.png">
<form method="post" action="/go" enctype="multipart/form-data"><label>名前 <input name="name" value="前"></label><label>ファイル <input type="file" name="file"></label><button>送る</button></form></main><script>document.title='broken'</script>`)
	})
	mux.HandleFunc("POST /go", func(w http.ResponseWriter, r *http.Request) {
		f, h, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b, _ := io.ReadAll(f)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><html lang="ja"><title>結果</title><main><h1>`+r.FormValue("name")+" "+h.Filename+" "+string(b)+`</h1></main>`)
	})
	s := httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestLikeAPerson(t *testing.T) {
	s, p := house(t), Start(t)
	p.Size(1280, 800)
	p.Open(s.URL + "/")
	if found := p.Axe(); len(found) != 1 || found[0].ID != "image-alt" {
		t.Errorf("axe found %v, want exactly the image without words", found)
	}
	if problems := strings.Join(p.Problems(), "\n"); !strings.Contains(problems, "Content Security Policy") {
		t.Errorf("the violated policy was not noticed: %s", problems)
	}
	file := filepath.Join(t.TempDir(), "f.txt")
	if err := os.WriteFile(file, []byte("中身"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Type("input[name=name]", "後")
	p.Choose("input[name=file]", file)
	p.Follow("button")
	p.AwaitText("後 f.txt 中身")
	p.Screenshot(filepath.Join(t.TempDir(), "shot.png"), 600)
	if q := p.Tab(true); q.URL() == p.URL() {
		t.Error("a new tab shows the old page")
	}
}
