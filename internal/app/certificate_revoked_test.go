package app

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/operations/backup"
)

// TestARestoreForgetsNoRevocation: the newest backup is from before a revocation and a new signing key, both made by the
// command line; the service restored from it knows both.
func TestARestoreForgetsNoRevocation(t *testing.T) {
	ctx, who := t.Context(), actor.System(ids.System, "certificate")
	c := DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	o := cli.Options{Data: c.Data}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	must(err)
	e, err := a.Certificates.Issue(ctx, who, "run/x/0", erasedNow())
	must(err)
	_, err = a.Backup.Run(ctx, who)
	must(err)
	must(a.Close(ctx))

	verbs := houseCertificates()
	must(verbs.Revoke(ctx, o, e.ID, "誤り"))
	public, err := verbs.RotateKey(ctx, o)
	must(err)
	to := filepath.Join(t.TempDir(), "restored")
	_, err = houseRestore(ctx, o, cli.RestoreRequest{To: to})
	must(err)

	got, err := verbs.Keys(ctx, cli.Options{Data: to})
	must(err)
	if _, ok := got.Revoked[e.Digest]; !ok {
		t.Error("the revocation is forgotten")
	}
	if !slices.ContainsFunc(got.Keys, func(k certificate.PublicKey) bool { return k.Key == public && k.Until.IsZero() }) || len(got.Keys) != 2 {
		t.Errorf("the new key is forgotten: %+v", got.Keys)
	}
}

// TestCertificatesOfPeopleAreCopiedWithinTheHour: what was issued after the newest copy of the key store is in the next,
// which is taken once.
func TestCertificatesOfPeopleAreCopiedWithinTheHour(t *testing.T) {
	ctx, who := t.Context(), actor.System(ids.System, "certificate")
	c := DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	must(err)
	must(a.settleCertificates(ctx))
	_, err = a.Backup.Run(ctx, who)
	must(err)
	copies := func() (n []string) {
		all, err := a.Backup.List(ctx)
		must(err)
		for _, g := range all {
			if g.Kind == backup.Keys {
				n = append(n, g.ID)
			}
		}
		return n
	}
	first := copies()
	must(a.settleCertificates(ctx))
	if got := copies(); !slices.Equal(got, first) {
		t.Errorf("without a certificate: %v, then %v", first, got)
	}
	e, err := a.Certificates.Issue(ctx, who, "run/x/0", erasedNow())
	must(err)
	time.Sleep(1100 * time.Millisecond) // certificates tell whole seconds
	must(a.settleCertificates(ctx))
	second := copies()
	must(a.settleCertificates(ctx))
	if slices.Equal(second, first) || !slices.Equal(copies(), second) {
		t.Errorf("%v, then %v, then %v", first, second, copies())
	}
	must(a.Close(ctx))
	to := filepath.Join(t.TempDir(), "restored")
	_, err = houseRestore(ctx, cli.Options{Data: c.Data}, cli.RestoreRequest{To: to})
	must(err)
	if _, err := houseCertificates().Show(ctx, cli.Options{Data: to}, e.ID); err != nil {
		t.Errorf("the certificate is forgotten: %v", err)
	}
}

// erasedNow is what a certificate says of a customer that was erased just now.
func erasedNow() certificate.Body {
	now := certificate.At(time.Now().UTC().Truncate(time.Second))
	return certificate.Body{
		Stage: certificate.Primary, Of: certificate.OfTenant, Tenant: certificate.Party{ID: "t", Name: "架空", Contract: "kakuu"}, Basis: "解約",
		Scope: []certificate.Store{{Name: "checkup_result", Kind: "表", Count: 1, Category: "purge", Technique: "鍵の廃棄"}}, Keys: []certificate.Key{{ID: "t", Kind: certificate.OfTenant, Count: 1, Destroyed: now, Receipt: "0011"}},
		Started: now, Finished: now, Verification: certificate.Verification{Method: "走査", Sample: 1, Result: "pass"}, Approvers: []certificate.Who{certificate.Approver("a"), certificate.Approver("b")},
		Backups: certificate.BackupState{UnreadableSince: now, LastExpiry: "2027-11-29"}, Policy: "p", LedgerIndex: 1,
	}
}
