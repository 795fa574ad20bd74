package vault

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// Deps is what the probe needs of a service: the running one, or a sandbox.
type Deps struct {
	Vault   *Vault
	DB      *db.DB                                    // the records' database
	Dir     string                                    // the data directory, searched whole
	Tenants func() (own, other ids.Tenant, err error) // two probe tenants
	Written Writer
	// Sandbox starts a service that leaves the columns of Broken bare.
	Sandbox func(ctx context.Context) (Deps, func(), error)
	Broken  []Place
}

// Writer has fresh words recorded by the service's own ways, at least once in the life of the process and once a day.
type Writer func(context.Context) (Written, error)

// Written is what must be nowhere in the clear.
type Written struct {
	At      time.Time
	Fresh   []Text       // written at that time by the imports and the page of users
	Known   []Text       // names and addresses that the tenants of the probes hold anyway
	Tenants []ids.Tenant // in whose rows to look
}

// Controls gives CR-REST (clause 3-11a).
func Controls(d Deps) []control.Control {
	return []control.Control{{
		ID:      "CR-REST",
		Clauses: []string{"3-11a"},
		Grades:  []control.Grade{control.Real},
		Says: "氏名、連絡先、健康情報などの保存データは、会社ごと・人ごとの鍵を使い、AES-256-GCMで項目ごとに暗号化して保存します。" +
			"鍵は上位の鍵で包み、記録とは別のデータベースに置きます。暗号文は、保存した場所（会社・表・行・項目）以外では開けません。",
		NotProven: "検査用の会社の名簿と健診の取込み、利用者の名前の変更で書いた言葉と、検査用の会社の人の氏名・フリガナ・メールアドレスを探した結果です。" +
			"数だけの値（血圧など）は偶然の並びと区別できないため、自由記述の値で代えています。ほかの会社の値と鍵、ほかの画面から書いた値、圧縮した平文、データフォルダーの外に置いたバックアップと二つ目の置き場所は探していません。" +
			"移しても開かないことは専用の表の値で試し、ほかの表の値では試していません。動作中のメモリ、スワップ、OSの一時領域は調べていません。PostgreSQLを使うときは、そのサーバのファイルではなく、読み出した列の値を調べています。",
		Every: time.Hour,
		Fresh: 3 * time.Hour,
		Owner: "DEV",
		Probe: func(ctx context.Context) (control.Evidence, error) {
			e, _, err := lookAtRest(ctx, d)
			return e, err
		},
		Mutant: func(ctx context.Context) (control.Evidence, error) { return lookAtBare(ctx, d) },
	}}
}

// apart tells whether the keys' tables lie in another database than the records.
func (d Deps) apart(ctx context.Context) (bool, error) {
	if d.DB.Engine() == db.SQLite {
		return d.DB.Path() != d.Vault.keys.Path(), nil
	}
	c, err := d.DB.Cluster(ctx)
	return !c.Keys, err
}

// layOpen leaves a tenant's key in the clear in a sandbox's folder.
func (d Deps) layOpen(ctx context.Context) (take func() error, err error) {
	own, _, err := d.Tenants()
	if err != nil {
		return nil, err
	}
	k, err := d.Vault.Tenant(ctx, own)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(d.Dir, openKeyFile)
	return func() error { return os.Remove(file) }, os.WriteFile(file, k.current().raw[:], 0o600)
}

const openKeyFile = "canary-open.key"

// lookAtBare looks at a service that stores columns unsealed, binds the probe's values to no place, and leaves a key in a
// file. Each of them must be noticed: one that is not makes the whole pass.
func lookAtBare(ctx context.Context, d Deps) (e control.Evidence, err error) {
	broken, stop, err := d.Sandbox(ctx)
	if err != nil {
		return e, err
	}
	defer stop()
	take, err := broken.layOpen(ctx)
	if err != nil {
		return e, err
	}
	e, columns, err := lookAtRest(ctx, broken)
	if err = errors.Join(err, take()); err != nil {
		return e, err
	}
	e.OK = !slices.Contains(e.Failed, hit(openKeyFile, openKey)) || slices.ContainsFunc(d.Broken, func(p Place) bool { return !columns[p] }) || e.Facts["opened_elsewhere"] == 0
	return e, nil
}

