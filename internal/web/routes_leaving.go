package web

import "rakudos/internal/people/access"

// leavingRoutes are the rows of a customer's leaving: certificates of erasure and their verification.
func (s *server) leavingRoutes() []Route {
	return []Route{
		{Pattern: "GET /certificates/key", Permission: Public, Action: s.certificateKey},
		{Pattern: "GET /certificates/verify", Permission: Public, Action: s.certificateVerifyForm},
		{Pattern: "POST /certificates/verify", Permission: Public, Verb: "certificate.verify", Action: s.certificateVerify, Upload: true},

		{Pattern: "GET /certificates", Permission: access.CertificateRead, Action: s.certificatesPage},
		{Pattern: "GET /certificates/{id}", Permission: access.CertificateRead, Action: s.certificatePage},
		{Pattern: "POST /certificates/{id}/present", Permission: access.CertificatePresent, Verb: "certificate.present", Action: s.certificatePresent},
		{Pattern: "GET /certificates/presented/{id}/json", Permission: access.CertificatePresent, Action: s.certificateJSON},
		{Pattern: "GET /certificates/presented/{id}/pdf", Permission: access.CertificatePresent, Action: s.certificatePDF},

		{Pattern: "GET /retention", Permission: access.RetentionRead, Action: s.retentionPage},
		{Pattern: "POST /retention/approve", Permission: access.RetentionCustomer, Verb: "retention.approve", Action: s.retentionAct(s.retentionApprove)},
		{Pattern: "POST /retention/decline", Permission: access.RetentionCustomer, Verb: "retention.decline", Action: s.retentionAct(s.retentionDecline)},
		{Pattern: "GET /desk/retention", Permission: access.RetentionDesk, Action: s.retentionDesk},
		{Pattern: "GET /desk/retention/{id}", Permission: access.RetentionDesk, Action: s.retentionPage},
		{Pattern: "POST /desk/retention/{id}/approve", Permission: access.RetentionDesk, Verb: "retention.approve", Action: s.retentionAct(s.retentionApprove)},
		{Pattern: "POST /desk/retention/{id}/lengthen", Permission: access.RetentionDesk, Verb: "retention.lengthen", Action: s.retentionAct(s.retentionLengthen)},
		{Pattern: "POST /desk/retention/{id}/decline", Permission: access.RetentionDesk, Verb: "retention.decline", Action: s.retentionAct(s.retentionDecline)},

		{Pattern: "GET /holds", Permission: access.ErasureRead, Action: s.holdsPage},
		{Pattern: "POST /holds", Permission: access.HoldManage, Verb: "hold.place", Action: s.holdPlace},
		{Pattern: "POST /holds/{id}/release", Permission: access.HoldManage, Verb: "hold.release", Action: s.holdRelease},

		{Pattern: "GET /leaving", Permission: access.TerminationRequest, Action: s.leavingPage},
		{Pattern: "POST /leaving", Permission: access.TerminationRequest, Verb: "termination.request", Action: s.leavingAct(s.leavingAsk)},
		{Pattern: "POST /leaving/handover", Permission: access.HandoverAsk, Verb: "handover.ask", Action: s.leavingAct(s.leavingMake)},
		{Pattern: "POST /leaving/receipt", Permission: access.TerminationRequest, Verb: "termination.receipt", Action: s.leavingAct(s.leavingReceipt)},
		{Pattern: "POST /leaving/confirm", Permission: access.TerminationRequest, Verb: "termination.confirm", Action: s.leavingAct(s.leavingConfirm)},
		{Pattern: "POST /leaving/cancel", Permission: access.TerminationRequest, Verb: "termination.cancel", Action: s.leavingAct(s.leavingCancel)},
		{Pattern: "GET /leaving/files", Permission: access.HandoverTake, Action: s.leavingFiles},
		{Pattern: "GET /leaving/files/{id}", Permission: access.HandoverTake, Action: s.leavingFile},

		{Pattern: "GET /desk/leaving", Permission: access.TerminationDesk, Action: s.leavingDesk},
		{Pattern: "GET /desk/leaving/{id}", Permission: access.TerminationDesk, Action: s.leavingCase},
		{Pattern: "POST /desk/leaving/{id}/call", Permission: access.TerminationDesk, Verb: "termination.call_back", Action: s.deskAct(s.deskCall)},
		{Pattern: "POST /desk/leaving/{id}/confirm", Permission: access.TerminationDesk, Verb: "termination.confirm", Action: s.deskAct(s.deskConfirm)},
		{Pattern: "POST /desk/leaving/{id}/cancel", Permission: access.TerminationDesk, Verb: "termination.cancel", Action: s.deskAct(s.deskCancel)},
	}
}
