package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/termination"
	"rakudos/internal/operations/backup"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

var (
	qLifePerson = db.Q("apptest.life_person", `select sealed from person where tenant_id = $1 order by person_id limit 1`)
	qLifeSite   = db.Q("apptest.life_site", `select sealed from site where tenant_id = $1 limit 1`)
	qLifeRows   = db.Q("apptest.life_rows", `select (select count(*) from person where tenant_id = $1) + (select count(*) from checkup_result where tenant_id = $1)
		+ (select count(*) from identity_accounts where tenant_id = $1) + (select count(*) from tenant where tenant_id = $1 and length(name) > 0)`)
)

// canaries are what only the leaving customers' data says, in the clear.
var canaries = []string{"金糸雀緑化工業", "金糸雀", "カナリヤ", "canary-bird.example", "籠の鳥の所見"}

// firm is a customer of the test.
type firm struct {
	ids.Tenant
	admin  actor.Actor
	person ids.Person // one of its two people
	id     string     // of its case
}

// leaving is a service whose clock is the test's. It is closed while time goes by in days: nothing it knows is in
// memory only.
type leaving struct {
	*testing.T
	*App
	config Config
	env    *testdb.Env
	k1, k2 actor.Actor
}

func (l *leaving) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatalf("%v %v", err, fault.Of(err))
	}
}

func (l *leaving) open() {
	l.Helper()
	var err error
	l.App, err = Open(context.Background(), l.config, slog.New(slog.DiscardHandler))
	l.must(err)
}

func (l *leaving) jump(d time.Duration) {
	l.Helper()
	l.must(l.App.Close(context.Background()))
	time.Sleep(d)
	l.open()
}

// until lets days go by up to a day of Japan.
func (l *leaving) until(day jst.Date) {
	l.Helper()
	l.jump(time.Until(day.Start()) + time.Hour)
}

// TestACustomersWholeLeaving on both engines, with nothing doubled: request, file and receipt, cooling-off, call-back,
// two people, the day; then nothing of the customer is found in any file, an old backup does not bring it back, and a
// year later, when the last generation is gone and not before, the second certificate follows. A second customer
// leaves at the same time with one person under a hold.
func TestACustomersWholeLeaving(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			env := testdb.New(t, engine)
			c := DefaultConfig()
			c.Data = filepath.Join(t.TempDir(), "data")
			if engine == db.Postgres {
				c.Database = onPostgres(t, env)
			}
			now := time.Now()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(now.Add(time.Minute))) // files bear the machine's time, and nothing may be older than they
				l := &leaving{T: t, config: c, env: env}
				l.open()
				defer func() { l.must(l.App.Close(context.Background())) }()
				l.wholeLife()
			})
		})
	}
}

