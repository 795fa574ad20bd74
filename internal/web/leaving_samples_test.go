package web

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/words"
)

func sampleVerified(ok bool) *certificateVerifyView {
	v := newCertificateVerifyView()
	v.Done, v.State, v.Stage = true, "発行済", certificate.StageName(certificate.Primary)
	v.Report = certificate.Report{OK: ok, LogIndex: 4711, Digest: "e4799538926db0e923c296d0d52601a1e107908d55bca54b34ffbf0b7b846082", File: &certificate.File{Certificate: certificate.Body{
		ID: "01935a00-0000-7000-8000-000000000001", Tenant: certificate.Party{Name: "株式会社みどり製作所"}, IssuedAt: certificate.At(sampleNow), Says: []string{"主たる記録と、それを読むための鍵は、消去されています。"},
	}}}
	if !ok {
		v.Problems = []words.Text{words.Fault(fault.New(fault.Invalid, "certificate.signature"))}
	}
	return v
}

// leavingSamples are the pages of a customer's leaving.
func leavingSamples() map[string]struct {
	role actor.Role
	view Viewer
} {
	return map[string]struct {
		role actor.Role
		view Viewer
	}{
		"certificate-verify":     {"", newCertificateVerifyView()},
		"certificate-verify-ok":  {actor.Employee, sampleVerified(true)},
		"certificate-verify-bad": {"", sampleVerified(false)},
	}
}
