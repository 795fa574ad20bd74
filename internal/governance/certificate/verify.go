package certificate

import (
	"maps"
	"slices"
	"time"

	"rakudos/internal/base/fault"
)

// VerbIssued and VerbRevoked are the events that carry a certificate's digest.
const (
	verbKey     = "certificate.key"
	VerbIssued  = "certificate.issued"
	VerbRevoked = "certificate.revoked"
)

// skew is how far the date on a certificate and the time of its event may lie apart: they are written in
// one transaction.
const skew = 10 * time.Minute

// Report is what a verification found. OK is true only when signature, fields and inclusion proof hold and
// nothing tells of a revocation.
type Report struct {
	OK       bool
	File     *File
	Digest   string
	LogIndex int64 // -1 while it is not proven
	TreeSize uint64
	Revoked  bool
	Problems []*fault.Fault
}

// Verify checks a file with the public half alone; it needs no network, no database and no clock.
func Verify(b []byte, t Trust) Report {
	rep := Report{LogIndex: -1}
	bad := func(f ...*fault.Fault) { rep.Problems = append(rep.Problems, f...) }
	f, err := Parse(b)
	if err != nil {
		bad(fault.Of(err))
		return rep
	}
	rep.File = f
	bad(f.Certificate.check()...)
	message, err := f.Certificate.message()
	if err != nil {
		bad(fault.New(fault.Invalid, "certificate.form").Because(err))
		return rep
	}
	rep.Digest = digest(message)
	issued, _ := f.Certificate.IssuedAt.Time()
	if p := t.signedBy(f.Signature, message, issued); p != nil {
		bad(p)
	}
	bad(rep.checkLog(t, issued)...)
	if at, ok := t.Revoked[rep.Digest]; ok {
		rep.Revoked = true
		bad(fault.New(fault.Conflict, "certificate.revoked", "at", At(at).JST))
	}
	if r := f.Revocation; r != nil {
		bad(rep.checkRevocation(t, *r)...)
	}
	rep.OK = len(rep.Problems) == 0
	return rep
}

// checkLog holds the certificate against the event that the proof carries.
func (rep *Report) checkLog(t Trust, issued time.Time) []*fault.Fault {
	p := rep.File.Log
	if p == nil {
		return []*fault.Fault{fault.New(fault.Invalid, "certificate.no_proof")}
	}
	if len(t.Logs) == 0 {
		return []*fault.Fault{fault.New(fault.Invalid, "certificate.log_key")}
	}
	var last error
	for _, key := range t.Logs {
		got, err := p.Check(key)
		if err != nil {
			last = err
			continue
		}
		d := got.At.Sub(issued)
		if again, _ := got.Detail["recovered"].(bool); again && d > 0 { // entered anew after a restore
			d = 0
		}
		if got.Verb != VerbIssued || got.Detail["digest"] != rep.Digest || got.Detail["certificate"] != rep.File.Certificate.ID || d.Abs() > skew {
			return []*fault.Fault{fault.New(fault.Invalid, "certificate.other_event")}
		}
		rep.LogIndex, rep.TreeSize = got.Index, got.Size
		return nil
	}
	return []*fault.Fault{fault.Of(last)}
}

// checkRevocation: whatever stands there, the file does not hold; a revocation nobody signed is told as
// such, for it may be an attempt to discredit a genuine certificate.
func (rep *Report) checkRevocation(t Trust, r Revocation) []*fault.Fault {
	message, err := r.message()
	at, ok := r.At.Time()
	if err != nil || !ok || r.Digest != rep.Digest || t.signedBy(r.Signature, message, at) != nil {
		return []*fault.Fault{fault.New(fault.Invalid, "certificate.revocation_broken")}
	}
	rep.Revoked = true
	return []*fault.Fault{fault.New(fault.Conflict, "certificate.revoked", "at", r.At.JST)}
}

func sorted(m map[string]time.Time) []string { return slices.Sorted(maps.Keys(m)) }
