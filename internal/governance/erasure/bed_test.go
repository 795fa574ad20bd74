package erasure

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/backup"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/testdb"
)

// bed is a service with two tenants, their people, results and accounts, and its backups.
type bed struct {
	testing.TB
	e      *testdb.Env
	root   vault.Root
	vault  *vault.Vault
	log    *audit.Log
	raw    blob.Store
	blobs  *blob.SealedStore
	jobs   *job.Queue
	org    *org.Service
	chk    *checkup.Service
	backup *backup.Service
	replay *Replay
	gate   *Gateway

	ours, neighbour ids.Tenant
	mailed          int // how often mails were dropped
}

type fileKey struct{ k *vault.Key }

func (f fileKey) SealWriter(w io.Writer, name string) (io.WriteCloser, error) {
	return f.k.SealWriter(w, vault.Loc{Table: "blob", ID: name, Column: "content"})
}

func (f fileKey) OpenReader(r io.Reader, name string) (io.Reader, error) {
	return f.k.OpenReader(r, vault.Loc{Table: "blob", ID: name, Column: "content"})
}

func require(a actor.Actor, p string) error { return access.Require(a, access.Permission(p)) }

type guard struct{}

func (guard) Require(a actor.Actor, p string) error { return require(a, p) }

func (guard) Reach(a actor.Actor, p string) actor.Reach {
	return actor.Reach{All: require(a, p) == nil}
}

var machine = actor.System(ids.System, "erasure")

var order = Order{Reason: "試験のため", RequestedBy: "retention", ApprovedBy: []string{"account-1", "account-2"}}

// newBed makes the service and fills both tenants with n people.
func newBed(t testing.TB, e *testdb.Env, n int) *bed {
	t.Helper()
	b := openBed(t, e)
	svc := tenant.NewService(e.DB, b.vault, b.log, require)
	for i, to := range []*ids.Tenant{&b.ours, &b.neighbour} {
		made, err := svc.Create(t.Context(), actor.System(ids.System, "test"), tenant.New{Code: fmt.Sprintf("firm-%d", i), Name: secretName, Kind: tenant.Customer})
		b.must(err)
		*to = made.ID
		b.fill(made.ID, n)
	}
	return b
}

const secretName = "みどり製作所"

// openBed starts the services on an environment, as a new process would.
func openBed(t testing.TB, e *testdb.Env) *bed {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	b := &bed{TB: t, e: e}
	var err error
	b.root, err = vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	b.must(err)
	b.vault, err = vault.Open(t.Context(), e.Keys, b.root)
	b.must(err)
	b.log, err = audit.Open(t.Context(), e.DB, b.vault, audit.Config{Dir: filepath.Join(e.Dir, "log"), Logger: quiet})
	b.must(err)
	t.Cleanup(func() { _ = b.log.Close() })
	b.raw, err = blob.Local(filepath.Join(e.Dir, "blobs"))
	b.must(err)
	b.blobs = blob.Sealed(b.raw, func(ctx context.Context, t ids.Tenant) (blob.Key, error) {
		k, err := b.vault.Tenant(ctx, t)
		return fileKey{k}, err
	})
	b.jobs = job.New(e.DB, job.WithNode("test"), job.WithLog(quiet))
	b.org = org.New(org.Config{DB: e.DB, Vault: b.vault, Audit: b.log, Blobs: b.blobs, Guard: guard{}, Jobs: b.jobs})
	b.chk = checkup.New(checkup.Deps{DB: e.DB, Vault: b.vault, Audit: b.log, Jobs: b.jobs, Blobs: b.blobs, People: b.org})
	b.chk.Register()
	b.replay = &Replay{Ledger: NewLedger(filepath.Join(e.Dir, "erasure"), filepath.Join(e.Dir, "erasure-copy")), Root: b.root}
	target, err := blob.Local(filepath.Join(e.Dir, "backups"))
	b.must(err)
	b.backup, err = backup.Open(t.Context(), backup.Options{
		Main: e.DB, Keys: e.Keys, Vault: b.vault, Root: b.root, Log: b.log, Blobs: b.raw, Target: target,
		Environment: func(context.Context) ([]backup.File, error) { return nil, nil },
		Temp:        filepath.Join(e.Dir, "tmp"), Policy: backup.DefaultPolicy(), Ledger: b.replay, Build: "test", Logger: quiet,
	})
	b.must(err)
	b.gate = New(Options{
		Main: e.DB, Keys: e.Keys, Vault: b.vault, Log: b.log, Ledger: b.replay.Ledger, Copies: b.backup, Backups: b.backup,
		Blobs: b.raw, Guard: require, Tool: "rakudos test", Logger: quiet,
		Mails: func(ctx context.Context, t ids.Tenant, _ []ids.Person) (int, error) {
			if _, err := b.vault.Tenant(ctx, t); err != nil { // addresses could not be opened
				return 0, err
			}
			b.mailed++
			return 1, nil
		},
		Forget: []func(ids.Tenant){b.org.Forget, b.chk.Forget},
		Quoted: b.chk.DropCells,
	})
	return b
}

