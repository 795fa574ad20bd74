package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/governance/termination"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/backup"
	"rakudos/internal/operations/keys"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
	"rakudos/internal/people/org"
	"rakudos/internal/people/tenant"
)

// openKeys builds what looks after the keys, on top of the backups, which hold copies of them.
func (a *App) openKeys(ctx context.Context) error {
	files, err := blob.Local(a.Config.path("blobs"))
	if err != nil {
		return err
	}
	a.KeyRing = keys.New(keys.Options{
		Main: a.DB, Keys: a.Keys, Vault: a.Vault, Log: a.Audit, Jobs: a.Jobs, Copies: keyCopies{a.Backup},
		Columns: SealedColumns,
		Files: func(ctx context.Context, t ids.Tenant, prefix []byte) (int64, error) {
			return beginning(ctx, files, t, prefix)
		},
		Guard: require, Policy: keys.DefaultPolicy(), Logger: a.log, Dir: a.Config.Data,
	})
	if a.Config.sandbox() {
		return nil
	}
	return a.KeyRing.Register(ctx)
}

// SealedColumns are all that a rotation seals again. A test reads the schema: a column that is sealed and neither
// here nor explained there fails the build.
var SealedColumns = slices.Concat(tenant.Sealed, identity.SealedColumns, sso.Sealed, scim.Sealed, org.Sealed, checkup.Sealed,
	accessreview.Sealed, erasure.Sealed, retention.Sealed, termination.Sealed, certificate.Sealed, backup.Sealed, asset.Sealed)

// beginning counts a tenant's files that begin with some bytes.
func beginning(ctx context.Context, files blob.Store, t ids.Tenant, prefix []byte) (n int64, err error) {
	names, err := files.List(ctx, string(t)+"/")
	if err != nil {
		return 0, err
	}
	head := make([]byte, len(prefix))
	for _, name := range names {
		r, err := files.Open(ctx, name)
		if fault.Is(err, fault.Missing) {
			continue // deleted meanwhile
		}
		if err != nil {
			return n, err
		}
		_, err = io.ReadFull(r, head)
		if e := r.Close(); err == nil {
			err = e
		}
		if err == nil && bytes.Equal(head, prefix) {
			n++
		} else if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return n, err
		}
	}
	return n, nil
}

// keyCopies are the copies of the key store among the backups.
type keyCopies struct{ *backup.Service }

func (k keyCopies) KeyCopies(ctx context.Context) (out []keys.Copy, err error) {
	all, err := k.List(ctx)
	for _, g := range all {
		if g.Kind == backup.Keys {
			out = append(out, keys.Copy{ID: g.ID, Taken: g.Taken, Damaged: g.Damaged})
		}
	}
	return out, err
}

// keyProbing is what the probe of the keys looks at.
func (a *App) keyProbing() keys.Probing {
	return keys.Probing{
		Keys: a.KeyRing, Root: a.root, Backups: a.Backup,
		Tenant: func() (ids.Tenant, error) { t, _, err := a.probeTenants(); return t, err },
		Known: func(ctx context.Context) (out []ids.Tenant, err error) {
			all, err := a.Tenants.List(ctx)
			for _, t := range all {
				// A customer that was erased stays in the register; that its key was destroyed is proven by the key store.
				if _, err := a.Vault.Tenant(ctx, t.ID); err != nil && fault.Of(err).Code == "vault.key_destroyed" {
					continue
				}
				out = append(out, t.ID)
			}
			return out, err
		},
	}
}

func houseKeys() cli.KeyRing {
	who := actor.HostOperator(ids.System, "keys")
	return cli.KeyRing{
		List: func(ctx context.Context, o cli.Options) (*keys.Inventory, error) {
			return onStopped(ctx, o, func(a *App) (*keys.Inventory, error) {
				inv, err := a.KeyRing.Inventory(ctx, who)
				if err == nil {
					a.nameTenants(ctx, inv)
				}
				return inv, err
			})
		},
		Rotate: func(ctx context.Context, o cli.Options, r cli.RotateRequest, tell func(*keys.Work)) (*keys.Work, error) {
			return onStopped(ctx, o, func(a *App) (*keys.Work, error) {
				ask := keys.Request{Kind: r.Level, Person: r.Person, Reason: r.Reason}
				if r.Tenant != "" {
					t, err := a.Tenant(ctx, r.Tenant)
					if err != nil {
						return nil, err
					}
					ask.Tenant = t.ID
				}
				return a.KeyRing.Now(ctx, who, ask, tell)
			})
		},
		MoveRoot: houseMoveRoot,
	}
}

// nameTenants puts the codes of tenants into the inventory, for people.
func (a *App) nameTenants(ctx context.Context, inv *keys.Inventory) {
	for i := range inv.Lines {
		if t, err := a.Tenants.ByID(ctx, inv.Lines[i].Tenant); err == nil {
			inv.Lines[i].Code = t.Code
		}
	}
}

// houseMoveRoot wraps everything under the root key of another configuration. It works on a stopped
// service; the configuration file is the operator's to exchange afterwards.
func houseMoveRoot(ctx context.Context, o cli.Options, to, reason string, tell vault.Tell) (from, now string, err error) {
	next, err := configure(cli.Options{Config: to})
	if err != nil {
		return "", "", err
	}
	c, err := configure(o)
	if err != nil {
		return "", "", err
	}
	next.Data = c.Data
	if next.Keys.Root == c.Keys.Root {
		return "", "", fault.New(fault.Invalid, "keys.same_root")
	}
	names, err := onStopped(ctx, o, func(a *App) ([2]string, error) {
		root, err := next.openRoot(ctx, nil)
		if err != nil {
			return [2]string{}, err
		}
		return a.KeyRing.MoveRoot(ctx, actor.HostOperator(ids.System, "keys"), root, reason, tell)
	})
	if err != nil {
		return "", "", err
	}
	// The copies of the key store stand under the old root key; the new one must open those that are left.
	c.Keys = next.Keys
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", "", err
	}
	err = a.Backup.RenewKeys(ctx, actor.HostOperator(ids.System, "keys"))
	return names[0], names[1], errors.Join(err, a.Close(context.WithoutCancel(ctx)))
}
