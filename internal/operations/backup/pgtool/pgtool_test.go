package pgtool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

// install puts programs of a version into a folder.
func install(t *testing.T, dir string, major int, names ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		text := fmt.Sprintf("#!/bin/sh\ncase \"$1\" in --version) echo '%s (PostgreSQL) %d.4 (Debian)';; *) echo 'noise' >&2; echo \"%s: error: said $*\" >&2; exit 1;; esac\n", n, major, n)
		if err := os.WriteFile(filepath.Join(dir, n), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFind: Debian's folder of the server's version comes first, then PATH; another version is refused by name.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	debian = filepath.Join(dir, "postgresql")
	t.Cleanup(func() { debian = "/usr/lib/postgresql" })
	path := filepath.Join(dir, "path")
	t.Setenv("PATH", path)
	look := func(major int) (string, string) {
		got, err := FindCopying(t.Context(), major)
		if err != nil {
			f := fault.Of(err)
			return f.Code, f.Args["have"]
		}
		return got.dir, ""
	}
	if c, _ := look(17); c != "backup.pitr_tools" {
		t.Errorf("nothing installed: %s", c)
	}
	install(t, path, 16, baseBackup, receiveWAL)
	if c, have := look(17); c != "backup.pitr_version" || have != "16" {
		t.Errorf("another version in PATH: %s %s", c, have)
	}
	install(t, filepath.Join(debian, "15", "bin"), 15, baseBackup, receiveWAL)
	if c, have := look(17); c != "backup.pitr_version" || have != "16" {
		t.Errorf("others: %s %s", c, have)
	}
	if d, _ := look(15); d != filepath.Join(debian, "15", "bin") {
		t.Errorf("15 is found in %s", d)
	}
	if d, _ := look(16); d != path {
		t.Errorf("16 is found in %s", d)
	}
	install(t, filepath.Join(debian, "17", "bin"), 17, baseBackup)
	if c, _ := look(17); c == filepath.Join(debian, "17", "bin") {
		t.Error("half of the programs count as all")
	}
	if c, _ := look(12); c != "backup.pitr_old_server" {
		t.Errorf("12: %s", c)
	}
}

// TestRefusals: what the programs say when the server refuses becomes a reason that an operator can act upon.
func TestRefusals(t *testing.T) {
	for said, want := range map[string]string{
		"pg_receivewal: error: connection to server failed: FATAL:  must be superuser or replication role to start walsender":               "backup.pitr_role",
		"pg_basebackup: error: FATAL:  no pg_hba.conf entry for replication connection from host \"10.0.0.9\", user \"rep\", no encryption": "backup.pitr_hba",
		"FATAL:  password authentication failed for user \"rep\"":                                                                           "backup.pitr_password",
		"error: FATAL:  number of requested standby connections exceeds max_wal_senders (currently 0)":                                      "backup.pitr_senders",
		"error: could not send replication command: ERROR:  replication slot \"rakudos_wal\" is active for PID 7":                           "backup.pitr_taken",
		"error: requested WAL segment 000000010000000000000003 has already been removed":                                                    "backup.pitr_lost",
		"error: can only write single tablespace to stdout, database has 2":                                                                 "backup.pitr_tablespaces",
		"error: something new": "backup.pitr_error",
	} {
		err := Refused(fmt.Errorf("wrapped: %w", &Failed{receiveWAL, said, io.EOF}))
		if f := fault.Of(err); f.Code != want || f.Args["tool"] != receiveWAL {
			t.Errorf("%s: %s", said, f.Code)
		}
	}
	if Refused(io.EOF) != io.EOF {
		t.Error("what is no program's word is changed")
	}
	if got := complaint([]byte("a\npg_x: error: this\npg_x: removing\n")); got != "pg_x: error: this" {
		t.Errorf("%q", got)
	}
	if got := complaint([]byte("last\n")); got != "last" {
		t.Errorf("%q", got)
	}
}

// TestProgramsEndWithTheirContext: a program that hangs ends when it is asked to, and what it says is bounded.
func TestProgramsEndWithTheirContext(t *testing.T) {
	dir := t.TempDir()
	install(t, dir, 15, baseBackup)
	if err := os.WriteFile(filepath.Join(dir, receiveWAL), []byte("#!/bin/sh\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tools := Tools{15, dir}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := tools.Receive(ctx, Conn{}, filepath.Join(dir, "wal")); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	c, err := ParseConn("host=h password=s3cret")
	if err != nil {
		t.Fatal(err)
	}
	err = tools.Base(t.Context(), c, io.Discard)
	var f *Failed
	if !errors.As(err, &f) || !strings.Contains(f.Said, "host='h'") || strings.Contains(f.Said, "s3cret") || strings.Contains(f.Said, "noise") {
		t.Errorf("%v", err)
	}
	var long tail
	for range 100 {
		_, _ = long.Write([]byte(strings.Repeat("x", 1000)))
	}
	if len(long.b) != keep {
		t.Errorf("%d bytes are kept", len(long.b))
	}
}

// TestEndedSaysWhy: a recovery that stops short of its instant is told apart from one that fails otherwise.
func TestEndedSaysWhy(t *testing.T) {
	for said, want := range map[string]string{
		"LOG:  redo done\nFATAL:  recovery ended before configured recovery target was reached": "backup.pitr_short",
		"FATAL:  requested recovery stop point is before consistent recovery point":             "backup.pitr_short",
		"FATAL:  could not load library": "backup.pitr_recovery",
	} {
		if f := fault.Of(ended(said, io.EOF)); f.Code != want || f.Kind != fault.Conflict {
			t.Errorf("%s: %v", said, f)
		}
	}
}

// TestOnlyWhatIsKeptIsFlushed: a recovered cluster that is thrown away need not reach the disk; one that is kept must.
func TestOnlyWhatIsKeptIsFlushed(t *testing.T) {
	for _, keep := range []bool{false, true} {
		o := &Opened{dir: t.TempDir()}
		if err := o.prepare(Recovery{Data: t.TempDir(), Keep: keep}); err != nil {
			t.Fatal(err)
		}
		conf, err := os.ReadFile(filepath.Join(o.dir, "postgresql.conf"))
		if err != nil || strings.Contains(string(conf), "fsync = 'off'") == keep {
			t.Errorf("kept %v: %v\n%s", keep, err, conf)
		}
	}
}
