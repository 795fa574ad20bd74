package handover

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// canary is a value that must never lie readable on the disk.
const canary = "カナリア値123.4"

func table(name string, rows ...[]string) Table {
	return Table{Name: name, Title: "表 " + name, Columns: []Column{{"番号", "社員番号"}, {"値", "検査の値"}}, Paper: name == "people",
		Rows: func(_ context.Context, row func([]string) error) error {
			for _, r := range rows {
				if err := row(r); err != nil {
					return err
				}
			}
			return nil
		}}
}

func unzip(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestTheArchive(t *testing.T) {
	var b bytes.Buffer
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	tables := []Table{table("people", []string{"1", "=1+2"}, []string{"2", "−5"}, []string{"3", "{nb} 太郎"}), table("empty")}
	m, err := Write(t.Context(), &b, About{"rakudos", "株式会社みどり製作所", now, t.TempDir()}, tables)
	if err != nil {
		t.Fatal(err)
	}
	files := unzip(t, b.Bytes())
	for _, name := range []string{"README.txt", "schema.json", "manifest.json", "csv/people.csv", "json/people.json", "excel/people.xlsx", "pdf/people.pdf", "csv/empty.csv", "json/empty.json", "excel/empty.xlsx"} {
		if len(files[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	var listed Manifest
	if err := json.Unmarshal(files["manifest.json"], &listed); err != nil || len(listed.Files) != len(files)-1 || m.Rows() != 3 {
		t.Errorf("manifest: %v, %+v", err, listed)
	}
	for _, e := range listed.Files {
		if sum := sha256.Sum256(files[e.Name]); hex.EncodeToString(sum[:]) != e.Digest || e.Bytes != int64(len(files[e.Name])) {
			t.Errorf("%s is not what the manifest says", e.Name)
		}
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(files["csv/people.csv"], []byte("\ufeff")))).ReadAll()
	if err != nil || len(rows) != 4 || rows[1][1] != "'=1+2" {
		t.Errorf("the guard against formulas: %v, %v", rows, err)
	}
	var objects []map[string]string
	if err := json.Unmarshal(files["json/people.json"], &objects); err != nil || len(objects) != 3 || objects[0]["値"] != "=1+2" {
		t.Errorf("json: %v, %v", objects, err)
	}
	if err := json.Unmarshal(files["json/empty.json"], &objects); err != nil || len(objects) != 0 {
		t.Errorf("an empty table: %v, %v", objects, err)
	}
	if text := string(files["README.txt"]); !strings.Contains(text, "51条") || !strings.Contains(text, "番号：社員番号") {
		t.Errorf("the words for people:\n%s", text)
	}
	sheet := exec.Command("pdftotext", "-layout", "-", "-")
	sheet.Stdin = bytes.NewReader(files["pdf/people.pdf"])
	if text, err := sheet.Output(); err != nil || !strings.Contains(string(text), "{nb} 太郎") {
		t.Errorf("a name is not printed as it is: %v\n%s", err, text)
	}
	var schema struct {
		Tables []Table `json:"tables"`
	}
	if err := json.Unmarshal(files["schema.json"], &schema); err != nil || schema.Tables[0].Columns[1].Meaning != "検査の値" {
		t.Errorf("schema: %+v, %v", schema, err)
	}
	broken := table("x")
	broken.Rows = func(context.Context, func([]string) error) error { return errors.New("the database is gone") }
	if _, err := Write(t.Context(), io.Discard, About{}, []Table{broken}); err == nil {
		t.Error("a broken source makes a whole file")
	}
}

// TestPartsOfLongTables: no row is lost or doubled where one part ends and the next begins.
func TestPartsOfLongTables(t *testing.T) {
	for _, n := range []int{0, 1, 9, 10, 11, 20, 25} {
		var rows [][]string
		for i := range n {
			rows = append(rows, []string{fmt.Sprint(i), ""})
		}
		a := &archive{ctx: t.Context()}
		var got, pieces int
		err := a.parts(table("x", rows...), 10, func(_ int, rows iter.Seq[[]string]) error {
			pieces++
			for r := range rows {
				if r[0] != fmt.Sprint(got) {
					t.Fatalf("%d rows: row %s in the place of %d", n, r[0], got)
				}
				got++
			}
			return nil
		})
		if err != nil || got != n || pieces != max(1, (n+9)/10) {
			t.Errorf("%d rows: %d in %d parts, %v", n, got, pieces, err)
		}
	}
}

// TestMemoryDoesNotGrow: 200,000 rows pass through without being held.
func TestMemoryDoesNotGrow(t *testing.T) {
	long := table("long")
	value := strings.Repeat("値", 50)
	var most uint64
	long.Rows = func(_ context.Context, row func([]string) error) error {
		for i := range 200_000 {
			if err := row([]string{fmt.Sprint(i), value}); err != nil {
				return err
			}
			if i%50_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		return nil
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := Write(t.Context(), io.Discard, About{Now: time.Now()}, []Table{long}); err != nil {
		t.Fatal(err)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d MB held while writing", grown>>20)
	}
}

type fileKey struct{ k *vault.Key }

func at(name string) vault.Loc { return vault.Loc{Table: "blob", ID: name, Column: "content"} }

func (f fileKey) SealWriter(w io.Writer, name string) (io.WriteCloser, error) {
	return f.k.SealWriter(w, at(name))
}

func (f fileKey) OpenReader(r io.Reader, name string) (io.Reader, error) {
	return f.k.OpenReader(r, at(name))
}

type source map[ids.Tenant][]Table

func (s source) Tables(_ context.Context, t ids.Tenant) ([]Table, error) {
	if s[t] == nil {
		return nil, fault.New(fault.Busy, "paper.font")
	}
	return s[t], nil
}

type bed struct {
	*Service
	ours, theirs ids.Tenant
	admin, nurse actor.Actor
}

func newBed(t *testing.T, e *testdb.Env) *bed {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := vault.FileRoot(e.Dir + "/root.key")
	must(err)
	v, err := vault.Open(t.Context(), e.Keys, root)
	must(err)
	b := &bed{ours: ids.New[ids.Tenant](), theirs: ids.New[ids.Tenant]()}
	must(v.CreateTenant(t.Context(), b.ours))
	must(v.CreateTenant(t.Context(), b.theirs))
	log, err := audit.Open(t.Context(), e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	must(err)
	t.Cleanup(func() { _ = log.Close() })
	local, err := blob.Local(e.Dir + "/blobs")
	must(err)
	blobs := blob.Sealed(local, func(ctx context.Context, t ids.Tenant) (blob.Key, error) {
		k, err := v.Tenant(ctx, t)
		return fileKey{k}, err
	})
	b.Service = New(Deps{
		DB: e.DB, Blobs: blobs, Jobs: job.New(e.DB, job.WithLog(slog.New(slog.DiscardHandler))), Log: log,
		Source: source{b.ours: {table("people", []string{"1", canary})}, b.theirs: {table("people", []string{"9", "別"})}},
		Guard: func(a actor.Actor, p string) error {
			if p == permAsk && a.Has(actor.TenantAdmin) || p == permTake && a.Has(actor.Nurse) {
				return nil
			}
			return fault.New(fault.Denied, "access.denied")
		},
		Name:    func(context.Context, ids.Tenant) (string, error) { return "試験株式会社", nil },
		Service: "rakudos",
	})
	b.Register()
	b.admin = actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "a1", Roles: []actor.Role{actor.TenantAdmin}}
	b.nurse = actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "a2", Roles: []actor.Role{actor.Nurse}}
	return b
}

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// TestALifeOfAFile on both engines: asked, made sealed, taken by who may see values, expired; the neighbour
// sees nothing of it.
func TestALifeOfAFile(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		if _, err := b.Ask(ctx, b.nurse); !fault.Is(err, fault.Denied) {
			t.Errorf("a nurse asks: %v", err)
		}
		id, err := b.Ask(ctx, b.admin)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Ask(ctx, b.admin); code(err) != "handover.making" {
			t.Errorf("two at once: %v", err)
		}
		if _, _, err := b.Take(ctx, b.nurse, id); code(err) != "handover.not_ready" {
			t.Errorf("taken before it is ready: %v", err)
		}
		if _, err := b.Jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Take(ctx, b.admin, id); !fault.Is(err, fault.Denied) {
			t.Errorf("who may not see values takes the file: %v", err)
		}
		// Whoever works for some sites only must not get the values of all.
		for _, narrow := range [][]actor.Place{{{Site: "s1"}}, {}, {{Dept: "d1"}}} {
			some := b.nurse
			some.Places = map[actor.Role][]actor.Place{actor.Nurse: narrow}
			if _, _, err := b.Take(ctx, some, id); code(err) != "handover.narrow" {
				t.Errorf("a nurse of %v: %v", narrow, err)
			}
			if _, _, err := b.Take(ctx, some, ids.New[string]()); code(err) != "handover.missing" {
				t.Errorf("no such file, for a nurse of some sites: %v", err)
			}
		}
		// What limits another role of the same person limits nothing here, and lends nothing.
		both := b.nurse
		both.Roles = []actor.Role{actor.Nurse, actor.Manager}
		both.Places = map[actor.Role][]actor.Place{actor.Nurse: {{Site: "s1"}}}
		if _, _, err := b.Take(ctx, both, id); code(err) != "handover.narrow" {
			t.Errorf("a nurse of one site who is a manager too: %v", err)
		}
		both.Places = map[actor.Role][]actor.Place{actor.Manager: {{Site: "s1", Dept: "d1"}}}
		if _, _, err := b.Take(ctx, both, ids.New[string]()); code(err) != "handover.missing" {
			t.Errorf("a nurse of every site who manages a department: %v", err)
		}
		r, f, err := b.Take(ctx, b.nurse, id)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || r.Close() != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != f.Digest || f.Bytes != int64(len(content)) || f.Rows != 1 {
			t.Errorf("the digest is not the file's: %+v", f)
		}
		if !bytes.Contains(unzip(t, content)["csv/people.csv"], []byte(canary)) {
			t.Error("the record is not in the file")
		}
		sealedEverywhere(t, e.Dir)
		stranger := b.nurse
		stranger.Tenant = b.theirs
		if _, _, err := b.Take(ctx, stranger, id); code(err) != "handover.missing" {
			t.Errorf("the neighbour takes the file: %v", err)
		}
		if all, err := b.List(ctx, stranger); err != nil || len(all) != 0 {
			t.Errorf("the neighbour's list: %+v, %v", all, err)
		}
		if _, ok, err := b.Newest(ctx, b.theirs); ok || err != nil {
			t.Errorf("the neighbour's newest: %v", err)
		}
		if all, err := b.List(ctx, b.admin); err != nil || len(all) != 1 || all[0].Taken != 1 || all[0].State != Ready {
			t.Errorf("the list: %+v, %v", all, err)
		}
		b.expires(t, e, id)
	})
}

var qAge = db.Q("handover.test_age", `update handover set expires_at = $3 where tenant_id = $1 and handover_id = $2`)

func (b *bed) expires(t *testing.T, e *testdb.Env, id string) {
	t.Helper()
	ctx := t.Context()
	err := e.DB.Tx(ctx, b.ours, func(tx *db.Tx) error {
		_, err := tx.Exec(qAge, b.ours, id, db.Micros(time.Now().Add(-time.Second)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Take(ctx, b.nurse, id); code(err) != "handover.not_ready" {
		t.Errorf("taken after it expired: %v", err)
	}
	if err := b.Tidy(ctx); err != nil {
		t.Fatal(err)
	}
	if f, ok, err := b.Newest(ctx, b.ours); !ok || err != nil || f.State != Expired {
		t.Errorf("after it expired: %+v, %v", f, err)
	}
	if _, err := os.Stat(filepath.Join(e.Dir, "blobs", string(b.ours), "handover", id+".zip")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an expired file is still there: %v", err)
	}
	if next, err := b.Ask(ctx, b.admin); err != nil || next == id {
		t.Errorf("a new file after the old one expired: %v", err)
	}
}

// sealedEverywhere greps every file for the canary.
func sealedEverywhere(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(canary)) || bytes.Contains(b, []byte("123.4")) {
			t.Errorf("%s holds the value unsealed", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAFileThatCannotBeMade says why, and another can be asked for.
func TestAFileThatCannotBeMade(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	b.Source = source{}
	if _, err := b.Ask(t.Context(), b.admin); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Jobs.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := b.List(t.Context(), b.admin); err != nil || all[0].State != Failed || all[0].Fault != "paper.font" {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := b.Ask(t.Context(), b.admin); err != nil {
		t.Errorf("nothing can be asked for after a failure: %v", err)
	}
}