// lookAtRest has fresh words written and looks for it, and for what is known, in every byte that was kept.
func lookAtRest(ctx context.Context, d Deps) (e control.Evidence, columns map[Place]bool, err error) {
	random := make([]byte, 12)
	rand.Read(random)
	mark := hex.EncodeToString(random)
	s, err := sealedShelf(ctx, d)
	if err != nil {
		return e, nil, err
	}
	canary := "検査用カナリア" + mark
	if err := s.write(ctx, []byte(canary)); err != nil {
		return e, nil, err
	}
	w, err := d.Written(ctx)
	if err != nil {
		return e, nil, err
	}
	look, err := newHunt(slices.Concat([]Text{{"検査用の記録", canary}}, w.Fresh, w.Known, []Text{{"検査用の記録", mark}})...)
	if err != nil {
		return e, nil, err
	}
	look.keys(s.own, s.person, s.other)
	bare, values, err := look.rows(ctx, d.DB, w.Tenants)
	if err != nil {
		return e, nil, err
	}
	stored, _, err := look.rows(ctx, d.Vault.keys, []ids.Tenant{s.tenant, s.stranger})
	if err != nil {
		return e, nil, err
	}
	apart, err := d.apart(ctx)
	if err != nil {
		return e, nil, err
	}
	if !apart {
		e.Failed = append(e.Failed, "鍵の表が、記録と同じデータベースにある")
	}
	for p, kind := range stored {
		e.Failed = append(e.Failed, fmt.Sprintf("鍵データベースの列 %s.%s に平文の%sがある", p.Table, p.Column, kind))
	}
	columns = map[Place]bool{}
	for p, kind := range bare {
		columns[p] = true
		e.Failed = append(e.Failed, fmt.Sprintf("データベースの列 %s.%s に平文の%sがある", p.Table, p.Column, kind))
	}
	slices.Sort(e.Failed)
	found, err := look.dir(ctx, d.Dir)
	if err != nil {
		return e, nil, err
	}
	e.Failed = append(e.Failed, found...)
	hits := len(e.Failed)
	opened, strangers, err := s.judge(ctx, canary, &e)
	if err != nil {
		return e, nil, err
	}
	tried, elsewhere, err := s.moved(ctx)
	if err != nil {
		return e, nil, err
	}
	if elsewhere > 0 {
		e.Failed = append(e.Failed, fmt.Sprintf("検査用の記録が、別の表・行・項目に移しても開いた（%d通り）", elsewhere))
	}
	ages, err := keyAges(ctx, d.Vault)
	if err != nil {
		return e, nil, err
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"files": look.files, "bytes": look.bytes, "encodings": look.count, "hits": hits, "fresh": len(w.Fresh), "known": len(w.Known), "values": values,
		"keys_apart": apart, "opened": opened, "opened_by_others": strangers, "moved": tried, "opened_elsewhere": elsewhere, "tenant_keys": ages.tenants, "person_keys": ages.persons, "oldest_key_days": ages.days}
	e.Measured = fmt.Sprintf("検査用の会社で、名簿と健診の取込みと利用者の名前の変更により、%sに新しい言葉を書きました（%s）。それと、前からある氏名・フリガナ・メールアドレスなど%d語を、"+
		"データフォルダーの%dファイル（%s）と、検査用の%d社のすべての表の値%d個でUTF-8・UTF-16・CP932で探し、検査用の会社と人の鍵そのものを、同じ場所と鍵データベースで探した結果、平文のあった場所は%d件でした。"+
		"専用の表に書いた記録は、正しい鍵で%d件が開き、別の会社の鍵で開いたものは%d件、別の表・行・項目に移した%d通りで開いたものは%d件です。鍵は会社%d本・個人%d本、最も古いものは%d日です。",
		jst.Stamp(w.At), kinds(w.Fresh), len(w.Known), look.files, size(look.bytes), len(w.Tenants), values, hits, opened, strangers, tried, elsewhere, ages.tenants, ages.persons, ages.days)
	return e, columns, nil
}

func kinds(all []Text) string {
	var out []string
	for _, t := range all {
		out = append(out, t.Kind)
	}
	return strings.Join(out, "・")
}

// rows searches every value of the tenants' rows and says in which columns a text stands in the clear.
func (h *hunt) rows(ctx context.Context, d *db.DB, tenants []ids.Tenant) (found map[Place]string, values int, err error) {
	found = map[Place]string{}
	for _, t := range tenants {
		err := d.View(ctx, t, func(tx *db.Tx) error {
			return tx.Texts(func(table, column string, value []byte) {
				values++
				if kind := h.in(value); kind != "" {
					found[Place{table, column}] = kind
				}
			})
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return found, values, nil
}

// judge opens the probe's own row with its keys, and tries another tenant's.
func (s *shelf) judge(ctx context.Context, canary string, e *control.Evidence) (right, strangers int, err error) {
	opened, err := s.read(ctx)
	if f := fault.Of(err); f != nil && f.Code == "vault.open" {
		opened = [][]byte{nil}
	} else if err != nil {
		return 0, 0, err
	}
	for _, b := range opened {
		if string(b) == canary {
			right++
		} else {
			e.Failed = append(e.Failed, "検査用の記録を正しい鍵で開けない")
		}
	}
	if strangers, err = s.trespass(ctx); err == nil && strangers > 0 {
		e.Failed = append(e.Failed, "別の会社の鍵で検査用の記録が開いた")
	}
	return right, strangers, err
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", (n+1023)>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

type ages struct{ tenants, persons, days int64 }

func keyAges(ctx context.Context, v *Vault) (a ages, err error) {
	all, err := v.Inventory(ctx)
	for _, k := range all {
		switch k.Kind {
		case "tenant":
			a.tenants += k.Count
		case "person":
			a.persons += k.Count
		default:
			continue
		}
		a.days = max(a.days, int64(time.Since(k.Oldest)/(24*time.Hour)))
	}
	return a, err
}