func onPostgres(t *testing.T, e *testdb.Env) Database {
	t.Helper()
	file := func(name, dsn string) string {
		path := filepath.Join(e.Dir, name)
		if err := os.WriteFile(path, []byte(dsn+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return Database{
		Engine:  db.Postgres,
		DSNFile: file("main.dsn", e.Main.DSN), OwnerDSNFile: file("main-owner.dsn", e.Main.OwnerDSN),
		KeysDSNFile: file("keys.dsn", e.KeyStore.DSN), KeysOwnerDSN: file("keys-owner.dsn", e.KeyStore.OwnerDSN),
	}
}

func (l *leaving) wholeLife() {
	ctx := l.Context()
	desk, err := l.tenant(ctx, tenant.New{Code: "kyokai", Name: "保健会", Kind: tenant.Association})
	l.must(err)
	for login, to := range map[string]*actor.Actor{"k1": &l.k1, "k2": &l.k2} {
		a, err := l.Identity.CreateAccount(ctx, actor.HostOperator(desk.ID, "account"), identity.NewAccount{LoginID: login, Name: login, Email: login + "@kyokai.example", Grants: []identity.Grant{{Role: actor.ITSM}}})
		l.must(err)
		*to = actor.Actor{Kind: actor.Human, Tenant: desk.ID, Account: a.ID, Roles: []actor.Role{actor.ITSM}}
	}
	gone, held := l.firm("canary", canaries[0]), l.firm("cage", canaries[0]+"二")
	stays := l.firm("stays", "留鳥商事")
	hold, err := l.Erasure.Place(ctx, held.admin, erasure.Hold{Tenant: held.Tenant, Scope: erasure.HoldPerson, Person: held.person, Reason: "係争", Authority: "裁判所", Reviewer: "法務", ReviewBy: jst.Of(time.Now()).AddMonths(12)})
	l.must(err)
	first := jst.Of(time.Now())
	_, err = l.Backup.Run(ctx, machineOf("backup"))
	l.must(err)

	for _, f := range []*firm{gone, held} {
		l.asks(f)
	}
	l.jump(termination.Cooling)
	for _, f := range []*firm{gone, held} {
		l.must(l.Leaving.Confirm(ctx, l.k1, f.id))
		if err := l.Leaving.Confirm(ctx, l.k1, f.id); fault.Of(err).Code != "termination.same_person" {
			l.Errorf("one person twice: %v", err)
		}
		l.must(l.Leaving.ConfirmOwn(ctx, f.admin))
	}
	c, err := l.Leaving.Reference(ctx, gone.id)
	l.must(err)
	l.until(c.EraseNotBefore.AddDays(-1))
	l.must(l.Leaving.Tick(ctx))
	if n := l.rows(l.DB, gone.Tenant); n == 0 {
		l.Fatal("erased a day too early")
	}
	_, err = l.Backup.Run(ctx, machineOf("backup"))
	l.must(err)
	ciphers := [][]byte{l.sealed(gone.Tenant, qLifePerson), l.sealed(gone.Tenant, qLifeSite)}
	if len(l.found(ciphers)) == 0 {
		l.Error("the search does not see what is there: it proves nothing")
	}
	l.until(c.EraseNotBefore)
	l.must(l.Leaving.Tick(ctx))

	l.phase(gone, termination.Erased)
	l.phase(held, termination.Held)
	if n := l.rows(l.DB, gone.Tenant); n != 0 {
		l.Errorf("%d rows of the customer are left", n)
	}
	if names := l.found(ciphers); len(names) > 0 {
		l.Errorf("a deleted row is still in %v", names)
	}
	if l.env.Engine == db.Postgres {
		_, wal, err := pg.Files(ctx, l.env.Main.OwnerDSN)
		l.must(err)
		l.Logf("what stays: %d files of the server's log of changes hold the sealed bytes of a deleted row", len(searched(l.T, wal, ciphers)))
	}
	one := l.certificate(gone, certificate.Primary, certificate.Issued)
	l.certificate(held, certificate.Primary, certificate.WithExceptions)
	l.onlyTheHeld(held)
	l.restoresNobody(first, gone, stays)

	l.must(l.Erasure.Release(ctx, held.admin, held.Tenant, hold.ID, "和解"))
	l.must(l.Leaving.Tick(ctx))
	l.phase(held, termination.Erased)
	l.certificate(held, certificate.Primary, certificate.Issued)
	if n := l.rows(l.DB, held.Tenant); n != 0 {
		l.Errorf("%d rows are left after the release", n)
	}
	l.nowhere()

	expiry, err := jst.ParseDate(one.Body.Backups.LastExpiry)
	l.must(err)
	l.until(expiry)
	l.second(0, "on the last day")
	l.until(expiry.AddDays(2))
	for range 3 { // after a gap nothing is taken away until some days have been backed up again
		l.second(0, "while an old generation is still in its place")
		_, err = l.Backup.Run(ctx, machineOf("backup"))
		l.must(err)
		l.jump(24 * time.Hour)
	}
	l.second(3, "when the last generation is gone") // the certificate with exceptions has its second stage too
	l.must(l.Leaving.Tick(ctx))
	for _, f := range []*firm{gone, held} {
		l.phase(f, termination.Closed)
		l.certificate(f, certificate.Backups, certificate.Issued)
	}
	if n := l.rows(l.DB, stays.Tenant); n < 6 {
		l.Errorf("the neighbour has %d rows", n)
	}
	l.nowhere()
}

func machineOf(name string) actor.Actor { return actor.System(ids.System, name) }

// firm makes a customer with two people, their results, an account and a site.
func (l *leaving) firm(code, name string) *firm {
	l.Helper()
	ctx := l.Context()
	t, err := l.tenant(ctx, tenant.New{Code: code, Name: name, Kind: tenant.Customer})
	l.must(err)
	word, mail, note := canaries[1], canaries[3], canaries[4]
	if code == "stays" {
		word, mail, note = "留鳥", "stays.example", "特記なし"
	}
	who := actor.System(t.ID, "test")
	roster := "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n"
	results := "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,BMI,腹囲,収縮期血圧,拡張期血圧,HbA1c,中性脂肪,尿蛋白,胸部X線,喫煙,既往歴\n"
	for n, given := range []string{"花子", "月子"} {
		head := string(rune('1'+n)) + "," + word + " " + given + "," + "カナリヤ ハナコ,女,1980-04-0" + string(rune('1'+n))
		if code == "stays" {
			head = strings.ReplaceAll(head, "カナリヤ", "リュウチョウ")
		}
		roster += head + ",S01," + word + "工場,総務部," + string(rune('a'+n)) + "@" + mail + ",1995-04-01\n"
		results += head + "," + jst.Of(time.Now()).AddMonths(-3).String() + ",健診センター,160.0,55.0,21.5,75.0,120,80,5.4,100,-,所見なし,いいえ," + note + "\n"
	}
	got, err := l.Org.ImportNow(ctx, who, "roster.csv", strings.NewReader(roster), true)
	if err != nil || got.Applied != 2 {
		l.Fatalf("%+v %v", got, err)
	}
	if _, err := l.Checkup.ImportNow(ctx, who, "checkup.csv", strings.NewReader(results), true); err != nil {
		l.Fatal(err)
	}
	dir, err := l.Org.Directory(ctx, t.ID)
	l.must(err)
	f := &firm{Tenant: t.ID}
	for p := range dir.All() {
		f.person = p.ID
	}
	a, err := l.Identity.CreateAccount(ctx, who, identity.NewAccount{LoginID: "admin", Name: word + " 管理", Email: "admin@" + mail, Grants: []identity.Grant{{Role: actor.TenantAdmin}}})
	l.must(err)
	f.admin = actor.Actor{Kind: actor.Human, Tenant: t.ID, Account: a.ID, Roles: []actor.Role{actor.TenantAdmin}}
	return f
}

// asks goes from the request to the call-back.
func (l *leaving) asks(f *firm) {
	ctx := l.Context()
	c, err := l.Leaving.Request(ctx, f.admin, jst.MonthEnd(jst.Of(time.Now()).AddMonths(1)))
	l.must(err)
	f.id = c.ID
	file, err := l.Handover.Ask(ctx, f.admin)
	l.must(err)
	_, err = l.Jobs.Drain(ctx)
	l.must(err)
	physician := f.admin // values are for those alone who may see them
	physician.Roles = []actor.Role{actor.Physician}
	r, _, err := l.Handover.Take(ctx, physician, file)
	l.must(err)
	_, err = io.Copy(io.Discard, r)
	l.must(errors.Join(err, r.Close()))
	l.must(l.Leaving.Receive(ctx, f.admin, false, "", "義務"))
	l.must(l.Leaving.CallBack(ctx, l.k1, c.ID, "契約書の代表番号へ架電"))
	if err := l.Leaving.Confirm(ctx, l.k1, c.ID); fault.Of(err).Code != "termination.cooling" {
		l.Errorf("confirmed within the cooling-off: %v", err)
	}
}

func (l *leaving) phase(f *firm, want termination.Phase) {
	l.Helper()
	c, err := l.Leaving.Reference(l.Context(), f.id)
	l.must(err)
	if c.Phase() != want {
		l.Errorf("phase %s, want %s: %+v", c.Phase(), want, c)
	}
}

// certificate is the newest of a stage; it verifies with nothing but the file and the public keys.
func (l *leaving) certificate(f *firm, stage int, state string) certificate.Entry {
	l.Helper()
	ctx := l.Context()
	all, err := l.Certificates.About(ctx, machineOf("test"), f.Tenant)
	l.must(err)
	slices.Reverse(all)
	i := slices.IndexFunc(all, func(e certificate.Entry) bool {
		return e.Stage == stage && (stage == certificate.Primary || e.Body.Backups.GoneAt != nil)
	})
	if i < 0 || all[i].State != state {
		l.Fatalf("no certificate of stage %d, %s: %+v", stage, state, all)
	}
	file, err := l.Certificates.File(ctx, machineOf("test"), all[i].ID)
	if fault.Of(err) != nil && fault.Of(err).Code == "audit.not_published" {
		l.jump(time.Minute) // a clean stop publishes
		file, err = l.Certificates.File(ctx, machineOf("test"), all[i].ID)
	}
	l.must(err)
	text, err := file.Encode()
	l.must(err)
	trust, err := l.Certificates.Trust(ctx)
	l.must(err)
	if r := certificate.Verify(text, trust); !r.OK {
		l.Errorf("it does not verify: %+v", r.Problems)
	}
	for _, word := range canaries[1:] {
		if bytes.Contains(text, []byte(word+" 花子")) || strings.Contains(word, ".example") && bytes.Contains(text, []byte(word)) {
			l.Errorf("the certificate says %s", word)
		}
	}
	return all[i]
}

// onlyTheHeld: the held person can be read, the other one has neither rows nor a key.
func (l *leaving) onlyTheHeld(f *firm) {
	l.Helper()
	dir, err := l.Org.Directory(l.Context(), f.Tenant)
	l.must(err)
	p, ok := dir.Person(f.person)
	if dir.Len() != 1 || !ok || !strings.HasPrefix(p.Name, canaries[1]) {
		l.Errorf("%d people: %+v", dir.Len(), p)
	}
}

func (l *leaving) second(want int, when string) {
	l.Helper()
	if n, err := l.Certificates.Complete(l.Context(), machineOf("certificate"), l.backupsGone); err != nil || n != want {
		l.Errorf("%s: %d second stages, want %d: %v", when, n, want, err)
	}
}

func (l *leaving) rows(d *db.DB, t ids.Tenant) (n int64) {
	l.Helper()
	l.must(d.View(l.Context(), t, func(tx *db.Tx) (err error) {
		n, err = db.Value[int64](tx, qLifeRows, t)
		return err
	}))
	return n
}

func (l *leaving) sealed(t ids.Tenant, q db.Query) (b []byte) {
	l.Helper()
	l.must(l.DB.View(l.Context(), t, func(tx *db.Tx) (err error) {
		b, err = db.Value[[]byte](tx, q, t)
		return err
	}))
	return b
}

// restoresNobody restores the backup of a day from before: the ledger is replayed, the customer is not in it.
func (l *leaving) restoresNobody(day jst.Date, gone, stays *firm) {
	l.Helper()
	target, err := blob.Local(l.Config.backupDir())
	l.must(err)
	dir := filepath.Join(l.TempDir(), "restored")
	r, err := (backup.Source{Target: target, Root: l.root, Ledger: l.replay}).Restore(l.Context(), dir, day)
	l.must(err)
	old, err := db.Open(l.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db"), Readers: 1})
	l.must(err)
	if g, s := l.rows(old, gone.Tenant), l.rows(old, stays.Tenant); g != 0 || s < 6 {
		l.Errorf("an old backup (%s) brings %d rows back, and %d of the neighbour", r.Ledger, g, s)
	}
	l.must(old.Close())
	if n := searched(l.T, dir, l.needles(nil)); len(n) > 0 {
		l.Errorf("the restored folder says who left: %v", n)
	}
}

// needles are the canaries, and bytes that must be gone.
func (l *leaving) needles(more [][]byte) (out [][]byte) {
	for _, c := range canaries {
		out = append(out, []byte(c))
	}
	return append(out, more...)
}

// found lists the files in which one of the bytes is: the data folder, and the database's own files. PostgreSQL's log
// of changes is not among them: there the sealed bytes stay until the server overwrites or archives the log, without a
// key that opens them (ADR 27).
func (l *leaving) found(ciphers [][]byte) (names []string) {
	l.Helper()
	for _, dir := range append(l.databaseFiles(), l.config.Data) {
		names = append(names, searched(l.T, dir, ciphers)...)
	}
	return names
}

// nowhere: no canary in the clear in any file that the service or its database has written.
func (l *leaving) nowhere() {
	l.Helper()
	for _, dir := range append(l.databaseFiles(), l.config.Data) {
		if names := searched(l.T, dir, l.needles(nil)); len(names) > 0 {
			l.Errorf("what the customer's data said stands in %v", names)
		}
	}
}

func (l *leaving) databaseFiles() (dirs []string) {
	l.Helper()
	if l.env.Engine == db.SQLite {
		return nil
	}
	for _, dsn := range []string{l.env.Main.OwnerDSN, l.env.KeyStore.OwnerDSN} {
		base, _, err := pg.Files(l.Context(), dsn)
		l.must(err)
		dirs = append(dirs, base)
	}
	return dirs
}

// searched names the files of a folder that hold one of the needles.
func searched(t *testing.T, dir string, needles [][]byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(b, n) }) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
