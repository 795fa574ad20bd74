// Package fdlocks counts the locks that the kernel holds on files for a process (Linux, /proc/PID/fdinfo; /proc/locks is
// handed out in pieces, between which others come and go): a database whose locks are gone is only seen to be so when
// another process has taken its log away. For tests alone; the program must never import it.
package fdlocks

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Held counts the POSIX locks that process pid holds on the files. A file that is not there is an error.
func Held(pid int, files ...string) (n int, err error) {
	wanted := map[uint64]bool{}
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return 0, err
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return 0, fmt.Errorf("fdlocks: no inode of %s", f)
		}
		wanted[s.Ino] = true
	}
	folder := fmt.Sprintf("/proc/%d/", pid)
	open, err := os.ReadDir(folder + "fd")
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{} // every descriptor of a file names all of its locks
	for _, fd := range open {
		info, err := os.Stat(folder + "fd/" + fd.Name())
		if err != nil {
			continue // closed meanwhile
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || !wanted[s.Ino] {
			continue
		}
		b, err := os.ReadFile(folder + "fdinfo/" + fd.Name())
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(b), "\n") {
			// lock:	1: POSIX  ADVISORY  READ 4711 fe:01:123456 124 124
			if w := strings.Fields(line); len(w) > 6 && w[0] == "lock:" && w[2] == "POSIX" {
				seen[strings.Join(w[2:], " ")] = true
			}
		}
	}
	return len(seen), nil
}
