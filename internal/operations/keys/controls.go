package keys

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Probing is what the probe needs of the running service.
type Probing struct {
	Keys    *Service
	Root    vault.Root
	Tenant  func() (ids.Tenant, error)                  // of the probes alone
	Known   func(context.Context) ([]ids.Tenant, error) // every tenant on the register
	Backups Shelf
}

// Shelf looks at copies of the key store.
type Shelf interface {
	DeclaredKeys(ctx context.Context) ([]string, error)
	InsideKeys(ctx context.Context, id string, use func(*db.DB) error) error
}

// spoiled is what a mutant changes: one protection at a time.
type spoiled struct {
	destroy func(context.Context, ids.Tenant, []ids.Person) error // instead of the vault's
	age     time.Duration                                         // instead of the limit
	renew   bool                                                  // false: copies of before stay
	seek    func(context.Context) (strays, error)                 // instead of looking through the data folder
	logs    func(context.Context) ([]string, error)               // instead of the key store's settings
}

// Controls gives KM-KEYS.
func Controls(p Probing) []control.Control {
	pol := p.Keys.o.Policy
	honest := spoiled{p.Keys.o.Vault.DestroyPersons, pol.Age, true, p.Keys.seek, p.Keys.o.Keys.LogsBinds}
	return []control.Control{{
		ID:     "KM-KEYS",
		Grades: []control.Grade{control.Real},
		Says: fmt.Sprintf("暗号の鍵は、種類・版・日付・期限・写しを台帳で管理します。ルート鍵と会社の鍵は%d日以内に新しくし、鍵データベースの写しは最大%d日だけ持ちます。"+
			"鍵は持ち出しのために預けず、破棄した鍵はバックアップにある写しからも消し、その鍵で暗号化した記録が開かないことを毎日確かめます。", days(pol.Age), days(pol.Copy)),
		NotProven: "破棄の前に鍵が写し取られていないことは分かりません。写しは、バックアップの置き場所と、データフォルダーの全体（一時フォルダーを除く）で探します。データフォルダーでは、圧縮や暗号化をしていないSQLiteのファイルだけが分かります。データフォルダーの外、ほかの機械、人の手元にある写しは見つけられません。鍵の作成日は、記録とは別の鍵データベースに書かれたとおりに見ています。動作中のメモリと、ファイルに置いたルート鍵の写しは調べていません。" +
			"PostgreSQLを使うときは、破棄した鍵の（包まれた）行が、サーバーの変更の控え（WAL）に残ることがあります。上書きさせる権限を表の持ち主の役割に与えていれば、破棄のときに上書きします。この点検では調べていません。サーバーのログは、設定を見るだけで、すでに書かれたものと拡張機能が書くものは調べていません。",
		Every: 24 * time.Hour,
		Fresh: 36 * time.Hour,
		Owner: "SEC",
		Probe: func(ctx context.Context) (control.Evidence, error) { return p.look(ctx, honest) },
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			// Each protection is taken away alone, and each must be missed: one that goes unnoticed makes the whole pass.
			var failed []string
			defer p.Keys.strays.Store(nil) // the pages are not to be told what a blind one found
			for name, x := range map[string]spoiled{
				"鍵を残す破棄":      {func(context.Context, ids.Tenant, []ids.Person) error { return nil }, pol.Age, true, p.Keys.seek, honest.logs},
				"写しを残す破棄":     {honest.destroy, pol.Age, false, p.Keys.seek, honest.logs},
				"期限を過ぎた鍵":     {honest.destroy, time.Nanosecond, true, p.Keys.seek, honest.logs},
				"写しを探さない検査":   {honest.destroy, pol.Age, true, func(context.Context) (strays, error) { return strays{whole: true, at: time.Now()}, nil }, honest.logs},
				"鍵を書くサーバーのログ": {honest.destroy, pol.Age, true, p.Keys.seek, func(context.Context) ([]string, error) { return []string{"log_statement=all"}, nil }},
			} {
				e, err := p.look(ctx, x)
				if err != nil {
					return e, err
				}
				if e.OK {
					e.Measured = "わざと壊した状態（" + name + "）を見逃しました。"
					return e, nil
				}
				failed = append(failed, e.Failed...)
			}
			if err := p.Keys.o.Copies.RenewKeys(ctx, machine(ids.System)); err != nil {
				return control.Evidence{}, err
			}
			slices.Sort(failed)
			return control.Evidence{Failed: slices.Compact(failed), Measured: "わざと壊した状態をすべて見つけました。"}, nil
		},
	}}
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

