package certificate

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/canon"
	"rakudos/internal/base/fault"
)

// whole is a body that holds, as it is just before it is signed.
func whole() *Body {
	b := sample("t")
	b.ID, b.Issuer, b.Service, b.Tool, b.ToolVersion, b.IssuedAt = "c", "試験保健会", "rakudos", "rakudos", "test", At(time.Now())
	b.complete()
	return &b
}

// TestEveryFieldIsChecked alters one field after another.
func TestEveryFieldIsChecked(t *testing.T) {
	if bad := whole().check(); len(bad) != 0 {
		t.Fatalf("a whole body: %v", bad[0])
	}
	long, late := strings.Repeat("あ", maxText), At(time.Now().Add(time.Hour))
	for name, c := range map[string]struct {
		want  string
		alter func(*Body)
	}{
		"format":                 {"format", func(b *Body) { b.Format = "rakudos-erasure-certificate/3" }},
		"no number":              {"id", func(b *Body) { b.ID = "" }},
		"no issuer":              {"issuer", func(b *Body) { b.Issuer = "" }},
		"no name":                {"tenant.name", func(b *Body) { b.Tenant.Name = "" }},
		"long name":              {"tenant.name", func(b *Body) { b.Tenant.Name = long }},
		"line end in the basis":  {"basis", func(b *Body) { b.Basis = "解約\n承認済" }},
		"no technique":           {"scope.technique", func(b *Body) { b.Scope[0].Technique = "" }},
		"unknown category":       {"scope", func(b *Body) { b.Scope[0].Category = "wipe" }},
		"negative count":         {"scope", func(b *Body) { b.Scope[0].Count = -1 }},
		"too many places":        {"scope", func(b *Body) { b.Scope = make([]Store, maxItems+1) }},
		"exception with no why":  {"exceptions.reason", func(b *Body) { b.Exceptions[0].Reason = "" }},
		"unknown exception":      {"exceptions", func(b *Body) { b.Exceptions[0].Kind = "other" }},
		"person of a tenant":     {"of", func(b *Body) { b.Person = "p" }},
		"unknown kind":           {"of", func(b *Body) { b.Of = "disk" }},
		"ended before it began":  {"time", func(b *Body) { b.Started = b.IssuedAt }},
		"issued before the end":  {"time", func(b *Body) { b.IssuedAt = At(time.Now().Add(-time.Hour)) }},
		"another zone":           {"time", func(b *Body) { b.Finished.JST = b.Finished.UTC }},
		"keys after the end":     {"time", func(b *Body) { b.Backups.UnreadableSince = late }},
		"no such state":          {"state", func(b *Body) { b.State = WithExceptions }},
		"hidden hold":            {"state", func(b *Body) { b.Exceptions[0].Kind = Hold }},
		"no such stage":          {"stage", func(b *Body) { b.Stage = 3 }},
		"negative ledger":        {"ledger_index", func(b *Body) { b.LedgerIndex = -1 }},
		"backups beyond a year":  {"backups.last_expiry", func(b *Body) { b.Backups.LastExpiry = "2099-01-01" }},
		"backups before the end": {"backups.last_expiry", func(b *Body) { b.Backups.LastExpiry = "2020-01-01" }},
		"no day":                 {"backups.last_expiry", func(b *Body) { b.Backups.LastExpiry = "" }},
	} {
		b := whole()
		c.alter(b)
		found := false
		for _, f := range b.check() {
			found = found || f.Args["field"] == c.want
		}
		if !found {
			t.Errorf("%s: %v does not name %s", name, b.check(), c.want)
		}
	}
	for name, c := range map[string]struct {
		want  string
		alter func(*Body)
	}{
		"receipt after the end": {"certificate.no_receipt", func(b *Body) { b.Keys[0].Destroyed = late }},
		"no key":                {"certificate.no_receipt", func(b *Body) { b.Keys[0].Count = 0 }},
		"nothing looked at":     {"certificate.unverified", func(b *Body) { b.Verification.Sample = 0 }},
		"something left":        {"certificate.unverified", func(b *Body) { b.Verification.Found = 1 }},
		"failed":                {"certificate.unverified", func(b *Body) { b.Verification.Result = "fail" }},
		"one person alone":      {"certificate.verifier", func(b *Body) { b.Approvers[1] = b.Approvers[0] }},
		"one approver":          {"certificate.verifier", func(b *Body) { b.Approvers = b.Approvers[:1] }},
		"an invented verifier":  {"certificate.verifier", func(b *Body) { b.Verifier = Who{"a3", "結果を確認した人", ""} }},
		"a person who erased":   {"certificate.verifier", func(b *Body) { b.Operator = b.Approvers[0] }},
		"another deed":          {"certificate.verifier", func(b *Body) { b.Approvers[1].Title = "承認者（結果の確認を承認）" }},
		"a probe as a person":   {"certificate.verifier", func(b *Body) { b.Approvers[1].ID = "probe-2" }},
		"the old form, new who": {"certificate.verifier", func(b *Body) { b.Format = format1; b.Says = b.sentences() }},
		"other words":           {"certificate.overclaims", func(b *Body) { b.Says[1] = saysBackups }},
		"no words":              {"certificate.overclaims", func(b *Body) { b.Says = nil }},
		"a first one with two":  {"certificate.overclaims", func(b *Body) { b.FirstStage = &Earlier{"x", strings.Repeat("a", 64)} }},
	} {
		b := whole()
		c.alter(b)
		if !strings.Contains(codesOf(b.check()), c.want) {
			t.Errorf("%s: %s instead of %s", name, codesOf(b.check()), c.want)
		}
	}
}

