package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Scene is a service in which a probe may erase: a whole one of its own, on data made for it.
type Scene interface {
	// Canary makes somebody with results in a tenant of the probes.
	Canary(ctx context.Context) (ids.Tenant, ids.Person, error)
	// Customer makes a whole customer with people and results, to be erased.
	Customer(ctx context.Context) (ids.Tenant, error)
	Gateway() *Gateway
	// Backup takes a backup of everything as it is now.
	Backup(ctx context.Context) error
	// OldestKeys is when the oldest copy of the key store that lies anywhere was taken; zero: there is none.
	OldestKeys(ctx context.Context) (time.Time, error)
	// Restored restores the newest backup elsewhere, as anybody would, and hands it over.
	Restored(ctx context.Context, look func(main *db.DB) error) error
}

// Probing is what the probes need of the program.
type Probing struct {
	Live    *Gateway
	Sandbox func(ctx context.Context, sabotage string) (Scene, func(), error)
	Oldest  func(ctx context.Context) (time.Time, error) // of the kept backups; zero: there is none; the Unix epoch: one of which nobody can tell
	Temp    string

	OldestKeys func(ctx context.Context) (time.Time, error) // as in a Scene, of the running service
}

const (
	freshFor = 26 * time.Hour
	everyFor = 6 * time.Hour
)

// Apart says for the statement what a probe that erases acts on: a sandbox is never like the service in everything.
const Apart = "消去の一連は、同じプログラムを切り離した場所で、架空の人と会社を相手に動かして確かめます。その場所では、データベースはSQLite、最上位の鍵はファイル、保管場所はローカルのフォルダーです。" +
	"このサービスがPostgreSQL、鍵のサービス、S3などを使うとき、その上では消去を試していません（PostgreSQLの上での消去は、開発のときの試験で確かめています）。"

// Controls gives ER-BACKUP (clause 6-2b) and the extensions ER-LEDGER and LH-HOLD.
func Controls(p Probing) []control.Control {
	real := []control.Grade{control.Real}
	apart := Apart
	in := func(probe func(context.Context, Scene) (control.Evidence, error), sabotage string) control.Probe {
		return func(ctx context.Context) (control.Evidence, error) {
			sc, stop, err := p.Sandbox(ctx, sabotage)
			if err != nil {
				return control.Evidence{}, err
			}
			defer stop()
			return probe(ctx, sc)
		}
	}
	return []control.Control{
		{
			ID: "ER-BACKUP", Clauses: []string{"6-2b"}, Grades: real, Owner: "SRE", Fresh: freshFor, Every: everyFor,
			Says:      fmt.Sprintf("バックアップに含まれるデータは、解約の後も最長1年間（%d日と暦の1年の早いほう）残ることがありますが、消去と同時に鍵を破棄し、鍵の写しも作り直すため、その時点で読めなくなります。", jst.BackupDays),
			NotProven: apart + "バックアップの媒体が物理的に消えた時刻は、クラウド事業者によります。",
			Probe:     p.withAge(in(probeBackup, SabotageNone)), Mutant: func(ctx context.Context) (control.Evidence, error) {
				e, err := in(mutantBackup, SabotageKeys)(ctx)
				if err != nil || e.OK {
					return e, err
				}
				h, err := in(probeBackup, SabotageHoard)(ctx)
				h.Failed, h.Facts = append(e.Failed, h.Failed...), e.Facts
				return h, err
			},
		},
		{
			ID: "ER-LEDGER", Grades: real, Owner: "DPO", Fresh: freshFor, Every: everyFor,
			Says:      "何かを消す前に消去の台帳に記入し、古いバックアップを戻すときは台帳をやり直してから開くため、消去した人が戻ることはありません。台帳の書き換えと切り取りは見つけます。",
			NotProven: apart + "台帳の控えの置き場所が別の機械にあるかどうかは、この検査の対象に含まれません。",
			Probe:     p.withLedger(in(probeLedger(p.Temp), SabotageNone)), Mutant: func(ctx context.Context) (control.Evidence, error) {
				e, err := in(mutantLedger(p.Temp), SabotageLedger)(ctx)
				if err != nil || e.OK {
					return e, err
				}
				late, err := in(probeLedger(p.Temp), SabotageLate)(ctx)
				late.Failed, late.Facts = append(e.Failed, late.Failed...), e.Facts
				return late, err
			},
		},
		{
			ID: "LH-HOLD", Grades: real, Owner: "DPO", Fresh: freshFor, Every: everyFor,
			Says:      "係争などで保全を指定したデータは、期限が来ても、消去の申出があっても消しません。保全の指定を読めないときは消去を始めず、解除すれば消去できるようになります。",
			NotProven: apart + "見直す日を過ぎたことは、その場所で日付を書き換えて試しています。保全すべきものが正しく指定されているか、見直しが行われるかは、人が決めます。",
			Probe:     p.withHolds(in(probeHold, SabotageNone)), Mutant: p.mutantHold(in),
		},
	}
}