func (b *bed) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

const (
	rosterHead  = "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n"
	checkupHead = "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,BMI,腹囲,収縮期血圧,拡張期血圧,HbA1c,中性脂肪,尿蛋白,胸部X線,喫煙,既往歴\n"
)

// fill gives a tenant n people with an account, a session and results of two years each.
func (b *bed) fill(t ids.Tenant, n int) {
	b.Helper()
	var people, results strings.Builder
	people.WriteString(rosterHead)
	results.WriteString(checkupHead)
	for i := range n {
		who := fmt.Sprintf("%d,試験 太郎%s,シケン タロウ,男,1980-04-01", i+1, kanji(i))
		fmt.Fprintf(&people, "%s,S01,本社,総務部,p%d@example.jp,2005-04-01\n", who, i)
		for _, day := range []string{"2024-06-01", "2025-06-01"} {
			fmt.Fprintf(&results, "%s,%s,京都健診センター,170.0,65.0,22.5,80.0,165,80,5.4,100,-,所見なし,いいえ,特記なし\n", who, day)
		}
	}
	who := actor.System(t, "test")
	v, err := b.org.ImportNow(b.Context(), who, "roster.csv", strings.NewReader(people.String()), true)
	b.must(err)
	if v.Applied != n {
		b.Fatalf("%d people of %d: %+v", v.Applied, n, v)
	}
	for _, part := range []string{"2024-06-01", "2025-06-01"} {
		var one strings.Builder
		one.WriteString(checkupHead)
		for l := range strings.Lines(results.String()) {
			if strings.Contains(l, part) {
				one.WriteString(l)
			}
		}
		_, err := b.chk.ImportNow(b.Context(), who, "checkup.csv", strings.NewReader(one.String()), true)
		b.must(err)
	}
	_, err = b.blobs.Put(b.Context(), t, "checkup/waiting", strings.NewReader("待っているファイル"))
	b.must(err)
	b.fillRest(t)
}

func kanji(i int) string {
	digits := []rune("一二三四五六七八九十")
	out := ""
	for ; i > 0 || out == ""; i /= 10 {
		out = string(digits[i%10]) + out
	}
	return out
}

func (b *bed) people(t ids.Tenant) (out []ids.Person) {
	b.Helper()
	b.must(b.e.DB.View(b.Context(), t, func(tx *db.Tx) (err error) {
		out, err = db.Column[ids.Person](tx, qEveryone, t)
		return err
	}))
	return out
}

// counts gives the rows of a tenant in every declared table.
func (b *bed) counts(d *db.DB, t ids.Tenant) map[string]int64 {
	b.Helper()
	out := map[string]int64{}
	b.must(d.View(context.Background(), t, func(tx *db.Tx) error {
		for _, s := range sweeps {
			n, err := db.Value[int64](tx, s.count, t)
			if err != nil {
				return err
			}
			out[s.Name] = n
		}
		return nil
	}))
	return out
}

func (b *bed) target() blob.Store {
	b.Helper()
	s, err := blob.Local(filepath.Join(b.e.Dir, "backups"))
	b.must(err)
	return s
}
