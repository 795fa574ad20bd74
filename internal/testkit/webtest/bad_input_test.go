package webtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/testkit/outside"
	"rakudos/internal/testkit/samples"
	"rakudos/internal/testkit/testdb"
)

// header is a good first line of a check-up file.
const header = "社員番号,氏名,カナ氏名,性別,生年月日,健診日,収縮期血圧,拡張期血圧\n"

// badFiles end with a clear message, and nothing of them stays.
var badFiles = map[string]func() []byte{
	"nothing":        func() []byte { return nil },
	"a header alone": func() []byte { return []byte(header) },
	"a picture": func() []byte {
		return append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), bytes.Repeat([]byte{0, 255, 3}, 2000)...)
	},
	"no encoding known": func() []byte { return bytes.Repeat([]byte{0x81, 0xff, 0xfe, 0x80, ',', '\n'}, 500) },
	"another table":     func() []byte { return []byte("商品,価格\nりんご,100\n") },
	"a column twice": func() []byte {
		return []byte("社員番号,社員番号,健診日,収縮期血圧\nM0001,M0001,2026/4/1,120\n")
	},
	"a broken quote in line 70,001": func() []byte {
		var b bytes.Buffer
		b.WriteString(header)
		for n := 2; n <= 70_000; n++ {
			fmt.Fprintf(&b, "X%d,,,,,2026/4/1,120,80\n", n)
		}
		b.WriteString("X70001,\"誰か\"さん,,,,2026/4/1,120,80\n")
		return b.Bytes()
	},
}

func TestBadFilesLeaveNothingBehind(t *testing.T) {
	files := t.TempDir()
	if _, err := samples.Write(files, samples.Options{People: 30, Seed: 1, Clean: true, Share: 1}); err != nil {
		t.Fatal(err)
	}
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			s := &outside.Service{Data: h.Dir, Base: h.URL}
			hr, err := s.SignIn(t.Context(), "midori", "hr")
			if err != nil {
				t.Fatal(err)
			}
			nurse, err := s.SignIn(t.Context(), "midori", "nurse")
			if err != nil {
				t.Fatal(err)
			}
			before := export(t, nurse)
			for name, content := range badFiles {
				refusedWhole(t, hr, name, content())
			}
			tooLarge(t, hr)
			cutOff(t, hr)
			if after := export(t, nurse); !bytes.Equal(before, after) {
				t.Error("the list of results changed")
			}
			at, err := hr.Upload(t.Context(), "/people/import", filepath.Join(files, samples.Roster))
			if err == nil {
				_, err = hr.Await(t.Context(), at, "preview")
			}
			if err != nil {
				t.Errorf("a good file after all the bad ones: %v", err)
			}
		})
	}
}

// export is the whole list as a file.
func export(t *testing.T, c *outside.Client) []byte {
	t.Helper()
	status, b, err := c.Get(t.Context(), "/checkups.csv?year=2026")
	if err != nil || status != http.StatusOK || bytes.Count(b, []byte("\n")) < 50 {
		t.Fatalf("export: %d %v, %d bytes", status, err, len(b))
	}
	return b
}

// refusedWhole uploads a file and wants a refusal in words, at once or after reading.
func refusedWhole(t *testing.T, c *outside.Client, name string, content []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	at, err := c.Upload(t.Context(), "/checkups/import", file)
	var refused *outside.Refused
	if errors.As(err, &refused) {
		if refused.Status >= 500 || !strings.Contains(refused.Body, "class=\"wrong\"") && !strings.Contains(refused.Body, "エラー") {
			t.Errorf("%s: refused with %d and no words: %.300s", name, refused.Status, refused.Body)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		status, b, err := c.GetJSON(t.Context(), at)
		var s struct {
			outside.State
			Failure struct{ Code, Message string }
		}
		if err != nil || status != http.StatusOK || json.Unmarshal(b, &s) != nil {
			t.Fatalf("%s: %d %v", name, status, err)
		}
		switch s.State.State {
		case "failed":
			if s.Failure.Code == "" && !bytes.Contains(b, []byte(`"message"`)) {
				t.Errorf("%s failed without words: %s", name, b)
			}
			return
		case "preview":
			if s.Accepted != 0 {
				t.Errorf("%s: %d lines would be taken in", name, s.Accepted)
			}
			return
		}
	}
	t.Errorf("%s is never done with", name)
}

// tooLarge announces 2 GiB: refused before they are sent.
func tooLarge(t *testing.T, c *outside.Client) {
	t.Helper()
	start := time.Now()
	status, err := c.Announce(t.Context(), "/checkups/import", 2<<30)
	if err != nil || status != http.StatusRequestEntityTooLarge {
		t.Errorf("2 GiB: %d %v, want 413", status, err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("2 GiB were refused after %v", took)
	}
}

// cutOff drops the connection in the middle of an upload.
func cutOff(t *testing.T, c *outside.Client) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("file", "cut.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, header+strings.Repeat("M0001,,,,,2026/4/1,120,80\n", 3000))
	cut := errors.New("the cable was pulled")
	if err := c.Break(t.Context(), "/checkups/import", m.FormDataContentType(), io.MultiReader(&b, broken{cut})); !errors.Is(err, cut) {
		t.Errorf("the broken upload ended with %v", err)
	}
	status, list, err := c.Get(t.Context(), "/imports")
	if err != nil || status != http.StatusOK || bytes.Contains(list, []byte("cut.csv")) && bytes.Contains(list, []byte("確認待ち")) {
		t.Errorf("after a broken upload: %d %v", status, err)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
