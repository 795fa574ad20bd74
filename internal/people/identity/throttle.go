package identity

import (
	"net/netip"
	"time"
)

// delay is how long one has to wait after the n-th failure in a row for the same account name from the
// same network: nothing before ThrottleFrom, then ThrottleFirst doubling up to ThrottleMost.
func (p Policy) delay(n int) time.Duration {
	if n < p.ThrottleFrom {
		return 0
	}
	d := p.ThrottleFirst
	for i := p.ThrottleFrom; i < n && d < p.ThrottleMost; i++ {
		d *= 2
	}
	return min(d, p.ThrottleMost)
}

// Network is what counts as one origin wherever somebody is slowed down: an IPv4 address, or the /64 of an IPv6
// address, of which every customer of a provider has at least one whole.
func Network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	a = a.Unmap()
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a.WithZone(""), 64).Masked().String()
}

// wholeSeconds rounds up, as Retry-After is written.
func wholeSeconds(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