func codesOf(all []*fault.Fault) string {
	var out []string
	for _, f := range all {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}

// TestWhatACertificateSays for every kind: never more than what was done.
func TestWhatACertificateSays(t *testing.T) {
	for of, unreadable := range map[string]bool{OfTenant: true, OfPerson: true, OfPeople: true, OfRecords: false} {
		b := whole()
		b.Of = of
		b.Exceptions = []Exception{{Kind: Kept, What: "x", Reason: "y"}}
		b.complete()
		says := strings.Join(b.Says, "")
		if strings.Contains(says, saysUnreadable) != unreadable || strings.Contains(says, saysBackups) || !strings.Contains(says, saysKept) {
			t.Errorf("%s: %s", of, says)
		}
	}
	b := whole()
	b.Stage, b.Exceptions = Backups, nil
	b.complete()
	if says := strings.Join(b.Says, ""); !strings.Contains(says, saysBackups) || strings.Contains(says, saysUnreadable) || strings.Contains(says, saysSkeleton) || b.Exceptions == nil {
		t.Errorf("the second stage: %s", says)
	}
}

func TestInstants(t *testing.T) {
	if At(time.Time{}) != (Instant{}) {
		t.Error("no instant is written as one")
	}
	i := At(time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC))
	if i.JST != "2027-01-01T00:00:00+09:00" || i.UTC != "2026-12-31T15:00:00Z" {
		t.Errorf("%+v", i)
	}
	for _, bad := range []Instant{{}, {UTC: i.UTC}, {UTC: "2026-12-31T15:00:00+00:00", JST: i.JST}, {UTC: i.UTC, JST: "2027-01-01T00:00:01+09:00"}} {
		if _, ok := bad.Time(); ok {
			t.Errorf("%+v is taken for one instant", bad)
		}
	}
}

// TestWhatIsNotCountedHasNoNumber: a 0 would say that nothing was kept. Files from before carried one and stay as they are.
func TestWhatIsNotCountedHasNoNumber(t *testing.T) {
	for text, e := range map[string]Exception{
		`{"kind":"kept","reason":"y","what":"x"}`:           {Kind: Kept, What: "x", Reason: "y"},
		`{"count":0,"kind":"kept","reason":"y","what":"x"}`: {Kind: Kept, What: "x", Count: new(int64), Reason: "y"},
	} {
		got, err := canon.JSON(e)
		if err != nil || string(got) != text {
			t.Errorf("%s, want %s, %v", got, text, err)
		}
		var back Exception
		if err := json.Unmarshal(got, &back); err != nil || (back.Count == nil) != (e.Count == nil) {
			t.Errorf("%s comes back as %+v, %v", text, back, err)
		}
	}
}
