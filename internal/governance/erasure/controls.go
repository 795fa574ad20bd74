package erasure

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	// Restored restores the newest backup elsewhere, as anybody would, and hands it over.
	Restored(ctx context.Context, look func(main *db.DB) error) error
}

// Probing is what the probes need of the program.
type Probing struct {
	Live    *Gateway
	Sandbox func(ctx context.Context, sabotage string) (Scene, func(), error)
	Oldest  func(ctx context.Context) (time.Time, error) // of the kept backups; zero: there is none
	Temp    string
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
			Probe:     p.withAge(in(probeBackup, SabotageNone)), Mutant: in(mutantBackup, SabotageKeys),
		},
		{
			ID: "ER-LEDGER", Grades: real, Owner: "DPO", Fresh: freshFor, Every: everyFor,
			Says:      "何かを消す前に消去の台帳に記入し、古いバックアップを戻すときは台帳をやり直してから開くため、消去した人が戻ることはありません。台帳の書き換えと切り取りは見つけます。",
			NotProven: apart + "台帳の控えの置き場所が別の機械にあるかどうかは、この検査の対象に含まれません。",
			Probe:     p.withLedger(in(probeLedger(p.Temp), SabotageNone)), Mutant: in(probeLedger(p.Temp), SabotageLedger),
		},
		{
			ID: "LH-HOLD", Grades: real, Owner: "DPO", Fresh: freshFor, Every: everyFor,
			Says:      "係争などで保全を指定したデータは、期限が来ても、消去の申出があっても消しません。保全の指定を読めないときは消去を始めず、解除すれば消去できるようになります。",
			NotProven: apart + "保全すべきものが正しく指定されているかは、人が決めます。",
			Probe:     in(probeHold, SabotageNone), Mutant: in(probeHold, SabotageHold),
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
			e.OK, e.Failed = false, append(e.Failed, "1年より古いバックアップがあります: "+jst.Stamp(oldest))
		}
		return e, nil
	}
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
		if failed != nil {
			e.Failed = append(e.Failed, subjects[i]+"の消去が完了しません: "+fault.Of(failed).Code)
		} else if r.State != Done {
			e.Failed = append(e.Failed, subjects[i]+"の消去が完了しません。")
		}
		e.Facts["before_"+s.what], e.Facts["after_"+s.what] = before[i], after[i]
	}
	e.OK = len(e.Failed) == 0
	e.Measured = fmt.Sprintf("架空の人の値%d件と、架空の会社一つの値%d件を、バックアップから開けることを確かめてから消去し、最新の鍵で同じバックアップを開くと、読めたのは人の%d件、会社の%d件でした。",
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

// probeLedger erases a canary that is in a backup, restores it, and looks for the canary; then it offers a
// ledger in which one bit is flipped.
func probeLedger(temp string) func(context.Context, Scene) (control.Evidence, error) {
	return func(ctx context.Context, sc Scene) (control.Evidence, error) {
		t, person, err := sc.Canary(ctx)
		if err != nil {
			return control.Evidence{}, err
		}
		if err := sc.Backup(ctx); err != nil {
			return control.Evidence{}, err
		}
		g := sc.Gateway()
		if _, err := g.ErasePersons(ctx, prober(), t, []ids.Person{person}, probeOrder); err != nil {
			return control.Evidence{}, err
		}
		back := int64(0)
		err = sc.Restored(ctx, func(main *db.DB) error {
			return main.View(ctx, t, func(tx *db.Tx) error {
				w := &work{rec: Record{Tenant: t, Kind: Persons, People: []ids.Person{person}}}
				for _, s := range sweeps {
					n, _, err := w.left(tx, s)
					if back += n; err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			return control.Evidence{}, err
		}
		refused, err := g.o.Ledger.refusesAltered(ctx, g.o.Vault, temp)
		if err != nil {
			return control.Evidence{}, err
		}
		e := control.Evidence{OK: back == 0 && refused, Facts: map[string]any{"rows_back": back, "altered_refused": refused}}
		if back > 0 {
			e.Failed = append(e.Failed, fmt.Sprintf("消去した人の%d行が、復元で戻りました。", back))
		}
		if !refused {
			e.Failed = append(e.Failed, "1ビットを変えた台帳が受け入れられました。")
		}
		e.Measured = fmt.Sprintf("消去の前のバックアップを復元すると、消去した架空の人の行は%d行でした。1ビットを変えた台帳は%s。", back, control.Said(refused, "断られました", "受け入れられました"))
		return e, nil
	}
}

// refusesAltered offers a copy of the ledger in which one bit is flipped.
func (l *Ledger) refusesAltered(ctx context.Context, s Signer, temp string) (bool, error) {
	raw, err := os.ReadFile(l.files[0])
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp(temp, "ledger-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // swept at the next start too
	bad := bytes.Clone(raw)
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(filepath.Join(dir, ledgerName), bad, 0o600); err != nil {
		return false, err
	}
	_, err = NewLedger(dir, "").Read(ctx, s)
	return err != nil, nil
}

// probeHold: a held canary survives an order to erase it; released, it does not.
func probeHold(ctx context.Context, sc Scene) (control.Evidence, error) {
	t, person, err := sc.Canary(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	g, people := sc.Gateway(), []ids.Person{person}
	h, err := g.Place(ctx, prober(), Hold{
		Tenant: t, Scope: HoldPerson, Person: person, Reason: "自己点検", Authority: "自己点検", Reviewer: "自己点検", ReviewBy: jst.Of(time.Now()).AddMonths(1),
	})
	if err != nil {
		return control.Evidence{}, err
	}
	_, refusal := g.ErasePersons(ctx, prober(), t, people, probeOrder)
	keys, err := g.o.Vault.Persons(ctx, t, people)
	if err != nil {
		return control.Evidence{}, err
	}
	survived := keys[person] != nil && fault.Is(refusal, fault.Conflict)
	if err := g.Release(ctx, prober(), t, h.ID, "自己点検の終わり"); err != nil {
		return control.Evidence{}, err
	}
	r, err := g.ErasePersons(ctx, prober(), t, people, probeOrder)
	gone := err == nil && r.State == Done
	e := control.Evidence{OK: survived && gone, Facts: map[string]any{"survived": survived, "erased_after_release": gone}}
	if !survived {
		e.Failed = append(e.Failed, "保全中の架空の人が消去されました。")
	}
	if !gone {
		e.Failed = append(e.Failed, "解除の後の消去が完了しません。")
	}
	e.Measured = fmt.Sprintf("保全中の架空の人への消去の申出は、%s。解除の後の消去は、%s。",
		control.Said(survived, "断られ、記録は残りました", "断られませんでした"), control.Said(gone, "完了しました", "完了しませんでした"))
	return e, nil
}
