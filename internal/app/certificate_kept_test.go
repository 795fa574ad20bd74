package app

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/governance/certificate"
)

// TestARestoredServiceKnowsItsCertificates: the records come from before the certificate, the key store from after it.
// What the customer holds still verifies with what the restored service publishes, and no second key appears.
func TestARestoredServiceKnowsItsCertificates(t *testing.T) {
	ctx, who := t.Context(), actor.System(ids.System, "certificate")
	c := DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	open := func(c Config) *App {
		a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a := open(c)
	_, err := a.Backup.Run(ctx, who)
	must(err)
	e, err := a.Certificates.Issue(ctx, who, "run/x/0", erasedNow())
	must(err)
	must(a.Backup.RenewKeys(ctx, who)) // as the end of every customer's erasure does
	want, err := a.Certificates.Trust(ctx)
	must(err)
	must(a.Close(ctx))

	to := filepath.Join(t.TempDir(), "restored")
	_, err = houseRestore(ctx, cli.Options{Data: c.Data}, cli.RestoreRequest{To: to})
	must(err)
	c.Data = to
	b := open(c)
	defer b.Close(ctx) //nolint:errcheck // the end of the test
	all, err := b.Certificates.List(ctx, who, 10)
	must(err)
	if len(all) != 1 || all[0].ID != e.ID || all[0].Digest != e.Digest {
		t.Errorf("%+v", all)
	}
	got, err := b.Certificates.Trust(ctx)
	must(err)
	if !slices.EqualFunc(got.Keys, want.Keys, func(a, b certificate.PublicKey) bool { return a.Key == b.Key }) || !slices.Equal(got.Logs, want.Logs) {
		t.Errorf("%+v instead of %+v", got, want)
	}
}
