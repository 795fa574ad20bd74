package vault

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Deps is what the probe needs of the running service.
type Deps struct {
	Vault   *Vault
	DB      *db.DB                                    // the records' database
	Dir     string                                    // the data directory, searched whole
	Tenants func() (own, other ids.Tenant, err error) // two probe tenants
}

// Controls gives CR-REST (clause 3-11a).
func Controls(d Deps) []control.Control {
	return []control.Control{{
		ID:      "CR-REST",
		Clauses: []string{"3-11a"},
		Grades:  []control.Grade{control.Real},
		Says: "氏名、連絡先、健康情報などの保存データは、会社ごと・人ごとの鍵を使い、AES-256-GCMで項目ごとに暗号化して保存します。" +
			"鍵は上位の鍵で包み、記録とは別のデータベースに置きます。暗号文は、保存した場所（会社・表・行・項目）以外では開けません。",
		NotProven: "検査用の記録を実際の経路で書いて探した結果です。動作中のメモリ、スワップ、OSの一時領域は調べていません。" +
			"PostgreSQLを使うときは、そのサーバのファイルではなく、読み出した列の値を調べています。",
		Every: time.Hour,
		Fresh: 3 * time.Hour,
		Owner: "DEV",
		Probe: func(ctx context.Context) (control.Evidence, error) {
			s, err := sealedShelf(ctx, d)
			if err != nil {
				return control.Evidence{}, err
			}
			return lookAtRest(ctx, d.Vault, s)
		},
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			s, err := sealedShelf(ctx, d)
			if err != nil {
				return control.Evidence{}, err
			}
			dir, err := os.MkdirTemp("", "rakudos-canary-")
			if err != nil {
				return control.Evidence{}, err
			}
			defer os.RemoveAll(dir)
			return lookAtRest(ctx, d.Vault, &bareShelf{shelf: s, path: filepath.Join(dir, "record.db")})
		},
	}}
}

// shelf is where a canary is written and looked for.
type shelf interface {
	write(ctx context.Context, plain []byte) error
	raw(ctx context.Context) ([][]byte, error)            // what lies there, as bytes
	read(ctx context.Context) ([][]byte, error)           // opened with the right keys
	trespass(ctx context.Context) (opened int, err error) // opened with another tenant's key
	dir() string                                          // the folder to search
}

