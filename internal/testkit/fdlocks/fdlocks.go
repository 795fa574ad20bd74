// Package fdlocks counts the locks that the kernel holds on files for a process (Linux, /proc/locks): a database
// whose locks are gone is only seen to be so when another process has taken its log away. For tests alone; the
// program must never import it.
package fdlocks

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Held counts the POSIX locks that process pid holds on the files. A file that is not there is an error.
func Held(pid int, files ...string) (n int, err error) {
	wanted := map[string]bool{}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return 0, err
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return 0, fmt.Errorf("fdlocks: no inode of %s", f)
		}
		wanted[strconv.FormatUint(s.Ino, 10)] = true
	}
	b, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		// 7: POSIX  ADVISORY  READ  4711 fe:01:123456 124 124
		w := strings.Fields(line)
		if len(w) < 6 || w[1] != "POSIX" || w[4] != strconv.Itoa(pid) {
			continue
		}
		if device := strings.Split(w[5], ":"); len(device) == 3 && wanted[device[2]] {
			n++
		}
	}
	return n, nil
}
