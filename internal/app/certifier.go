package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
)

// certifier turns what the gateway recorded into a certificate. It adds nothing: what was not looked for is
// not certified.
type certifier struct{ app *App }

// policyVersion names the rules by which was erased: decisions on 6-1 … 6-3 as of this day.
const policyVersion = "消去の方針 2026-11"

// Issue is called at least once for every completed run; the slot makes it one certificate. A run that leaves
// held people behind gets one with exceptions, and after each release another.
func (c certifier) Issue(ctx context.Context, r erasure.Record) error {
	if !r.Verification.OK || len(r.Verification.Residual) > 0 || r.Finished.IsZero() {
		return fault.New(fault.Conflict, "certificate.unverified")
	}
	// As it is stored, with the counts that stand beside it.
	r, err := c.app.Erasure.Status(ctx, actor.System(ids.System, "certificate"), r.Tenant, r.ID)
	if err != nil {
		return err
	}
	if r.Kind != erasure.Tenant { // a waiting hand-over may hold whom this run erased
		if err := c.app.Handover.Withdraw(ctx, r.Tenant); err != nil {
			return err
		}
	}
	party, err := c.party(ctx, r)
	if err != nil {
		return err
	}
	b := certificate.Body{
		Stage: certificate.Primary, Of: of(r), Tenant: party, Basis: strings.Join(strings.Fields(r.Order.Reason), " "),
		Started: certificate.At(r.Started), Finished: certificate.At(r.Finished),
		Verification: certificate.Verification{Method: r.Verification.Method, Sample: int64(r.Verification.Stores + r.Verification.Tried), Found: int64(len(r.Verification.Residual) + r.Verification.Opened), Result: "pass"},
		Backups:      certificate.BackupState{UnreadableSince: certificate.At(r.KeysAt), LastExpiry: jst.Of(jst.BackupExpiry(r.Finished)).String()},
		Policy:       policyVersion, LedgerIndex: r.LedgerN,
	}
	for _, id := range r.Order.ApprovedBy { // before it began; nobody is said to have looked at the result
		b.Approvers = append(b.Approvers, certificate.Approver(id))
	}
	if b.Of == certificate.OfRecords {
		b.Backups.UnreadableSince = certificate.Instant{}
	}
	if b.Of == certificate.OfPerson {
		b.Person = string(r.People[0])
	}
	c.scope(&b, r)
	c.keys(&b, r)
	for _, e := range r.Exceptions {
		kind := certificate.Kept
		if strings.HasPrefix(e.What, "操作の記録の骨組み") {
			kind = certificate.LogSkeleton
		}
		if strings.HasPrefix(e.What, "保全中の") {
			kind = certificate.Hold
		}
		x := certificate.Exception{Kind: kind, What: e.What, Reason: e.Why}
		if kind == certificate.Hold {
			x.Count = new(int64(len(r.Held)))
		}
		b.Exceptions = append(b.Exceptions, x)
	}
	who := actor.System(ids.System, "certificate")
	if _, err = c.app.Certificates.Issue(ctx, who, slotOf(r), b); err != nil || r.Kind != erasure.Tenant {
		return err
	}
	return c.app.copyCertificates(ctx, who)
}

// mostRuns bounds how far back is looked for a missing certificate: hundreds a night for years would not be.
const mostRuns = 2000

// missing issues what a kill between the end of a run and its certificate has left out.
func (c certifier) missing(ctx context.Context) (issued int, err error) {
	runs, err := c.app.Erasure.Ended(ctx, actor.System(ids.System, "certificate"), mostRuns)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, r := range runs {
		first, _, err := c.app.Certificates.OfRun(ctx, r.Tenant, slotOf(r))
		if err == nil && first.ID == "" {
			if err = c.Issue(ctx, r); err == nil {
				issued++
			}
		}
		errs = append(errs, err)
	}
	return issued, errors.Join(errs...)
}

func slotOf(r erasure.Record) string { return fmt.Sprintf("%s%d", runSlot(r.ID), len(r.Held)) }

func of(r erasure.Record) string {
	switch {
	case r.Kind == erasure.Tenant:
		return certificate.OfTenant
	case r.Kind == erasure.Records:
		return certificate.OfRecords
	case len(r.People) == 1:
		return certificate.OfPerson
	}
	return certificate.OfPeople
}

// party is the customer as it was called: after its key is gone the case alone remembers.
func (c certifier) party(ctx context.Context, r erasure.Record) (certificate.Party, error) {
	if r.Order.Reference != "" {
		if leaving, err := c.app.Leaving.Reference(ctx, r.Order.Reference); err == nil {
			return certificate.Party{ID: string(r.Tenant), Name: leaving.Name, Contract: leaving.Contract}, nil
		} else if !fault.Is(err, fault.Missing) {
			return certificate.Party{}, err
		}
	}
	t, err := c.app.Tenants.ByID(ctx, r.Tenant)
	if err != nil {
		return certificate.Party{}, err
	}
	if strings.HasPrefix(t.Code, canaryCode) {
		t.Name = canaryName
	}
	if t.Name == "" {
		t.Name = "（名称は鍵とともに消去済み）"
	}
	return certificate.Party{ID: string(r.Tenant), Name: t.Name, Contract: t.Code}, nil
}

// scope lists stores with counts. Only where the tenant's own key went, everything that stood sealed is purged;
// else rows were cleared, and what a person's key closed stands among the keys.
func (c certifier) scope(b *certificate.Body, r erasure.Record) {
	category, technique := "clear", ""
	for _, m := range r.Method {
		if want := map[bool]string{true: "Purge", false: "Clear"}[b.Of == certificate.OfTenant && len(r.Held) == 0]; m.Category == want && technique == "" {
			category, technique = strings.ToLower(m.Category), m.Technique
		}
	}
	for _, s := range r.Scope {
		b.Scope = append(b.Scope, certificate.Store{Name: s.Says, Kind: s.Store, Count: s.Count, Category: category, Technique: technique})
	}
	if len(r.Scope) == 0 { // nothing was there: that is said, too
		b.Scope = []certificate.Store{{Name: "届け出たすべての置き場所", Kind: "all", Category: category, Technique: technique}}
	}
}

func (c certifier) keys(b *certificate.Body, r erasure.Record) {
	people := int64(0)
	var last string
	for _, k := range r.Receipts {
		if id, ok := strings.CutPrefix(k.Key, "tenant "); ok {
			b.Keys = append(b.Keys, certificate.Key{ID: id, Kind: certificate.OfTenant, Count: 1, Destroyed: certificate.At(k.At), Receipt: short(k.Proof)})
			continue
		}
		people++
		last = k.Proof
	}
	if n := r.KeysGone - int64(len(b.Keys)); n > 0 && last != "" {
		b.Keys = append(b.Keys, certificate.Key{ID: "個人の鍵", Kind: certificate.OfPerson, Count: n, Destroyed: certificate.At(r.KeysAt), Receipt: short(last)})
	}
}

// short keeps a receipt within the form: its beginning is enough to find it in the key store.
func short(proof string) string { return proof[:min(len(proof), 128)] }
