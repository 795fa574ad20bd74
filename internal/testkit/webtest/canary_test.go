package webtest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"rakudos/internal/testkit/outside"
	"rakudos/internal/testkit/samples"
	"rakudos/internal/testkit/testdb"
)

// TestNothingLiesInTheClear follows real people through import, judgement, export, backup and two cuts of
// power, and then looks for their names and mail addresses in every byte that the program has written: the
// data directory and the temporary folder. The demo's own mails and its account file alone are left out.
func TestNothingLiesInTheClear(t *testing.T) {
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	const people = 400
	files := t.TempDir()
	if _, err := samples.Write(files, samples.Options{People: people, Seed: 11, Clean: true, Share: 1}); err != nil {
		t.Fatal(err)
	}
	needles := named(t, filepath.Join(files, samples.Roster))
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			k := killing{t: t, bin: bin}
			k.config, k.data = configFile(t, engine)
			look := func(after string) {
				t.Helper()
				n := 0
				for _, dir := range []string{k.data, temp} {
					files, found := hunt(t, dir, needles)
					n += files
					for _, name := range found {
						t.Errorf("after %s: %s holds a name in the clear", after, name)
					}
				}
				t.Logf("%d files after %s", n, after)
			}
			k.start()
			at := k.preview("/people/import", filepath.Join(files, samples.Roster))
			k.service.Kill() // it waits for its confirmation, and is cut off
			look("a preview and a cut")
			k.start()
			k.confirm(at)
			time.Sleep(60 * time.Millisecond)
			k.service.Kill()
			look("a cut during the import")
			k.start()
			if k.settled(at).State == "preview" {
				k.confirm(at)
			}
			if _, err := k.hr.Await(t.Context(), at, "applied"); err != nil {
				t.Fatal(err)
			}
			k.run("/checkups/import", filepath.Join(files, samples.BodyA), people)
			status, body, err := k.hr.Get(t.Context(), "/checkups.csv?year=2026")
			if err != nil || status != http.StatusOK || !bytes.Contains(body, []byte("@")) && len(body) < 1000 {
				t.Fatalf("the export: %v, %d, %d bytes", err, status, len(body))
			}
			if _, _, err := k.hr.Get(t.Context(), "/checkups.xlsx?year=2026"); err != nil {
				t.Fatal(err)
			}
			look("import, judgement and export")
			if err := k.service.Stop(); err != nil {
				t.Fatal(err)
			}
			var made map[string]any
			for _, verb := range [][]string{{"backup", "run"}, {"backup", "drill"}, {"keys", "rewrap", "--reason", "test"}} {
				if _, _, err := outside.Command(t.Context(), bin, &made, append(verb, "--config", k.config)...); err != nil {
					t.Fatalf("%v: %v", verb, err)
				}
			}
			look("backup, drill and rotation")
		})
	}
}

// named are the names, readings and addresses of a roster, in every encoding in which they might be kept.
func named(t *testing.T, file string) (out [][]byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) < 100 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows[1:60] {
		for _, cell := range []string{r[1], r[2], r[8]} { // name, reading, mail address
			if strings.ContainsAny(cell, "@") || len(cell) >= 12 {
				for _, e := range []encoding.Encoding{unicode.UTF8, japanese.ShiftJIS, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)} {
					if n, err := e.NewEncoder().Bytes([]byte(cell)); err == nil {
						out = append(out, n)
					}
				}
			}
		}
	}
	if len(out) < 300 {
		t.Fatalf("only %d needles", len(out))
	}
	return out
}

// hunt looks into every regular file of a folder and tells how many there were, and which hold a needle.
func hunt(t *testing.T, dir string, needles [][]byte) (files int, found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() || rel == "demo-accounts.txt" || strings.HasPrefix(rel, "mail"+string(filepath.Separator)) {
			return nil
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		files++
		for _, n := range needles {
			if bytes.Contains(b, n) {
				found = append(found, rel)
				break
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return files, found
}

// TestTheHuntFindsWhatLiesOpen: a look that finds nothing proves something only if it can find.
func TestTheHuntFindsWhatLiesOpen(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"demo-accounts.txt": "needle", "sub/mail": "x", "plain.db": "a needle b"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, found := hunt(t, dir, [][]byte{[]byte("absent"), []byte("needle")}); n != 2 || len(found) != 1 || found[0] != "plain.db" {
		t.Errorf("%d files, %v", n, found)
	}
}