var probeOrder = Order{Reason: "自己点検", RequestedBy: "probe", ApprovedBy: []string{"probe-1", "probe-2"}}

func prober() actor.Actor { return actor.System(ids.System, "probe") }

// withAge adds what really lies in the place of the backups.
func (p Probing) withAge(probe control.Probe) control.Probe {
	return func(ctx context.Context) (control.Evidence, error) {
		e, err := probe(ctx)
		if err != nil {
			return e, err
		}
		oldest, err := p.Oldest(ctx)
		if err != nil {
			return e, err
		}
		if !oldest.IsZero() && !jst.BackupExpiry(oldest).After(time.Now()) {
			when := "1年より古いバックアップがあります: " + jst.Stamp(oldest)
			if oldest.Unix() == 0 {
				when = "バックアップの置き場所に、いつのものとも確かめられないファイルがあります。"
			}
			e.OK, e.Failed = false, append(e.Failed, when)
		}
		return e, p.noOldKeys(ctx, time.Now(), &e)
	}
}

// renewedWithin is how long an erasure may wait for a backup under way before it takes the copies of the keys anew.
const renewedWithin = 2 * time.Hour

// noOldKeys holds the copies of the key store that really lie there against the ledger: none is older than an erasure of
// keys, or what was destroyed opens with it.
func (p Probing) noOldKeys(ctx context.Context, now time.Time, e *control.Evidence) error {
	all, err := p.Live.o.Ledger.Read(ctx, p.Live.o.Vault)
	if err != nil {
		e.OK, e.Failed = false, append(e.Failed, "サービスの台帳が成り立ちません（"+fault.Of(err).Code+"）。")
		return nil
	}
	var last time.Time
	for _, x := range all {
		if x.Kind != Records && now.Sub(x.At) > renewedWithin && x.At.After(last) {
			last = x.At
		}
	}
	oldest, err := p.OldestKeys(ctx)
	if err != nil || last.IsZero() || oldest.IsZero() {
		return err
	}
	if oldest.Before(last.Truncate(time.Second)) {
		e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf("%sに消去した鍵が入ったままの鍵の写し（%sのもの）があります。", jst.Stamp(last), jst.Stamp(oldest)))
		return nil
	}
	e.Measured += fmt.Sprintf("このサービスに置かれている鍵の写しは%sからのもので、%sの消去より前のものはありません。", jst.Stamp(oldest), jst.Stamp(last))
	return nil
}

// withLedger adds the running service's own ledger and runs.
func (p Probing) withLedger(probe control.Probe) control.Probe {
	return func(ctx context.Context) (control.Evidence, error) {
		all, err := p.Live.o.Ledger.Read(ctx, p.Live.o.Vault)
		if err != nil {
			return control.Evidence{Measured: "サービスの台帳が成り立ちません。", Failed: []string{fault.Of(err).Code}}, nil
		}
		e, err := probe(ctx)
		if err == nil {
			e.Facts["entries"] = len(all)
			e.Measured += fmt.Sprintf("サービスの台帳%d件は、すべて成り立っています。", len(all))
		}
		return e, err
	}
}