// lookAtRest writes a fresh random text and looks for it in every byte that was kept.
func lookAtRest(ctx context.Context, v *Vault, s shelf) (control.Evidence, error) {
	random := make([]byte, 12)
	rand.Read(random)
	mark := hex.EncodeToString(random)
	canary := "検査用カナリア" + mark
	if err := s.write(ctx, []byte(canary)); err != nil {
		return control.Evidence{}, err
	}
	look, err := newHunt(canary, mark)
	if err != nil {
		return control.Evidence{}, err
	}
	var e control.Evidence
	raw, err := s.raw(ctx)
	if err != nil {
		return e, err
	}
	for _, b := range raw {
		if look.in(b) {
			e.Failed = append(e.Failed, "データベースの列に平文がある")
		}
	}
	found, err := look.dir(ctx, s.dir())
	if err != nil {
		return e, err
	}
	for _, f := range found {
		e.Failed = append(e.Failed, f+" に平文がある")
	}
	hits := len(e.Failed)
	opened, err := s.read(ctx)
	if f := fault.Of(err); f != nil && f.Code == "vault.open" {
		opened = [][]byte{nil}
	} else if err != nil {
		return e, err
	}
	for _, b := range opened {
		if string(b) != canary {
			e.Failed = append(e.Failed, "検査用の記録を正しい鍵で開けない")
		}
	}
	strangers, err := s.trespass(ctx)
	if err != nil {
		return e, err
	}
	if strangers > 0 {
		e.Failed = append(e.Failed, "別の会社の鍵で検査用の記録が開いた")
	}
	ages, err := keyAges(ctx, v)
	if err != nil {
		return e, err
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"files": look.files, "bytes": look.bytes, "encodings": len(look.needles), "hits": hits,
		"opened": len(opened), "opened_by_others": strangers, "tenant_keys": ages.tenants, "person_keys": ages.persons, "oldest_key_days": ages.days}
	e.Measured = fmt.Sprintf("検査用の記録を保存し、データフォルダーの%dファイル（%s）とデータベースの列をUTF-8・UTF-16・CP932で探した結果、平文は%d件でした。"+
		"正しい鍵では開け、別の会社の鍵で開けた記録は%d件です。鍵は会社%d本・個人%d本、最も古いものは%d日です。",
		look.files, size(look.bytes), hits, strangers, ages.tenants, ages.persons, ages.days)
	return e, nil
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

// The canary person belongs to the probe tenant and to nobody.
const canaryPerson ids.Person = "00000000-0000-7000-8000-00000000ca00"

var (
	canaryByTenant = Loc{Table: "vault_canary", ID: "canary", Column: "by_tenant"}
	canaryByPerson = Loc{Table: "vault_canary", ID: "canary", Column: "by_person"}

	qCanaryWrite = db.Q("vault.canary_write", `insert into vault_canary (tenant_id, written_at, by_tenant, by_person) values ($1, $2, $3, $4)
		on conflict (tenant_id) do update set written_at = excluded.written_at, by_tenant = excluded.by_tenant, by_person = excluded.by_person`)
	qCanary = db.Q("vault.canary", `select by_tenant, by_person from vault_canary where tenant_id = $1`)
)

// liveShelf is the real path: keys of the vault, a row in the live database.
type liveShelf struct {
	db     *db.DB
	tenant ids.Tenant
	folder string
	own    *Key
	person *Key
	other  *Key
}

func sealedShelf(ctx context.Context, d Deps) (*liveShelf, error) {
	own, other, err := d.Tenants()
	if err != nil {
		return nil, err
	}
	s := &liveShelf{db: d.DB, tenant: own, folder: d.Dir}
	if s.own, err = d.Vault.Tenant(ctx, own); err != nil {
		return nil, err
	}
	if s.other, err = d.Vault.Tenant(ctx, other); err != nil {
		return nil, err
	}
	if err := d.Vault.CreatePersons(ctx, own, []ids.Person{canaryPerson}); err != nil {
		return nil, err
	}
	keys, err := d.Vault.Persons(ctx, own, []ids.Person{canaryPerson})
	if err != nil {
		return nil, err
	}
	if s.person = keys[canaryPerson]; s.person == nil {
		return nil, fault.New(fault.Missing, "vault.key_missing")
	}
	return s, nil
}

func (s *liveShelf) dir() string { return s.folder }

func (s *liveShelf) write(ctx context.Context, plain []byte) error {
	return s.db.Tx(ctx, s.tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qCanaryWrite, s.tenant, db.Micros(time.Now()), s.own.Seal(canaryByTenant, plain), s.person.Seal(canaryByPerson, plain))
		return err
	})
}

func (s *liveShelf) raw(ctx context.Context) (out [][]byte, err error) {
	err = s.db.View(ctx, s.tenant, func(tx *db.Tx) error {
		out, err = db.One(tx, qCanary, func(r db.Scanner) ([][]byte, error) {
			var a, b []byte
			err := r.Scan(&a, &b)
			return [][]byte{a, b}, err
		}, s.tenant)
		return err
	})
	return out, err
}

func (s *liveShelf) read(ctx context.Context) ([][]byte, error) {
	raw, err := s.raw(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.own.Open(canaryByTenant, raw[0])
	if err != nil {
		return nil, err
	}
	b, err := s.person.Open(canaryByPerson, raw[1])
	return [][]byte{a, b}, err
}

func (s *liveShelf) trespass(ctx context.Context) (opened int, err error) {
	raw, err := s.raw(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range []Loc{canaryByTenant, canaryByPerson} {
		for _, b := range raw {
			if _, err := s.other.Open(l, b); err == nil {
				opened++
			}
		}
	}
	return opened, nil
}

// bareShelf is the broken writer of the mutant: it keeps the text as it is, in a folder of its own.
type bareShelf struct {
	shelf
	path string
}

func (s *bareShelf) dir() string { return filepath.Dir(s.path) }

func (s *bareShelf) write(ctx context.Context, plain []byte) error {
	if err := s.shelf.write(ctx, plain); err != nil {
		return err
	}
	return os.WriteFile(s.path, append([]byte("record\x00"), plain...), 0o600)
}
