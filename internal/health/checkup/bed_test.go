package checkup

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
	"rakudos/internal/testkit/testdb"
)

// bed is the service on fresh databases with two tenants and their people.
type bed struct {
	testing.TB
	e                 *testdb.Env
	s                 *Service
	q                 *job.Queue
	vault             *vault.Vault
	blobs             *blob.SealedStore
	org               *org.Service
	log               *journal
	ours, neighbour   ids.Tenant
	hr, nurse, doctor actor.Actor
	manager, employee actor.Actor
	hr2, doctor2      actor.Actor
}

// journal remembers events instead of chaining them.
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

func (j *journal) last(verb string) (audit.Event, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := len(j.events) - 1; i >= 0; i-- {
		if j.events[i].Verb == verb {
			return j.events[i], true
		}
	}
	return audit.Event{}, false
}

type guard struct{}

func (guard) Require(a actor.Actor, p string) error { return access.Require(a, access.Permission(p)) }

func (guard) Reach(a actor.Actor, p string) actor.Reach {
	return access.ReachOf(a, access.Permission(p))
}

type fileKey struct{ k *vault.Key }

func (f fileKey) SealWriter(w io.Writer, name string) (io.WriteCloser, error) {
	return f.k.SealWriter(w, vault.Loc{Table: "blob", ID: name, Column: "content"})
}

func (f fileKey) OpenReader(r io.Reader, name string) (io.Reader, error) {
	return f.k.OpenReader(r, vault.Loc{Table: "blob", ID: name, Column: "content"})
}

const rosterHead = "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n"

const roster = rosterHead + `1,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,a@example.jp,2005-04-01
2,鈴木 陽子,スズキ ヨウコ,女,1990-05-02,S01,本社,営業部,b@example.jp,2013-04-01
3,渡邊 誠,ワタナベ マコト,男,1975-06-03,S02,伏見工場,製造一課,c@example.jp,2000-04-01
4,田中 浩,タナカ ヒロシ,男,1985-07-04,S02,伏見工場,製造一課,d@example.jp,2010-04-01
5,田中 浩,タナカ ヒロシ,男,1985-07-04,S02,伏見工場,製造二課,e@example.jp,2010-04-01
`

const roster2 = rosterHead + `1,他社 太郎,タシャ タロウ,男,1970-01-01,X,他社,他課,x@example.jp,2000-04-01
`

func newBed(t testing.TB, e *testdb.Env) *bed {
	t.Helper()
	b := &bed{TB: t, e: e, log: &journal{}, ours: ids.New[ids.Tenant](), neighbour: ids.New[ids.Tenant]()}
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
	b.start()
	b.hr, b.nurse, b.doctor = b.as(b.ours, actor.HR), b.as(b.ours, actor.Nurse), b.as(b.ours, actor.Physician)
	b.hr2, b.doctor2 = b.as(b.neighbour, actor.HR), b.as(b.neighbour, actor.Physician)
	b.load(b.hr, roster)
	b.load(b.hr2, roster2)
	b.manager, b.employee = b.as(b.ours, actor.Manager), b.as(b.ours, actor.Employee)
	b.manager.Places = map[actor.Role][]actor.Place{actor.Manager: {{Dept: b.number("3").Dept}}}
	b.employee.Person = b.number("1").ID
	return b
}

// start makes the services anew, as a new process on the same data would.
func (b *bed) start() {
	b.q = job.New(b.e.DB, job.WithNode("test"), job.WithLog(slog.New(slog.NewTextHandler(io.Discard, nil))))
	b.org = org.New(org.Config{DB: b.e.DB, Vault: b.vault, Audit: b.log, Blobs: b.blobs, Guard: guard{}, Jobs: b.q})
	b.s = New(Deps{DB: b.e.DB, Vault: b.vault, Audit: b.log, Jobs: b.q, Blobs: b.blobs, People: b.org})
	b.s.Register()
}

func (b *bed) as(t ids.Tenant, r ...actor.Role) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: t, Account: ids.New[ids.Account](), Roles: r, Session: "s", Purpose: "test"}
}

func (b *bed) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bed) drain() {
	b.Helper()
	_, err := b.q.Drain(b.Context())
	b.must(err)
}