func (p Probing) look(ctx context.Context, x spoiled) (control.Evidence, error) {
	var e control.Evidence
	bad := func(format string, a ...any) { e.Failed = append(e.Failed, fmt.Sprintf(format, a...)) }
	// The canary comes first: it renews the copies that the inventory then lists.
	opened, copies, err := p.canary(ctx, x)
	if err != nil {
		return e, err
	}
	if opened > 0 {
		bad("破棄した検査用の鍵で、記録が開いた")
	}
	if copies > 0 {
		bad("破棄した検査用の鍵が、鍵データベースの写しに残っている")
	}
	lured, err := p.Keys.lured(ctx, x.seek)
	if err != nil {
		return e, err
	}
	if !lured {
		bad("データフォルダーに置いてみた、鍵データベースの写しに似せたものに気づかなかった")
	}
	inv, err := p.Keys.inventory(ctx)
	if err != nil {
		return e, err
	}
	astray := 0
	for _, a := range inv.Alerts {
		bad("%s", AlertWords[a.Code]) // the page is public: no paths
		if a.Code == "stray" {
			astray++
		}
	}
	oldest := time.Duration(0)
	var have []ids.Tenant
	for _, l := range inv.Lines {
		if l.Kind == Tenant {
			have = append(have, l.Tenant)
		}
		if !l.Limit.IsZero() {
			oldest = max(oldest, inv.At.Sub(l.Made))
			if inv.At.Sub(l.Made) > x.age && !l.Over {
				bad("期限を過ぎた鍵がある")
			}
		}
	}
	missing, strange, err := p.compare(ctx, have)
	if err != nil {
		return e, err
	}
	if missing > 0 {
		bad("鍵のない会社が%d社ある", missing)
	}
	if strange > 0 {
		bad("登録のない会社の鍵が%d本ある", strange)
	}
	undeclared, err := p.undeclared(ctx, inv)
	if err != nil {
		return e, err
	}
	if undeclared > 0 {
		bad("台帳と食い違う鍵の写しが%d組ある", undeclared)
	}
	logged, err := x.logs(ctx)
	if err != nil {
		return e, err
	}
	if len(logged) > 0 {
		bad("鍵データベースのPostgreSQLが、包んだ鍵をサーバーのログに書くことのある設定になっている（%s）", strings.Join(logged, "、"))
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"tenant_keys": len(have), "copies": len(inv.Copies), "oldest_days": days(oldest), "destroyed": inv.Destroyed, "retired_versions": inv.Retired,
		"root_versions": len(inv.RootUse), "canary_opened": opened, "canary_in_copies": copies, "undeclared_copies": undeclared, "stray_copies": astray}
	e.Measured = fmt.Sprintf("会社の鍵%d本と鍵データベースの写し%d組を台帳と突き合わせました。最も古い鍵は%d日です。検査用の人の鍵を作って破棄した後、記録は%d件、写しの中では%d件開きました。データフォルダーの全体を調べて、あるべきでない鍵データベースの写しは%d個でした。",
		len(have), len(inv.Copies), days(oldest), opened, copies, astray)
	return e, nil
}

