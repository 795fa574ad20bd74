package certificate

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/canon"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/testkit/testdb"
)

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

func codes(r Report) string {
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.Code)
	}
	return strings.Join(out, " ")
}

// TestALifeOfCertificates: both stages, on both engines, beside another tenant's.
func TestALifeOfCertificates(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		mine, other := ids.New[ids.Tenant](), ids.New[ids.Tenant]()
		first, err := b.Issue(ctx, machine, "t1/1", sample(string(mine)))
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.Issue(ctx, machine, "t1/1", sample(string(mine)))
		if err != nil || again.ID != first.ID || again.Digest != first.Digest {
			t.Errorf("a slot is filled twice: %+v, %v", again, err)
		}
		neighbour, err := b.Issue(ctx, machine, "t2/1", sample(string(other)))
		if err != nil {
			t.Fatal(err)
		}
		last, err := b.Issue(ctx, machine, "t1/2", second(first))
		if err != nil {
			t.Fatal(err)
		}
		// The certificates outlive the key of the tenant they speak of: none is sealed with it.
		list, err := b.About(ctx, machine, mine)
		if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != last.ID || list[1].Stage != Backups {
			t.Errorf("about the tenant: %+v, %v", list, err)
		}
		if all, err := b.List(ctx, machine, 10); err != nil || len(all) != 3 {
			t.Errorf("the register: %d, %v", len(all), err)
		}
		for _, id := range []string{first.ID, last.ID, neighbour.ID} {
			f, text := b.file(id)
			r := Verify(text, b.trust())
			if !r.OK || r.LogIndex != f.Log.Index || r.File.Certificate.ID != id {
				t.Errorf("%s: %s", id, codes(r))
			}
			if text2, _ := f.Encode(); !bytes.Equal(text, text2) {
				t.Error("the file has two forms")
			}
		}
		if want := time.Now().AddDate(KeepYears, 0, -1).Format("2006"); !strings.HasPrefix(first.Keep, want) {
			t.Errorf("kept until %s", first.Keep)
		}
		b.revokes(first)
		if _, text := b.file(neighbour.ID); !Verify(text, b.trust()).OK {
			t.Error("the neighbour's certificate was revoked with it")
		}
	})
}

func (b *bed) revokes(e Entry) {
	b.t.Helper()
	ctx := b.t.Context()
	_, before := b.file(e.ID)
	old := b.trust()
	for reason, want := range map[string]string{"": "certificate.reason", strings.Repeat("x", 401): "certificate.reason"} {
		if err := b.Revoke(ctx, machine, e.ID, reason); code(err) != want {
			b.t.Errorf("reason %.10q: %v", reason, err)
		}
	}
	if err := b.Revoke(ctx, machine, e.ID, "対象の契約先の取り違え"); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Revoke(ctx, machine, e.ID, "もう一度"); code(err) != "certificate.revoked" {
		b.t.Errorf("revoked twice: %v", err)
	}
	// The file from before is told by the list of today, the file of today by itself.
	if r := Verify(before, b.trust()); r.OK || !r.Revoked || codes(r) != "certificate.revoked" {
		b.t.Errorf("the old file: %s", codes(r))
	}
	f, now := b.file(e.ID)
	if r := Verify(now, old); r.OK || !r.Revoked || f.State() != Revoked {
		b.t.Errorf("the new file: %s", codes(r))
	}
	f.Revocation.Reason = "別の理由"
	forged, _ := f.Encode()
	if r := Verify(forged, old); r.OK || codes(r) != "certificate.revocation_broken" {
		b.t.Errorf("a forged revocation: %s", codes(r))
	}
}

// TestNotABitMayChange flips every bit of a certificate.
func TestNotABitMayChange(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	e, err := b.Issue(t.Context(), machine, "x/1", sample(string(ids.New[ids.Tenant]())))
	if err != nil {
		t.Fatal(err)
	}
	_, text := b.file(e.ID)
	trust := b.trust()
	step := 1
	if testing.Short() {
		step = 17
	}
	for i := 0; i < len(text)*8; i += step {
		bad := bytes.Clone(text)
		bad[i/8] ^= 1 << (i % 8)
		if r := Verify(bad, trust); r.OK {
			t.Fatalf("bit %d of byte %d (%q) does not matter", i%8, i/8, text[i/8])
		}
	}
}

