package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// named refuses requests for a host that this service is not, so that no name of a stranger that points here
// becomes one of its origins. What a load balancer asks by any name is answered.
func (s *server) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !s.isOurs(r) {
			s.failStatus(w, r, nil, http.StatusMisdirectedRequest, fault.New(fault.Denied, "web.host"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOurs: a configured name with any port, which a proxy may have changed; or with the port that was reached
// localhost, the loopback, or the very address.
func (s *server) isOurs(r *http.Request) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(r.Host, "["), "]"), "443"
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host != "" && slices.ContainsFunc(s.Config.Hosts, func(name string) bool { return strings.EqualFold(name, host) }) {
		return true
	}
	var reached netip.AddrPort // none in a handler without a listener
	if l, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if reached, err = netip.ParseAddrPort(l.String()); err != nil {
			return false
		}
		if port != strconv.Itoa(int(reached.Port())) {
			return false
		}
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLoopback() || ip.IsUnspecified() || ip.Unmap() == reached.Addr().Unmap().WithZone(""))
}
