package tlscert

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const tcpListen = "0A" // the state in /proc/net/tcp

// listening asks the operating system for the addresses of every TCP socket on which this process listens, whoever opened
// it: the inodes of /proc/self/fd that stand in /proc/self/net/tcp and tcp6 as listening.
func listening() ([]netip.AddrPort, error) {
	mine, err := ownSockets()
	if err != nil {
		return nil, fmt.Errorf("tlscert: own sockets: %w", err)
	}
	var out []netip.AddrPort
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		f, err := os.Open(table)
		if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(table, "6") {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("tlscert: socket table: %w", err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			w := strings.Fields(lines.Text())
			if len(w) < 10 || w[3] != tcpListen || !mine[w[9]] {
				continue
			}
			at, err := socketAddress(w[1])
			if err != nil {
				_ = f.Close()
				return nil, err
			}
			out = append(out, at)
		}
		err = lines.Err()
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("tlscert: socket table: %w", err)
		}
	}
	return out, nil
}

// ownSockets are the inodes of this process's sockets.
func ownSockets() (map[string]bool, error) {
	const fds = "/proc/self/fd"
	entries, err := os.ReadDir(fds)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(fds, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			out[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return out, nil
}

// socketAddress reads "0100007F:20FB": 32-bit words in the byte order of the machine (little-endian on every machine we
// build for), then the port.
func socketAddress(s string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	n, perr := strconv.ParseUint(port, 16, 16)
	if err != nil || perr != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, fmt.Errorf("tlscert: socket table has the address %q", s)
	}
	for w := 0; w < len(b); w += 4 {
		slices.Reverse(b[w : w+4])
	}
	ip, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), nil
}

// undeclared are the sockets that no declared address accounts for.
func undeclared(sockets, declared []netip.AddrPort) []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range sockets {
		if !slices.ContainsFunc(declared, func(d netip.AddrPort) bool { return same(s, d) }) {
			out = append(out, s)
		}
	}
	return out
}

// same: all addresses of IPv4 and all of IPv6 are one thing to a declaration.
func same(a, b netip.AddrPort) bool {
	ipA, ipB := a.Addr().Unmap(), b.Addr().Unmap()
	return a.Port() == b.Port() && (ipA == ipB || ipA.IsUnspecified() && ipB.IsUnspecified())
}

// Listening gives the addresses of every TCP socket on which this process listens, as the operating system knows them.
func Listening() ([]netip.AddrPort, error) { return listening() }
