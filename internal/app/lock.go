package app

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/operations/backup"
)

// lockData makes this process the only one that works on a data directory. The lock is the kernel's, so a
// killed process leaves none behind. The node is the directory's name among those that share a database: it
// is drawn once, kept in the file, and joined with the host's, so that a copy of the directory elsewhere is
// another node. Losing it costs a wait for leases and nothing else.
func lockData(dir string) (node string, release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fault.New(fault.Internal, "app.data_dir", "dir", dir).Because(err)
	}
	if err := backup.Unfinished(dir); err != nil {
		return "", nil, err
	}
	f, err := os.OpenFile(dir+"/lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, fault.New(fault.Internal, "app.data_dir", "dir", dir).Because(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close() //nolint:errcheck // nothing was written
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return "", nil, fault.New(fault.Internal, "app.data_dir", "dir", dir).Because(err)
		}
		pid, _ := lockLines(f)
		return "", nil, fault.New(fault.Conflict, "app.running", "pid", pid, "dir", dir)
	}
	_, name := lockLines(f)
	if _, err := ids.Parse[string](name); err != nil {
		name = ids.New[string]()
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"+name+"\n"), 0)
	host, _ := os.Hostname()
	return name + "@" + host, func() { _ = f.Close() }, nil
}

// lockLines are the process and the name that a lock file tells of.
func lockLines(f *os.File) (pid, name string) {
	b := make([]byte, 64)
	n, _ := f.ReadAt(b, 0)
	pid, rest, _ := strings.Cut(string(b[:n]), "\n")
	name, _, _ = strings.Cut(rest, "\n")
	return strings.TrimSpace(pid), strings.TrimSpace(name)
}
