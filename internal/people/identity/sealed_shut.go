package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Shut says why an envelope that is sealed would open no door; empty: it would. Nobody may learn that on the day on
// which the envelope is needed.
type Shut string

// Why an envelope opens nothing.
const (
	ShutStopped Shut = "stopped" // the account is out of use
	ShutNoRole  Shut = "norole"  // it lacks the emergency role, or its grants do not verify
	ShutUnsure  Shut = "unsure"  // its own row does not verify
)

var qSealedReady = db.GlobalQ("identity.sealed_ready", `select `+sealedColumns+` from identity_sealed s where s.state = 'sealed' order by s.tenant_id, s.account_id`)

// shut looks at the account behind an envelope as a sign-in with it would.
func (s *Service) shut(tx *db.Tx, k *vault.Key, r *sealedRow, acc *account) (Shut, error) {
	switch {
	case r.state != Sealed && r.state != Broken:
		return "", nil
	case !same(r.mac, r.sum(k)) || !s.genuine(k, acc):
		return ShutUnsure, nil
	case acc.State != "active":
		return ShutStopped, nil
	}
	held, err := s.heldBy(tx, k, r.tenant, r.account)
	if f := fault.Of(err); err != nil && (f == nil || f.Code != "identity.row_tampered") {
		return "", err
	}
	if !slices.Contains(held, Grant{Role: actor.Emergency}) {
		return ShutNoRole, nil
	}
	return "", nil
}

// readyOne is an envelope that is sealed, and what is wrong with it.
type readyOne struct {
	tenant  ids.Tenant
	account ids.Account
	shut    Shut
}

// ready looks at every sealed envelope of the service and changes nothing.
func (s *Service) ready(ctx context.Context) ([]readyOne, error) {
	var rows []sealedRow
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qSealedReady, scanSealed)
		return err
	}); err != nil {
		return nil, err
	}
	var out []readyOne
	for _, r := range rows {
		k, err := s.keys.Tenant(ctx, r.tenant)
		if fault.Is(err, fault.Missing) {
			continue // the tenant's key is destroyed
		}
		if err != nil {
			return nil, err
		}
		one := readyOne{r.tenant, r.account, ShutUnsure}
		if err := s.db.View(ctx, r.tenant, func(tx *db.Tx) error {
			acc, err := db.One(tx, qAccountByID, scanAccount, r.tenant, r.account)
			if fault.Is(err, fault.Missing) {
				return nil
			}
			if err == nil {
				one.shut, err = s.shut(tx, k, &r, &acc)
			}
			return err
		}); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Envelopes counts the sealed envelopes of all tenants and those that would open nothing.
func (s *Service) Envelopes(ctx context.Context) (all, shut int, err error) {
	ready, err := s.ready(ctx)
	for _, one := range ready {
		if one.shut != "" {
			shut++
		}
	}
	return len(ready), shut, err
}

// watchSealed tells whoever watches, once a day, of an envelope that would open nothing.
func (s *Service) watchSealed(ctx context.Context, now time.Time) error {
	ready, err := s.ready(ctx)
	if err != nil {
		return err
	}
	for _, one := range ready {
		if one.shut == "" {
			continue
		}
		told := 0
		if err := s.transact(ctx, func(tx *db.Tx) (err error) {
			told, err = db.Value[int](tx, qTally, ids.System, "sealed-shut."+string(one.account), db.Micros(now), db.Micros(now.Add(24*time.Hour)))
			return err
		}); err != nil {
			return err
		}
		if told != 1 {
			continue
		}
		info, err := s.tenants.TenantByID(ctx, one.tenant)
		if err != nil {
			return err
		}
		s.watched(one.tenant, "sealed.alarm", "【重要】封をした緊急用の利用者IDが、今は使えません", fmt.Sprintf(`%s の緊急用の利用者IDは封をしてありますが、封筒を開けてもサインインできない状態です（停止中、役割なし、または書き換えの疑い）。

・確かめた時刻：%s

「緊急用の利用者ID」の画面で状態を確かめ、封をし直してください。封をし直すと、役割も戻ります。
心当たりがない場合は、「操作の記録」で経緯を確かめ、保健会の窓口へ知らせてください。
`, oneLine(info.Name), moment(now)))
	}
	return nil
}