// probeBackup erases a person and a whole customer that are in a backup, and tries to read them there.
func probeBackup(ctx context.Context, sc Scene) (e control.Evidence, err error) {
	t, person, err := sc.Canary(ctx)
	if err != nil {
		return e, err
	}
	firm, err := sc.Customer(ctx)
	if err != nil {
		return e, err
	}
	if err := sc.Backup(ctx); err != nil {
		return e, err
	}
	g := sc.Gateway()
	e = control.Evidence{OK: true, Facts: map[string]any{}}
	var before, after [2]int
	for i, s := range []struct {
		what   string
		tenant ids.Tenant
		person ids.Person
		erase  func() (Record, error)
	}{
		{"person", t, person, func() (Record, error) { return g.ErasePersons(ctx, prober(), t, []ids.Person{person}, probeOrder) }},
		{"customer", firm, "", func() (Record, error) { return g.EraseTenant(ctx, prober(), firm, probeOrder) }},
	} {
		if before[i], err = g.readable(ctx, s.tenant, s.person); err != nil {
			return e, err
		}
		if before[i] < 2 { // somebody and at least one result: or the look afterwards would prove nothing
			return e, fmt.Errorf("erasure: the %s cannot be read in the backup before the erasure", s.what)
		}
		r, failed := s.erase()
		if after[i], err = g.readable(ctx, s.tenant, s.person); err != nil {
			return e, err
		}
		if after[i] > 0 {
			e.Failed = append(e.Failed, fmt.Sprintf("消去した%sの%d件を、古いバックアップから読めました。", subjects[i], after[i]))
		}
		keys, err := sc.OldestKeys(ctx)
		if err != nil {
			return e, err
		}
		if keys.Before(r.KeysAt) {
			e.Failed = append(e.Failed, subjects[i]+"の鍵を消す前に取った鍵の写しが残っています。")
		}
		if failed != nil {
			e.Failed = append(e.Failed, subjects[i]+"の消去が完了しません: "+fault.Of(failed).Code)
		} else if r.State != Done {
			e.Failed = append(e.Failed, subjects[i]+"の消去が完了しません。")
		}
		e.Facts["before_"+s.what], e.Facts["after_"+s.what] = before[i], after[i]
	}
	e.OK = len(e.Failed) == 0
	e.Measured = fmt.Sprintf("架空の人の値%d件と、架空の会社一つの値%d件を、バックアップから開けることを確かめてから消去し、最新の鍵で同じバックアップを開くと、読めたのは人の%d件、会社の%d件でした。消す前に取った鍵の写しが残っていないかも調べました。",
		before[0], before[1], after[0], after[1])
	return e, nil
}

var subjects = [...]string{"人", "会社"}

// mutantBackup must notice both: what can still be read of the person, and of the customer.
func mutantBackup(ctx context.Context, sc Scene) (control.Evidence, error) {
	e, err := probeBackup(ctx, sc)
	if err == nil {
		e.OK = e.Facts["after_person"] == 0 || e.Facts["after_customer"] == 0
	}
	return e, err
}

// readable counts the sealed values of a person, or of a whole tenant, in kept backups that the newest key store opens.
func (g *Gateway) readable(ctx context.Context, t ids.Tenant, person ids.Person) (n int, err error) {
	w := &work{Gateway: g, rec: Record{Tenant: t, Kind: Tenant}}
	if person != "" {
		w.rec.Kind, w.rec.People = Persons, []ids.Person{person}
	}
	err = g.o.Backups.Examine(ctx, func(_ string, _ time.Time, main *db.DB, v *vault.Vault) error {
		sample, err := w.oldRows(ctx, main)
		if err != nil {
			return err
		}
		for _, r := range sample {
			opened, err := tryOpen(ctx, v, t, r)
			if err != nil {
				return err
			}
			if opened {
				n++
			}
		}
		return nil
	})
	return n, err
}

// probeLedger erases a person and a customer that are in a backup, restores it, and looks for them; then it offers
// ledgers that somebody altered.
func probeLedger(temp string) func(context.Context, Scene) (control.Evidence, error) {
	return func(ctx context.Context, sc Scene) (control.Evidence, error) {
		return ledgerHeld(ctx, sc, temp, sc.Gateway().o.Vault)
	}
}