// TestForgeries: every way to claim more than was signed.
func TestForgeries(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b, thief := newBed(t, e), newBed(t, testdb.New(t, e.Engine))
		ctx := t.Context()
		tenant := string(ids.New[ids.Tenant]())
		mine, err := b.Issue(ctx, machine, "a/1", sample(tenant))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := thief.Issue(ctx, machine, "a/1", sample(tenant))
		if err != nil {
			t.Fatal(err)
		}
		trust := b.trust()
		_, forged := thief.file(theirs.ID)
		if r := Verify(forged, trust); r.OK || !strings.Contains(codes(r), "certificate.key_unknown") || !strings.Contains(codes(r), "audit.proof_broken") {
			t.Errorf("signed with another service's key: %s", codes(r))
		}
		f, text := b.file(mine.ID)
		tf, _ := thief.file(theirs.ID)
		for want, alter := range map[string]func(*File){
			"certificate.signature":   func(f *File) { f.Certificate.Tenant.Name = "別の会社" },
			"certificate.overclaims":  func(f *File) { f.Certificate.Says = []string{saysPrimary, saysBackups} },
			"certificate.verifier":    func(f *File) { f.Certificate.Verifier = f.Certificate.Approvers[1] },
			"certificate.unverified":  func(f *File) { f.Certificate.Verification.Found = 1 },
			"certificate.no_receipt":  func(f *File) { f.Certificate.Keys = nil },
			"certificate.no_proof":    func(f *File) { f.Log = nil },
			"certificate.key_unknown": func(f *File) { f.Signature = tf.Signature },
			"audit.proof_broken":      func(f *File) { f.Log = tf.Log },
		} {
			g, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			alter(g)
			bad, _ := g.Encode()
			if r := Verify(bad, trust); r.OK || !strings.Contains(codes(r), want) {
				t.Errorf("want %s, got %q", want, codes(r))
			}
		}
		// A genuine proof of another certificate does not lend itself.
		next, err := b.Issue(ctx, machine, "a/2", second(mine))
		if err != nil {
			t.Fatal(err)
		}
		nf, _ := b.file(next.ID)
		f.Log = nf.Log
		bad, _ := f.Encode()
		if r := Verify(bad, trust); codes(r) != "certificate.other_event" {
			t.Errorf("another certificate's proof: %s", codes(r))
		}
		trust.Logs = nil
		if r := Verify(text, trust); codes(r) != "certificate.log_key" {
			t.Errorf("without the log's key: %s", codes(r))
		}
	})
}

// TestNoLieIsSigned: the service refuses to issue what does not hold together.
func TestNoLieIsSigned(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	early := sample("t")
	for want, alter := range map[string]func(*Body){
		"certificate.verifier":   func(b *Body) { b.Approvers = []Who{Approver("a1"), Approver("a1")} },
		"certificate.unverified": func(b *Body) { b.Verification.Sample = 0 },
		"certificate.no_receipt": func(b *Body) { b.Keys[0].Receipt = "" },
		"certificate.overclaims": func(b *Body) { b.Stage = Backups },
		"certificate.field":      func(b *Body) { b.Scope = nil },
	} {
		body := early
		body.Keys = append([]Key(nil), early.Keys...)
		alter(&body)
		if _, err := b.Issue(t.Context(), machine, want, body); code(err) != want {
			t.Errorf("want %s: %v", want, err)
		}
	}
	claims := sample("t")
	gone := At(time.Now())
	claims.Backups.GoneAt = &gone
	if _, err := b.Issue(t.Context(), machine, "c", claims); code(err) != "certificate.overclaims" {
		t.Errorf("a first stage that claims the second: %v", err)
	}
	held := sample("t")
	held.Exceptions = append(held.Exceptions, Exception{Hold, "一人の記録", new(int64(1)), "係争のため"})
	if e, err := b.Issue(t.Context(), machine, "h", held); err != nil || e.State != WithExceptions || !strings.Contains(strings.Join(e.Body.Says, ""), saysExceptions) {
		t.Errorf("a certificate with a hold: %+v, %v", e, err)
	}
	records := sample("t") // no key goes: it must not claim that backups are unreadable
	records.Of, records.Keys, records.Backups.UnreadableSince = OfRecords, nil, Instant{}
	if e, err := b.Issue(t.Context(), machine, "r", records); err != nil || strings.Contains(strings.Join(e.Body.Says, ""), saysUnreadable) {
		t.Errorf("a certificate of single records: %+v, %v", e.Body.Says, err)
	}
	records.Backups.UnreadableSince = early.Finished
	if _, err := b.Issue(t.Context(), machine, "r2", records); code(err) != "certificate.field" {
		t.Errorf("records that claim a destroyed key: %v", err)
	}
	human := actor.Actor{Kind: actor.Human, Tenant: "t", Roles: []actor.Role{actor.TenantAdmin}}
	if _, err := b.Issue(t.Context(), human, "d", sample("t")); !fault.Is(err, fault.Denied) {
		t.Errorf("a customer issues: %v", err)
	}
	if _, err := b.List(t.Context(), human, 1); !fault.Is(err, fault.Denied) {
		t.Errorf("a customer reads the register: %v", err)
	}
	if err := b.Revoke(t.Context(), human, "x", "y"); !fault.Is(err, fault.Denied) {
		t.Errorf("a customer revokes: %v", err)
	}
	if _, err := b.RotateKey(t.Context(), human); !fault.Is(err, fault.Denied) {
		t.Errorf("a customer changes the key: %v", err)
	}
}

