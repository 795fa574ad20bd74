package org

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

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

// bed is a service on fresh databases with two tenants.
type bed struct {
	t         testing.TB
	e         *testdb.Env
	s         *Service
	q         *job.Queue
	vault     *vault.Vault
	blobs     *blob.SealedStore
	log       *journal
	ours      ids.Tenant
	neighbour ids.Tenant
	hr        actor.Actor // of ours
	hr2       actor.Actor // of the neighbour
}

// journal remembers the events instead of chaining them.
type journal struct {
	mu     sync.Mutex
	events []audit.Event
}

func (j *journal) Append(tx *db.Tx, e audit.Event) (audit.Ref, error) {
	tx.OnCommit(func() { _, _ = j.Record(tx.Context(), e) })
	return audit.Ref{}, nil
}

func (j *journal) Record(_ context.Context, e audit.Event) (audit.Ref, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
	return audit.Ref{}, nil
}

func (j *journal) verbs() (out []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.events {
		out = append(out, e.Verb)
	}
	return out
}

// roles is a guard by role, as access has it.
type roles struct{}

func (roles) Require(a actor.Actor, permission string) error {
	allowed := map[string][]actor.Role{
		permImport:   {actor.HR},
		permChange:   {actor.HR},
		permList:     {actor.HR, actor.Nurse, actor.Physician},
		permPerson:   {actor.HR, actor.Nurse, actor.Physician},
		permSelf:     {actor.Employee},
		permMeasures: {actor.Manager, actor.HR},
	}[permission]
	if a.Has(allowed...) {
		return nil
	}
	return fault.New(fault.Denied, "access.denied")
}

// Reach is as access has it, of the roles here.
func (g roles) Reach(a actor.Actor, permission string) (out actor.Reach) {
	for _, r := range a.Roles {
		alone := a
		alone.Roles = []actor.Role{r}
		if g.Require(alone, permission) != nil {
			continue
		}
		places, limited := a.Places[r]
		out.All = out.All || !limited && r != actor.Manager
		out.Places = append(out.Places, places...)
	}
	return out
}

type fileKey struct{ k *vault.Key }

func (f fileKey) SealWriter(w io.Writer, name string) (io.WriteCloser, error) {
	return f.k.SealWriter(w, vault.Loc{Table: "blob", ID: name, Column: "content"})
}

func (f fileKey) OpenReader(r io.Reader, name string) (io.Reader, error) {
	return f.k.OpenReader(r, vault.Loc{Table: "blob", ID: name, Column: "content"})
}

func newBed(t testing.TB, e *testdb.Env) *bed {
	t.Helper()
	b := &bed{t: t, e: e, log: &journal{}, ours: ids.New[ids.Tenant](), neighbour: ids.New[ids.Tenant]()}
	root, err := vault.FileRoot(e.Dir + "/root.key")
	b.must(err)
	b.vault, err = vault.Open(t.Context(), e.Keys, root)
	b.must(err)
	store, err := blob.Local(e.Dir + "/blob")
	b.must(err)
	b.blobs = blob.Sealed(store, func(ctx context.Context, t ids.Tenant) (blob.Key, error) {
		k, err := b.vault.Tenant(ctx, t)
		return fileKey{k}, err
	})
	for _, id := range []ids.Tenant{b.ours, b.neighbour} {
		b.must(b.vault.CreateTenant(t.Context(), id))
	}
	b.hr, b.hr2 = b.as(b.ours, actor.HR), b.as(b.neighbour, actor.HR)
	b.start()
	return b
}

// start makes the service anew, as a new process on the same data would.
func (b *bed) start() {
	b.q = job.New(b.e.DB, job.WithNode("test"), job.WithLog(slog.New(slog.NewTextHandler(io.Discard, nil))))
	b.s = New(Config{DB: b.e.DB, Vault: b.vault, Audit: b.log, Jobs: b.q, Blobs: b.blobs, Guard: roles{}})
}

func (b *bed) as(t ids.Tenant, r ...actor.Role) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: t, Account: ids.New[ids.Account](), Roles: r, Session: "s"}
}

func (b *bed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) drain() {
	b.t.Helper()
	_, err := b.q.Drain(b.t.Context())
	b.must(err)
}

// load imports a roster as a whole and returns its view.
func (b *bed) load(a actor.Actor, csv string) ImportView {
	b.t.Helper()
	v, err := b.s.ImportNow(b.t.Context(), a, "roster.csv", strings.NewReader(csv), true)
	b.must(err)
	if v.State != Applied {
		b.t.Fatalf("%+v", v)
	}
	return v
}

func (b *bed) dir(t ids.Tenant) *Directory {
	b.t.Helper()
	d, err := b.s.Directory(b.t.Context(), t)
	b.must(err)
	return d
}

func (b *bed) number(t ids.Tenant, n string) Person {
	b.t.Helper()
	p, ok := b.dir(t).ByNumber(n)
	if !ok {
		b.t.Fatalf("%s is not there", n)
	}
	return p
}

// state describes everything that a reader can see of a tenant, for "exactly before or exactly after".
func (b *bed) state(t ids.Tenant) string {
	b.t.Helper()
	var out strings.Builder
	d := b.dir(t)
	for p := range d.All() {
		fmt.Fprintf(&out, "%+v\n", p)
		_ = b.e.DB.View(b.t.Context(), t, func(tx *db.Tx) error {
			events, err := db.All(tx, qHistory, scanEvent, t, p.ID)
			b.must(err)
			for _, e := range events {
				fmt.Fprintf(&out, "  %s %s %s %s\n", e.Kind, e.Day, e.Site, e.Dept)
			}
			return nil
		})
	}
	fmt.Fprintf(&out, "%v\n%v\n", d.Sites(), d.Depts())
	return out.String()
}

const roster = `社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日
1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,a@example.jp,2005-04-01
1002,鈴木 陽子,スズキ ヨウコ,女,1990-05-02,S01,本社,営業部,b@example.jp,2013-04-01
1003,渡邊 誠,ワタナベ マコト,男,1975-06-03,S02,伏見工場,製造一課,,
`

func header(lines ...string) string {
	return strings.Join(append([]string{strings.SplitN(roster, "\n", 2)[0] + ",退職日,異動日"}, lines...), "\n")
}

func sorted(s []string) []string { slices.Sort(s); return s }