func ledgerHeld(ctx context.Context, sc Scene, temp string, sign Signer) (e control.Evidence, err error) {
	t, person, err := sc.Canary(ctx)
	if err != nil {
		return e, err
	}
	firm, err := sc.Customer(ctx)
	if err != nil {
		return e, err
	}
	if err := sc.Backup(ctx); err != nil {
		return e, err
	}
	g := sc.Gateway()
	one, err := g.ErasePersons(ctx, prober(), t, []ids.Person{person}, probeOrder)
	if err != nil {
		return e, err
	}
	other, err := g.EraseTenant(ctx, prober(), firm, probeOrder)
	if err != nil {
		return e, err
	}
	all, err := g.o.Ledger.Read(ctx, g.o.Vault)
	if err != nil {
		return e, err
	}
	for i, r := range []Record{one, other} {
		n := slices.IndexFunc(all, func(x Entry) bool { return x.N == r.LedgerN && x.Tenant == r.Tenant })
		if n < 0 || all[n].At.After(r.KeysAt) {
			e.Failed = append(e.Failed, subjects[i]+"の鍵を消す前に、台帳に記入していません。")
		}
	}
	var back [2]int64
	err = sc.Restored(ctx, func(main *db.DB) error {
		for i, rec := range []Record{{Tenant: t, Kind: Persons, People: []ids.Person{person}}, {Tenant: firm, Kind: Tenant}} {
			if back[i], err = returned(ctx, main, rec); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	for i, n := range back {
		if n > 0 {
			e.Failed = append(e.Failed, fmt.Sprintf("消去した%sの%d行が、復元で戻りました。", subjects[i], n))
		}
	}
	taken, err := g.o.Ledger.takes(ctx, sign, temp)
	if err != nil {
		return e, err
	}
	for _, what := range taken {
		e.Failed = append(e.Failed, what+"台帳が受け入れられました。")
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"rows_back": back[0], "rows_back_customer": back[1], "altered_taken": len(taken)}
	e.Measured = fmt.Sprintf("架空の人と会社を消去し、台帳の記入が鍵を消す前だったかを調べました。消去の前のバックアップを復元すると、消去した架空の人の行は%d行、架空の会社の行は%d行でした。1ビットを変えた台帳、最後の記入を切り取った台帳、なくなった台帳のうち、受け入れられたものは%d種類でした。", back[0], back[1], len(taken))
	return e, nil
}

// returned counts what a restored database holds of the subjects of an erasure.
func returned(ctx context.Context, main *db.DB, rec Record) (n int64, err error) {
	w := &work{rec: rec}
	return n, main.View(ctx, rec.Tenant, func(tx *db.Tx) error {
		for _, s := range sweeps {
			k, _, err := w.left(tx, s)
			if n += k; err != nil {
				return err
			}
		}
		return nil
	})
}

// mutantLedger replays nothing and remembers no head: a probe that missed what came back of the person or of the
// customer, or a ledger that was cut, would not count as caught.
func mutantLedger(temp string) func(context.Context, Scene) (control.Evidence, error) {
	return func(ctx context.Context, sc Scene) (control.Evidence, error) {
		e, err := ledgerHeld(ctx, sc, temp, forgetful{sc.Gateway().o.Vault})
		if err == nil {
			e.OK = e.Facts["rows_back"] == int64(0) || e.Facts["rows_back_customer"] == int64(0) || e.Facts["altered_taken"] != 2
		}
		return e, err
	}
}

// forgetful remembers no head.
type forgetful struct{ Signer }

func (forgetful) LedgerHead(context.Context) (vault.Head, error) { return vault.Head{}, nil }

// takes offers copies of the ledger in which one bit is flipped, from which the last entry is cut off, and that is gone
// altogether, and names those that are taken for whole.
func (l *Ledger) takes(ctx context.Context, s Signer, temp string) (out []string, err error) {
	raw, err := os.ReadFile(l.files[0])
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(temp, "ledger-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // swept at the next start too
	flipped := bytes.Clone(raw)
	flipped[len(flipped)/2] ^= 1
	cut := raw[:bytes.LastIndexByte(raw[:len(raw)-1], '\n')+1]
	file := filepath.Join(dir, ledgerName)
	for _, x := range []struct {
		what string
		text []byte
	}{{"1ビットを変えた", flipped}, {"最後の記入を切り取った", cut}, {"なくなった", nil}} {
		err := os.Remove(file)
		if x.text != nil {
			err = os.WriteFile(file, x.text, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if _, err := NewLedger(dir, "").Read(ctx, s); err == nil {
			out = append(out, x.what)
		} else if fault.Of(err) == nil || !slices.Contains(refusals, fault.Of(err).Code) {
			return nil, err
		}
	}
	return out, nil
}

// refusals are how a ledger that does not hold is refused.
var refusals = []string{"erasure.ledger_altered", "erasure.ledger_short", "erasure.ledger_missing"}
