package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/cli"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/asset"
)

// openAssets builds the ledger of assets on what can be looked at without a listener; the rest is added once the
// service listens.
func (a *App) openAssets(context.Context) error {
	left, err := filepath.Glob(a.Config.path(asset.CanaryFiles)) // of a probe that was killed
	if err != nil {
		return err
	}
	for _, f := range left {
		if err := os.RemoveAll(f); err != nil {
			return err
		}
	}
	a.Assets = asset.New(asset.Options{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Dir: a.Config.Data, Plan: asset.Plan, Guard: a.inHouse, Second: a.Identity.Second,
		Collectors: []asset.Collector{
			asset.Folder(a.Config.Data), asset.Databases(a.Config.Data), asset.Disks(a.Config.Data, a.Config.backupDir()),
			{Kinds: []asset.Kind{asset.Database}, Collect: a.foundDatabases},
			{Kinds: []asset.Kind{asset.Key}, Collect: a.foundKeys},
			{Kinds: []asset.Kind{asset.Bucket}, Collect: a.foundBuckets},
		},
	})
	if !a.Config.sandbox() {
		a.Assets.Register(a.Jobs)
	}
	return nil
}

// lookAround gives the ledger what exists only while the service runs.
func (r *Running) lookAround() {
	r.Assets.Add(asset.Self(Version),
		asset.Collector{Kinds: []asset.Kind{asset.Listener}, Collect: r.foundListeners},
		asset.Collector{Kinds: []asset.Kind{asset.Certificate}, Collect: r.foundCertificates})
}

func (a *App) foundDatabases(context.Context) ([]asset.Found, error) {
	var out []asset.Found
	for _, x := range []struct {
		id, name string
		d        *db.DB
	}{{"database:main", "記録のデータベース", a.DB}, {"database:keys", "鍵の保管庫", a.Keys}} {
		f := asset.Found{ID: x.id, Kind: asset.Database, Name: x.name, Location: "PostgreSQL サーバー", Facts: string(x.d.Engine())}
		if path := x.d.Path(); path != "" {
			info, err := os.Stat(path)
			if err != nil {
				return nil, err
			}
			f.Location, f.Facts = "データフォルダー", fmt.Sprintf("SQLite・%d KiB", (info.Size()+1023)>>10)
		}
		out = append(out, f)
	}
	return out, nil
}

func (a *App) foundKeys(ctx context.Context) ([]asset.Found, error) {
	all, err := a.Vault.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	tenants, err := a.Tenants.List(ctx)
	owner := map[ids.Tenant]string{ids.System: "サービス自身（保健会）"}
	for _, t := range tenants { // by its code: the ledger is open text, and stays when the customer's key has been destroyed
		owner[t.ID] = "契約先 " + t.Code + " "
	}
	var out []asset.Found
	for _, k := range all {
		if k.Kind == "destroyed" {
			continue
		}
		whose, name := "", owner[k.Tenant]
		if name == "" {
			whose, name = "unregistered/", "登録のない契約先" // a key of nobody: no plan foresees it
		}
		out = append(out, asset.Found{
			ID: fmt.Sprintf("key:%s%s/%s/%d", whose, k.Kind, k.Tenant, k.Version), Kind: asset.Key, Name: name + "の" + keyNames[k.Kind], Location: "鍵の保管庫",
			Facts: fmt.Sprintf("版 %d・%d本・%s から", k.Version, k.Count, jst.Of(k.Oldest)),
		})
	}
	return out, err
}

var keyNames = map[string]string{"tenant": "鍵", "person": "個人ごとの鍵"}

// foundBuckets finds the places of the backups; before the first backup there may be none.
func (a *App) foundBuckets(context.Context) ([]asset.Found, error) {
	where := "データフォルダー"
	if a.Config.Backup.Dir != "" {
		where = "設定した置き場所"
	}
	out := []asset.Found{{ID: "bucket:backup", Kind: asset.Bucket, Name: "バックアップの置き場所", Location: where}}
	if _, err := os.Stat(a.Config.backupDir()); errors.Is(err, fs.ErrNotExist) {
		out[0].Facts = "まだ空"
	} else if err != nil {
		return nil, err
	}
	if u := a.Config.Backup.Second.URL; u != "" {
		out = append(out, asset.Found{ID: "bucket:backup-second", Kind: asset.Bucket, Name: "二つ目の置き場所", Location: u})
	}
	return out, nil
}

// foundListeners asks the operating system which sockets this process listens on.
func (r *Running) foundListeners(context.Context) (out []asset.Found, err error) {
	all, known, err := r.stage.sockets()
	if err != nil {
		return nil, err
	}
	own, _ := netip.ParseAddrPort(r.addr)
	for _, s := range all {
		f := asset.Found{ID: "listener:" + s.String(), Kind: asset.Listener, Name: s.String(), Location: "この機械", Passing: slices.Contains(known, s)}
		if s.Port() == own.Port() {
			f.ID, f.Facts = "listener:service", "TLS 1.3"
		}
		out = append(out, f)
	}
	return out, nil
}

func (r *Running) foundCertificates(context.Context) ([]asset.Found, error) {
	return []asset.Found{{ID: "certificate:server", Kind: asset.Certificate, Name: "サーバー証明書", Location: "データフォルダー", Facts: "期限 " + jst.Of(r.TLS.Expires()).String()}}, nil
}

// houseAssets looks at a stopped service's data.
func houseAssets(ctx context.Context, o cli.Options) (*asset.View, error) {
	return onStopped(ctx, o, func(a *App) (*asset.View, error) { return a.Assets.Look(ctx) })
}
