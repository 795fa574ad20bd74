package app

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// require is access.Require for services that must not import their neighbour.
func require(a actor.Actor, permission string) error {
	return access.Require(a, access.Permission(permission))
}

// inHouse is require for services whose records are those of the whole service: a role that a customer's
// administrator has given opens nothing there. The actors of a probe that acts for the service itself belong to it.
func (a *App) inHouse(who actor.Actor, permission string) error {
	if err := require(who, permission); err != nil || who.Kind != actor.Human || who.Tenant == ids.System {
		return err
	}
	t, err := a.Tenants.ByID(context.Background(), who.Tenant)
	if err == nil && t.Kind == tenant.Customer {
		err = fault.New(fault.Denied, "access.denied", "permission", permission)
	}
	return err
}

type guard struct{}

func (guard) Require(a actor.Actor, permission string) error { return require(a, permission) }

func (guard) Reach(a actor.Actor, permission string) actor.Reach {
	return access.ReachOf(a, access.Permission(permission))
}

// blobKey lets blob seal with the tenant's key; the file's name is the associated data.
func (a *App) blobKey(ctx context.Context, t ids.Tenant) (blob.Key, error) {
	k, err := a.Vault.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	return fileKey{k}, nil
}

type fileKey struct{ key *vault.Key }

func (f fileKey) SealWriter(w io.Writer, name string) (io.WriteCloser, error) {
	return f.key.SealWriter(w, vault.FileAt(name))
}

func (f fileKey) OpenReader(r io.Reader, name string) (io.Reader, error) {
	return f.key.OpenReader(r, vault.FileAt(name))
}

// journal writes evidence into the service's own audit chain.
type journal struct{ log *audit.Log }

func (j journal) Append(tx *db.Tx, control string, detail map[string]any) (string, error) {
	d := map[string]any{"control": control}
	for k, v := range detail {
		d[k] = v
	}
	ref, err := j.log.Append(tx, audit.Event{Verb: "evidence.recorded", Actor: actor.System(ids.System, "probe"), Kind: "evidence", Result: "ok", Detail: d})
	return fmt.Sprintf("%s/%d/%s", ref.Tenant, ref.Seq, ref.ID), err
}

func (j journal) Index(ctx context.Context, ref string) (int64, bool) {
	part := strings.Split(ref, "/")
	if len(part) != 3 {
		return 0, false
	}
	seq, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil {
		return 0, false
	}
	return j.log.Index(ctx, audit.Ref{Tenant: ids.Tenant(part[0]), Seq: seq, ID: part[2]})
}

// binder binds rows of evidence with the service's own key.
type binder struct{ vault *vault.Vault }

func (b binder) Bind(ctx context.Context, parts ...[]byte) ([]byte, error) {
	k, err := b.vault.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	return k.MAC("evidence", parts...), nil
}

// mailbox lets a probe read the mail that the service sent to it.
type mailbox struct{ box *mail.Memory }

func (m mailbox) Newest(ctx context.Context, to string, after time.Time) (string, error) {
	for {
		if msg, ok := m.box.Take(to, after); ok {
			return msg.Text, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tenantLookup shows identity what it needs of the register of tenants.
type tenantLookup struct{ tenants *tenant.Service }

func (l tenantLookup) TenantByCode(ctx context.Context, code string) (identity.TenantInfo, error) {
	t, err := l.tenants.ByCode(ctx, code)
	return tenantInfo(t), err
}

func (l tenantLookup) TenantByID(ctx context.Context, id ids.Tenant) (identity.TenantInfo, error) {
	t, err := l.tenants.ByID(ctx, id)
	return tenantInfo(t), err
}

func (l tenantLookup) Associations(ctx context.Context) (out []ids.Tenant, err error) {
	all, err := l.tenants.List(ctx)
	for _, t := range all {
		if t.Kind == tenant.Association && !t.Closed && !t.Tampered {
			out = append(out, t.ID)
		}
	}
	return out, err
}

func tenantInfo(t tenant.Tenant) identity.TenantInfo {
	return identity.TenantInfo{ID: t.ID, Code: t.Code, Name: t.Name, Closed: t.Closed, Probe: t.Kind == tenant.Probe, Association: t.Kind == tenant.Association}
}
