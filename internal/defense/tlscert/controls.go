package tlscert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/control"
)

// A socket nobody declared is looked at again for so long: what a neighbour's probe opens for a moment is no forgotten
// listener.
const (
	patience = 4 * time.Second
	interval = 250 * time.Millisecond
)

// Controls gives NET-TLS13. live lists the addresses of the listeners that the service declares, as net.Listener.Addr
// prints them; roots are the authorities by which its certificate is to be judged; listen opens the socket of the mutant.
func Controls(live func() []string, roots func() *x509.CertPool, listen Listen) []control.Control {
	return []control.Control{{
		ID:      "NET-TLS13",
		Clauses: []string{"2-3"},
		Grades:  []control.Grade{control.Real},
		Says:    says(policy()),
		NotProven: "待受はTCPのものだけを数え、UDPなどのソケットは調べていません。他のプロセス、前段の負荷分散装置、データベースやメールサーバーとの間の通信は、この検査の対象に含まれません。" +
			"SSL 2.0・3.0は検査側が話せないため、拒否の実測はTLSの各版についてのものです。",
		Every: 5 * time.Minute,
		Fresh: 30 * time.Minute,
		Owner: "SRE",
		Probe: func(ctx context.Context) (control.Evidence, error) {
			for {
				before := live()
				declared, err := addresses(before)
				if err != nil {
					return control.Evidence{}, err
				}
				e, err := look(ctx, declared, declared, roots())
				if ctx.Err() != nil || err == nil && e.OK || slices.Equal(before, live()) {
					return e, err
				}
				// A sandbox of another probe has opened or closed its listener meanwhile: what does not agree with
				// the list of before says nothing. Look at those of now.
			}
		},
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			declared, err := addresses(live())
			if err != nil {
				return control.Evidence{}, err
			}
			return sandbox(ctx, listen, declared, tls.VersionTLS12)
		},
	}}
}

// says renders the promise from the configuration in force.
func says(c *tls.Config) string {
	newest := c.MaxVersion
	if newest == 0 {
		newest = tls.VersionTLS13 // what crypto/tls offers at most
	}
	var refused, suites []string
	for _, v := range older {
		if v < c.MinVersion {
			refused = append(refused, strings.TrimPrefix(tls.VersionName(v), "TLS "))
		}
	}
	for id := range aead {
		suites = append(suites, strings.TrimPrefix(tls.CipherSuiteName(id), "TLS_"))
	}
	slices.Sort(suites)
	only := tls.VersionName(c.MinVersion)
	if newest != c.MinVersion {
		only += "から" + tls.VersionName(newest)
	}
	return fmt.Sprintf("サービスの待受はすべて%sだけで通信を暗号化し、SSLとTLS %sによる接続は断ります。使う暗号は%sの%d種類です。",
		only, strings.Join(refused, "・"), strings.Join(suites, "、"), len(suites))
}

func addresses(list []string) ([]netip.AddrPort, error) {
	if len(list) == 0 {
		return nil, errors.New("tlscert: no listener is declared")
	}
	out := make([]netip.AddrPort, 0, len(list))
	for _, s := range list {
		if port, ok := strings.CutPrefix(s, ":"); ok {
			s = "[::]:" + port
		}
		at, err := netip.ParseAddrPort(s)
		if err != nil {
			return nil, fmt.Errorf("tlscert: declared listener: %w", err)
		}
		out = append(out, at)
	}
	return out, nil
}

// look shakes hands with every target in every version and compares the process's sockets with the declared addresses.
func look(ctx context.Context, targets, declared []netip.AddrPort, roots *x509.CertPool) (control.Evidence, error) {
	var e control.Evidence
	var all []outcome
	var refused, tried int
	best := map[string]bool{}
	for _, at := range targets {
		for _, v := range append(slices.Clone(older), tls.VersionTLS13) {
			o, err := handshake(ctx, at, v, roots)
			if err != nil {
				return control.Evidence{}, err
			}
			all = append(all, o)
			switch {
			case v < tls.VersionTLS13:
				tried++
				if !o.Done {
					refused++
				} else {
					e.Failed = append(e.Failed, fmt.Sprintf("%s が %s を受け入れる", at, o.Offered))
				}
			case !o.Done:
				e.Failed = append(e.Failed, fmt.Sprintf("%s で %s が成立しない (%s)", at, o.Offered, o.Refusal))
			case !aead[o.suite]:
				e.Failed = append(e.Failed, fmt.Sprintf("%s が %s を使う", at, o.Suite))
			default:
				best[o.Suite+"（鍵交換 "+o.Group+"）"] = true
			}
		}
	}
	sockets, strangers, err := census(ctx, declared)
	if err != nil {
		return control.Evidence{}, err
	}
	for _, s := range strangers {
		e.Failed = append(e.Failed, fmt.Sprintf("%s は宣言のない待受", s))
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"handshakes": facts(all), "sockets": sockets, "undeclared": len(strangers)}
	e.Measured = fmt.Sprintf("待受%d件に対し、TLS 1.2以下の接続%d回のうち%d回が断られ、TLS 1.3は%sで成立しました。プロセスのTCPの待受ソケット%d件のうち、宣言のないものは%d件です。",
		len(targets), tried, refused, names(best), sockets, len(strangers))
	return e, nil
}

// census counts the process's listening sockets and gives those that stay undeclared.
func census(ctx context.Context, declared []netip.AddrPort) (sockets int, strangers []netip.AddrPort, err error) {
	for end := time.Now().Add(patience); ; {
		all, err := listening()
		if err != nil {
			return 0, nil, err
		}
		strangers = undeclared(all, declared)
		if len(strangers) == 0 || !time.Now().Before(end) {
			return len(all), strangers, nil
		}
		select {
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		case <-time.After(interval):
		}
	}
}

func names(set map[string]bool) string {
	if len(set) == 0 {
		return "0件"
	}
	var out []string
	for n := range set {
		out = append(out, n)
	}
	slices.Sort(out)
	return strings.Join(out, "、")
}

func facts(all []outcome) []map[string]string {
	var out []map[string]string
	for _, o := range all {
		f := map[string]string{"listener": o.Listener, "offered": o.Offered, "done": strconv.FormatBool(o.Done)}
		for k, v := range map[string]string{"suite": o.Suite, "group": o.Group, "refusal": o.Refusal} {
			if v != "" {
				f[k] = v
			}
		}
		out = append(out, f)
	}
	return out
}