func (b *bed) load(a actor.Actor, csv string) {
	b.Helper()
	v, err := b.org.ImportNow(b.Context(), a, "roster.csv", strings.NewReader(csv), true)
	b.must(err)
	if v.State != org.Applied {
		b.Fatalf("%+v", v)
	}
}

func (b *bed) number(n string) org.Person {
	b.Helper()
	d, err := b.org.Directory(b.Context(), b.ours)
	b.must(err)
	p, ok := d.ByNumber(n)
	if !ok {
		b.Fatalf("nobody has number %s", n)
	}
	return p
}

// who are the cells that name a person of the roster.
func who(n string) []string {
	return map[string][]string{
		"1": {"氏名", "佐藤 翔太", "カナ氏名", "ｻﾄｳ ｼｮｳﾀ", "性別", "男", "生年月日", "S55.4.1"},
		"2": {"氏名", "鈴木 陽子", "カナ氏名", "スズキ　ヨウコ", "性別", "女", "生年月日", "1990/5/2"},
		"3": {"氏名", "渡辺 誠", "カナ氏名", "ワタナベマコト", "性別", "男", "生年月日", "19750603"},
		"4": {"氏名", "田中 浩", "カナ氏名", "タナカ ヒロシ", "性別", "男", "生年月日", "1985-07-04"},
		"5": {"氏名", "田中 浩", "カナ氏名", "タナカ ヒロシ", "性別", "男", "生年月日", "1985-07-04"},
	}[n]
}

func of(n string, change ...string) string { return lineA(n, append(who(n), change...)...) }

// upload goes the web's way as far as the preview.
func (b *bed) upload(a actor.Actor, file string) *Import {
	b.Helper()
	id, err := b.s.StartImport(b.Context(), a, "健診.csv", strings.NewReader(file))
	b.must(err)
	b.drain()
	return b.see(a, id)
}

func (b *bed) see(a actor.Actor, id ids.Import) *Import {
	b.Helper()
	i, err := b.s.Import(b.Context(), a, id)
	b.must(err)
	return i
}

func (b *bed) confirm(a actor.Actor, id ids.Import) *Import {
	b.Helper()
	b.must(b.s.Confirm(b.Context(), a, id))
	b.drain()
	return b.see(a, id)
}

func (b *bed) apply(a actor.Actor, file string) *Import {
	b.Helper()
	i := b.confirm(a, b.upload(a, file).ID)
	if i.State != Applied {
		b.Fatalf("%+v", i)
	}
	return i
}

// world is everything a reader can see of a tenant's results, for "exactly before or exactly after".
func (b *bed) world(doctor actor.Actor) string {
	b.Helper()
	var out strings.Builder
	v, err := b.s.List(b.Context(), doctor, Filter{Year: 2026, Per: 500})
	b.must(err)
	for _, r := range v.Rows {
		fmt.Fprintf(&out, "%s %v %s %s %v %s\n", r.Number, r.Examined, r.Day, r.Judgement, r.Worst, r.Fitness)
		p, err := b.s.Person(b.Context(), doctor, r.Person)
		b.must(err)
		for _, g := range p.Groups {
			for _, i := range g.Items {
				fmt.Fprintf(&out, "  %s", i.Name)
				for _, c := range i.Cells {
					fmt.Fprintf(&out, " %s(%s)%s", c.Text, c.Original, c.Letter)
				}
				out.WriteString("\n")
			}
		}
	}
	return out.String()
}

// rows counts what is in the tables, whoever may see it.
func (b *bed) rows() (results, judgements int) {
	b.Helper()
	b.must(b.e.DB.View(b.Context(), db.Global, func(tx *db.Tx) (err error) {
		if results, err = db.Value[int](tx, qCountResults); err != nil {
			return err
		}
		judgements, err = db.Value[int](tx, qCountJudgements)
		return err
	}))
	return results, judgements
}

var (
	qCountResults    = db.GlobalQ("checkup_test.results", `select count(*) from checkup_result`)
	qCountJudgements = db.GlobalQ("checkup_test.judgements", `select count(*) from checkup_judgement`)
)

func nowForTest() time.Time { return time.Now() }

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}
