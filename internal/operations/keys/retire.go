package keys

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Retired is a version that was destroyed.
type Retired struct {
	Tenant  ids.Tenant
	Person  ids.Person
	Version uint32
}

// Retire destroys a superseded version of a key. In the ordinary way it must have been superseded for as
// long as backups live; compromised gives that up — backups from before then no longer open — but never
// what is in the database and the files now: a version under which anything stands is refused.
func (s *Service) Retire(ctx context.Context, who actor.Actor, t ids.Tenant, p ids.Person, version uint32, compromised bool) error {
	if err := s.o.Guard(who, PermissionRotate); err != nil {
		return err
	}
	all, err := s.o.Vault.Versions(ctx, t, p)
	if err != nil {
		return err
	}
	wait := s.o.Policy.Keep
	if compromised {
		wait = s.o.Policy.Settle
	}
	if !over(all, version, time.Now().Add(-wait)) {
		return fault.New(fault.Conflict, "keys.too_early")
	}
	used, err := s.uses(ctx, t, p, version)
	if err != nil {
		return err
	}
	if len(used) > 0 {
		return fault.New(fault.Conflict, "keys.in_use")
	}
	if err := s.o.Vault.Retire(ctx, t, p, version); err != nil {
		return err
	}
	kept, err := settle(ctx, s.o.Keys)
	if err != nil {
		return err
	}
	w := &Work{Kind: Tenant, Tenant: t, Person: p}
	if p != "" {
		w.Kind = Person
	}
	err = s.o.Main.Tx(ctx, t, func(tx *db.Tx) error {
		return s.record(tx, who, "key.version_destroyed", w, withLog(map[string]any{"version": version, "compromised": compromised}, kept))
	})
	if err != nil {
		return err
	}
	return s.o.Copies.RenewKeys(ctx, who) // or a copy would still hold it
}

// over tells whether a version was superseded before an instant.
func over(all []vault.VersionInfo, version uint32, before time.Time) bool {
	for i, v := range all {
		if v.Version == version {
			return i+1 < len(all) && all[i+1].Made.Before(before)
		}
	}
	return false
}

// uses counts what stands under a version of a key, by place: in every table, declared or not, and in files.
func (s *Service) uses(ctx context.Context, t ids.Tenant, p ids.Person, version uint32) (map[string]int64, error) {
	record, stream := vault.Prefix(version)
	out := map[string]int64{}
	err := s.o.Main.View(ctx, t, func(tx *db.Tx) error {
		for _, prefix := range [][]byte{record, stream} {
			found, err := tx.Prefixed(p, prefix)
			if err != nil {
				return err
			}
			for place, n := range found {
				out[place] += n
			}
		}
		if p == "" {
			return nil
		}
		for _, c := range s.o.Columns { // some name their person only through another table
			if c.Person {
				n, err := c.Under(tx, t, p, version)
				if err != nil {
					return err
				}
				if n > 0 {
					out[c.Table+"."+c.Name] = n
				}
			}
		}
		return nil
	})
	if err != nil || p != "" || s.o.Files == nil {
		return out, err
	}
	n, err := s.o.Files(ctx, t, stream)
	if n > 0 {
		out["files"] = n
	}
	return out, err
}

// Daily rotates by itself what comes near its limit, and destroys superseded versions whose time is over
// and under which nothing stands.
func (s *Service) Daily(ctx context.Context) error {
	if err := s.rotateOld(ctx); err != nil {
		return err
	}
	_, err := s.retireOld(ctx)
	return err
}

func (s *Service) rotateOld(ctx context.Context) error {
	inv, err := s.inventory(ctx)
	if err != nil {
		return err
	}
	for _, l := range inv.Lines {
		if l.Limit.IsZero() || time.Until(l.Limit) > s.o.Policy.Ahead || l.Elsewhere {
			continue
		}
		_, err := s.Begin(ctx, machine(ids.System), Request{Kind: l.Kind, Tenant: l.Tenant, Reason: "期限前の自動更新"})
		if err != nil && code(err) != "keys.running" {
			return err
		}
	}
	return nil
}

func (s *Service) retireOld(ctx context.Context) (out []Retired, err error) {
	all, err := s.tenants(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		rotated, err := s.o.Vault.Rotated(ctx, t)
		if err != nil {
			return out, err
		}
		for _, p := range append([]ids.Person{""}, rotated...) {
			versions, err := s.o.Vault.Versions(ctx, t, p)
			if err != nil {
				return out, err
			}
			for i, v := range versions {
				if p == "" && i == 0 || !over(versions, v.Version, time.Now().Add(-s.o.Policy.Keep)) {
					continue
				}
				switch err := s.Retire(ctx, machine(t), t, p, v.Version, false); {
				case err == nil:
					out = append(out, Retired{t, p, v.Version})
				case !fault.Is(err, fault.Conflict):
					return out, err
				}
			}
		}
	}
	return out, nil
}