// compare holds the keys against the register of tenants. The service's own key is not on it.
func (p Probing) compare(ctx context.Context, have []ids.Tenant) (missing, strange int, err error) {
	known, err := p.Known(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, t := range known {
		if !slices.Contains(have, t) {
			missing++
		}
	}
	for _, t := range have {
		if t != ids.System && !slices.Contains(known, t) {
			strange++
		}
	}
	return missing, strange, nil
}

func (p Probing) undeclared(ctx context.Context, inv *Inventory) (n int, err error) {
	declared, err := p.Backups.DeclaredKeys(ctx)
	if err != nil {
		return 0, err
	}
	for _, c := range inv.Copies {
		if !slices.Contains(declared, c.ID) {
			n++
		}
	}
	return n + max(0, len(declared)-(len(inv.Copies)-n)), nil
}

var canaryAt = vault.Loc{Table: "key_canary", ID: "record", Column: "sealed"}

// canary makes a person's key, seals a record with it, has it copied, destroys it, and tries to open the
// record with what the key store holds then, and with what each copy holds.
func (p Probing) canary(ctx context.Context, x spoiled) (opened, inCopies int, err error) {
	t, err := p.Tenant()
	if err != nil {
		return 0, 0, err
	}
	v, who := p.Keys.o.Vault, machine(ids.System)
	person := []ids.Person{ids.New[ids.Person]()}
	if err := v.CreatePersons(ctx, t, person); err != nil {
		return 0, 0, err
	}
	defer func() { // whatever a mutant left
		if e := v.DestroyPersons(context.WithoutCancel(ctx), t, person); err == nil {
			err = e
		}
	}()
	ks, err := v.Persons(ctx, t, person)
	if err != nil {
		return 0, 0, err
	}
	if ks[person[0]] == nil {
		return 0, 0, fault.New(fault.Missing, "vault.key_missing")
	}
	sealed := ks[person[0]].Seal(canaryAt, []byte(person[0]))
	if err := p.Keys.o.Copies.RenewKeys(ctx, who); err != nil {
		return 0, 0, err
	}
	before, err := p.opensIn(ctx, t, person[0], sealed)
	if err != nil {
		return 0, 0, err
	}
	if before == 0 { // a look that never finds anything proves nothing
		return 0, 0, fault.New(fault.Internal, "keys.blind")
	}
	if err := x.destroy(ctx, t, person); err != nil {
		return 0, 0, err
	}
	if x.renew {
		if err := p.Keys.o.Copies.RenewKeys(ctx, who); err != nil {
			return 0, 0, err
		}
	}
	if ks, err = v.Persons(ctx, t, person); err != nil {
		return 0, 0, err
	}
	if k := ks[person[0]]; k != nil {
		if _, err := k.Open(canaryAt, sealed); err == nil {
			opened++
		}
	}
	inCopies, err = p.opensIn(ctx, t, person[0], sealed)
	if !x.renew && err == nil { // what the mutant left in the copies goes as well
		err = p.Keys.o.Copies.RenewKeys(ctx, who)
	}
	return opened, inCopies, err
}

// opensIn counts the copies of the key store with which a record opens.
func (p Probing) opensIn(ctx context.Context, t ids.Tenant, person ids.Person, sealed []byte) (n int, err error) {
	all, err := p.Keys.o.Copies.KeyCopies(ctx)
	if err != nil {
		return 0, err
	}
	for _, c := range all {
		if c.Damaged {
			continue // an alert of its own
		}
		err := p.Backups.InsideKeys(ctx, c.ID, func(d *db.DB) error {
			v, err := vault.Open(ctx, d, p.Root)
			if err != nil {
				return err
			}
			ks, err := v.Persons(ctx, t, []ids.Person{person})
			if fault.Is(err, fault.Missing) { // the copy is older than the tenant
				return nil
			}
			if k := ks[person]; err == nil && k != nil {
				if _, e := k.Open(canaryAt, sealed); e == nil {
					n++
				}
			}
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