// TestKeysRotate: old certificates stay valid, new ones carry the new key, and a retired key signs nothing
// that is dated later. Each key is announced in the audit log.
func TestKeysRotate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		first, err := b.Issue(ctx, machine, "a/1", sample("t"))
		if err != nil {
			t.Fatal(err)
		}
		public, err := b.RotateKey(ctx, machine)
		if err != nil {
			t.Fatal(err)
		}
		next, err := b.Issue(ctx, machine, "b/1", sample("t"))
		if err != nil {
			t.Fatal(err)
		}
		trust := b.trust()
		f1, old := b.file(first.ID)
		f2, young := b.file(next.ID)
		if !Verify(old, trust).OK || !Verify(young, trust).OK || f1.Signature.Key == f2.Signature.Key || len(trust.Keys) != 2 {
			t.Errorf("after a rotation: %s; %s", codes(Verify(old, trust)), codes(Verify(young, trust)))
		}
		trust.Keys[0].Until = first.IssuedAt.Add(-time.Second)
		if r := Verify(old, trust); codes(r) != "certificate.key_retired" {
			t.Errorf("signed after the key was retired: %s", codes(r))
		}
		events, err := b.log.Find(ctx, actor.System(ids.System, "test"), audit.Filter{Verb: "certificate.key"})
		if err != nil || len(events) != 2 || events[0].Detail["public_key"] != public {
			t.Errorf("the keys in the log: %+v, %v", events, err)
		}
		var lines bytes.Buffer
		if err := trust.Write(&lines); err != nil {
			t.Fatal(err)
		}
		back, err := ReadTrust(&lines)
		if err != nil || len(back.Keys) != 2 || back.Keys[0] != trust.Keys[0] || back.Logs[0] != b.log.PublicKey() || !Verify(young, back).OK {
			t.Errorf("the published file: %+v, %v", back, err)
		}
	})
}

func TestBrokenKeyFiles(t *testing.T) {
	for _, bad := range []string{"hello", "certificate x", "certificate", "log y", "revoked 12 2027-01-01T00:00:00Z", "revoked " + strings.Repeat("a", 64) + " tomorrow", "certificate a b c"} {
		if _, err := ReadTrust(strings.NewReader("# x\n" + bad + "\n")); code(err) != "certificate.keys" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ReadTrust(strings.NewReader(strings.Repeat("x", 1<<17))); code(err) != "certificate.keys" {
		t.Errorf("a line without end: %v", err)
	}
}

func TestForeignFiles(t *testing.T) {
	for name, b := range map[string][]byte{
		"certificate.form":  []byte("{}"),
		"certificate.large": make([]byte, MaxFile+1),
	} {
		if r := Verify(b, Trust{}); r.OK || codes(r) != name {
			t.Errorf("%s: %s", name, codes(r))
		}
	}
	empty, _ := canon.JSON(File{})
	if r := Verify(empty, Trust{}); r.OK || !strings.Contains(codes(r), "certificate.field") {
		t.Errorf("an empty certificate: %s", codes(r))
	}
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{"certificate":{},"log":null,"signature":{"key":"","value":null}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if Verify(b, Trust{}).OK {
			t.Fatal("anything verifies without a key")
		}
	})
}
