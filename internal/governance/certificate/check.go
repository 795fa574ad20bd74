package certificate

import (
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

// maxText bounds every free text, in bytes; maxItems every list.
const (
	maxText  = 2000
	maxItems = 500
)

// check finds everything by which the text contradicts itself or the form. It asks the same of a
// certificate that is about to be signed and of one that somebody shows.
func (b *Body) check() []*fault.Fault {
	var bad []*fault.Fault
	odd := func(field string) {
		bad = append(bad, fault.New(fault.Invalid, "certificate.field", "field", field))
	}
	for _, f := range b.texts() {
		if f.value == "" || len(f.value) > maxText || strings.ContainsFunc(f.value, func(r rune) bool { return r < ' ' }) {
			odd(f.name)
		}
	}
	if b.Format != Format && b.Format != format1 {
		odd("format")
	}
	if b.Of == OfPerson != (b.Person != "") || ofNames[b.Of] == "" {
		odd("of")
	}
	started, ok1 := b.Started.Time()
	finished, ok2 := b.Finished.Time()
	issued, ok3 := b.IssuedAt.Time()
	unreadable, ok4 := b.Backups.UnreadableSince.Time()
	if b.Of == OfRecords { // no key goes, so nothing becomes unreadable before it expires
		unreadable, ok4 = finished, b.Backups.UnreadableSince == Instant{}
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || finished.Before(started) || issued.Before(finished) || unreadable.After(finished) {
		odd("time")
	}
	if !b.actedRightly() {
		bad = append(bad, fault.New(fault.Invalid, "certificate.verifier"))
	}
	if v := b.Verification; v.Result != "pass" || v.Found != 0 || v.Sample <= 0 {
		bad = append(bad, fault.New(fault.Invalid, "certificate.unverified"))
	}
	bad = append(bad, b.checkLists(finished)...)
	return append(bad, b.checkStage(finished, issued)...)
}

type text struct{ name, value string }

func (b *Body) texts() []text {
	out := []text{
		{"id", b.ID},
		{"issuer", b.Issuer},
		{"service", b.Service},
		{"tenant.id", b.Tenant.ID},
		{"tenant.name", b.Tenant.Name},
		{"tenant.contract", b.Tenant.Contract},
		{"basis", b.Basis},
		{"tool", b.Tool},
		{"tool_version", b.ToolVersion},
		{"verification.method", b.Verification.Method},
		{"operator", b.Operator.ID},
		{"operator.title", b.Operator.Title},
		{"verifier", b.Verifier.ID},
		{"verifier.title", b.Verifier.Title},
		{"policy", b.Policy},
	}
	for _, w := range b.Approvers {
		out = append(out, text{"approvers", w.ID}, text{"approvers.title", w.Title})
	}
	for _, s := range b.Scope {
		out = append(out, text{"scope.name", s.Name}, text{"scope.kind", s.Kind}, text{"scope.technique", s.Technique})
	}
	for _, e := range b.Exceptions {
		out = append(out, text{"exceptions.what", e.What}, text{"exceptions.reason", e.Reason})
	}
	return out
}

func (b *Body) checkLists(finished time.Time) (bad []*fault.Fault) {
	odd := func(field string) {
		bad = append(bad, fault.New(fault.Invalid, "certificate.field", "field", field))
	}
	if len(b.Scope) == 0 || len(b.Scope) > maxItems || slices.ContainsFunc(b.Scope, func(s Store) bool { return s.Count < 0 || !categories[s.Category] }) {
		odd("scope")
	}
	if len(b.Exceptions) > maxItems || slices.ContainsFunc(b.Exceptions, func(e Exception) bool { return kindNames[e.Kind] == "" || e.Count != nil && *e.Count < 0 }) {
		odd("exceptions")
	}
	receipt := func(k Key) bool {
		at, ok := k.Destroyed.Time()
		return k.ID != "" && k.Receipt != "" && k.Count > 0 && ok && !at.After(finished) && len(k.ID)+len(k.Receipt) <= maxText
	}
	if len(b.Keys) == 0 != (b.Of == OfRecords) || len(b.Keys) > maxItems || !all(b.Keys, receipt) {
		bad = append(bad, fault.New(fault.Invalid, "certificate.no_receipt"))
	}
	if b.LedgerIndex < 0 {
		odd("ledger_index")
	}
	if want := map[bool]string{true: WithExceptions, false: Issued}[b.held()]; b.State != want {
		odd("state")
	}
	return bad
}

// checkStage holds the two stages apart: what the first may not claim, and what the second must show.
func (b *Body) checkStage(finished, issued time.Time) (bad []*fault.Fault) {
	claims := fault.New(fault.Invalid, "certificate.overclaims")
	last, err := jst.ParseDate(b.Backups.LastExpiry)
	// A backup of the last moment lives at most a year (clause 6-2b).
	if err != nil || last.Before(jst.Of(finished)) || last.After(jst.Of(jst.BackupExpiry(finished)).AddDays(1)) {
		bad = append(bad, fault.New(fault.Invalid, "certificate.field", "field", "backups.last_expiry"))
	}
	switch b.Stage {
	case Primary:
		if b.Backups.GoneAt != nil || b.FirstStage != nil {
			bad = append(bad, claims)
		}
	case Backups:
		if b.Backups.GoneAt == nil || b.FirstStage == nil || b.FirstStage.ID == "" || len(b.FirstStage.Digest) != 64 {
			bad = append(bad, claims)
			break
		}
		gone, ok := b.Backups.GoneAt.Time()
		if !ok || gone.Before(finished) || issued.Before(gone) {
			bad = append(bad, claims)
		}
	default:
		bad = append(bad, fault.New(fault.Invalid, "certificate.field", "field", "stage"))
	}
	if !slices.Equal(b.Says, b.sentences()) {
		bad = append(bad, claims)
	}
	return bad
}

func all[T any](list []T, ok func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !ok(v) })
}
