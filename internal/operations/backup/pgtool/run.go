package pgtool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"rakudos/internal/base/fault"
)

// waitDelay is how long a program may take to end once it was asked to.
const waitDelay = 10 * time.Second

// keep bounds what is kept of a program's complaints.
const keep = 16 << 10

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > keep {
		t.b = bytes.Clone(t.b[len(t.b)-keep:])
	}
	return len(p), nil
}

// run starts a program of the tools and waits for it. It ends with ctx, and with the service, however that
// ends: the kernel tells the program when the thread that started it is gone, so the thread is kept.
func (t Tools) run(ctx context.Context, c Conn, out io.Writer, name string, args ...string) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd := exec.CommandContext(ctx, t.path(name), args...)
		var said tail
		cmd.Stdout, cmd.Stderr, cmd.Env, cmd.WaitDelay = out, &said, c.env(os.Environ()), waitDelay
		cmd.SysProcAttr = dieTogether(syscall.SIGTERM)
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
		err := cmd.Run()
		if ctx.Err() != nil {
			err = ctx.Err()
		} else if err != nil {
			err = &Failed{name, complaint(said.b), err}
		}
		done <- err
	}()
	return <-done
}

// Failed is what a program said when it failed.
type Failed struct {
	Program string
	Said    string
	err     error
}

func (f *Failed) Error() string { return "pgtool: " + f.Program + ": " + f.Said }

func (f *Failed) Unwrap() error { return f.err }

// complaint is the last line that tells of an error.
func complaint(said []byte) string {
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], "error:") || strings.Contains(lines[i], "FATAL:") {
			return strings.TrimSpace(lines[i])
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}

// Refused turns what a program said into why the server does not let us copy it.
func Refused(err error) error {
	var f *Failed
	if !errors.As(err, &f) {
		return err
	}
	why := "backup.pitr_error"
	for _, w := range refusals {
		if strings.Contains(f.Said, w.said) {
			why = w.code
			break
		}
	}
	return fault.New(fault.Denied, why, "tool", f.Program).Because(err)
}

var refusals = []struct{ said, code string }{
	{"must be superuser or replication role", "backup.pitr_role"},
	{"permission denied", "backup.pitr_role"},
	{"pg_hba.conf", "backup.pitr_hba"},
	{"password authentication failed", "backup.pitr_password"},
	{"max_wal_senders", "backup.pitr_senders"},
	{"wal_level", "backup.pitr_level"},
	{"all replication slots are in use", "backup.pitr_slots"},
	{"has already been removed", "backup.pitr_lost"},
	{"can no longer", "backup.pitr_lost"},
	{"is active for PID", "backup.pitr_taken"},
	{"multiple tablespaces", "backup.pitr_tablespaces"},
	{"single tablespace", "backup.pitr_tablespaces"},
}
