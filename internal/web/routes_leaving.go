package web

// leavingRoutes are the rows of a customer's leaving: certificates of erasure and their verification.
func (s *server) leavingRoutes() []Route {
	return []Route{
		{Pattern: "GET /certificates/key", Permission: Public, Action: s.certificateKey},
		{Pattern: "GET /certificates/verify", Permission: Public, Action: s.certificateVerifyForm},
		{Pattern: "POST /certificates/verify", Permission: Public, Verb: "certificate.verify", Action: s.certificateVerify, Upload: true},
	}
}
