package db

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rakudos/internal/testkit/fdlocks"
)

func openFile(t *testing.T, path string) *DB {
	t.Helper()
	d, err := Open(t.Context(), Config{Engine: SQLite, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	for _, text := range []string{"create table if not exists peeked (id integer primary key)", "insert into peeked default values"} {
		if _, err := d.write.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := d.read.QueryRow("select count(*) from peeked").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return d
}

// locks of the database's files, which the kernel holds for this process.
func locks(t *testing.T, path string) int {
	t.Helper()
	n, err := fdlocks.Held(os.Getpid(), path, path+"-shm")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func peek(t *testing.T, path string) []byte {
	t.Helper()
	r, err := Peek(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPeekKeepsTheLocks: reading a database's files beside SQLite costs it no lock, however often, and opens one
// descriptor a file at most; a second opening of the database neither. os.Open does cost them, or this test sees nothing.
func TestPeekKeepsTheLocks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "main.db")
	d := openFile(t, path)
	before := locks(t, path)
	if before == 0 {
		t.Fatal("SQLite holds no lock: nothing can be seen here")
	}
	if err := os.Symlink(path, filepath.Join(dir, "other.db")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, end := range sidecars[:3] {
			if len(peek(t, path+end)) == 0 {
				t.Errorf("%q is empty", end)
			}
		}
		if !strings.HasPrefix(string(peek(t, filepath.Join(dir, "other.db"))), "SQLite format 3") {
			t.Error("another name of it does not read")
		}
	}
	again := openFile(t, path)
	if n := locks(t, path); n < before {
		t.Errorf("%d of %d locks are left", n, before)
	}
	if n := len(descriptors.open[d]) + len(descriptors.open[again]); n != 3 {
		t.Errorf("%d descriptors are kept for three files", n)
	}

	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if n := locks(t, path); n >= before {
		t.Error("the way that costs the locks does not cost them here: the test can't fail")
	}
}

// TestPeekLeavesNothingOpen: what was kept goes with the database, other files are closed at once, also when the
// database was opened while they were read.
func TestPeekLeavesNothingOpen(t *testing.T) {
	dir := t.TempDir()
	path, plain := filepath.Join(dir, "main.db"), filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if string(peek(t, plain)) != "x" {
		t.Error("a plain file does not read")
	}
	if _, err := Peek(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
	if err := openFile(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	early, err := Peek(path) // nobody has it open yet
	if err != nil {
		t.Fatal(err)
	}
	d := openFile(t, path)
	before := locks(t, path)
	if err := early.Close(); err != nil {
		t.Fatal(err)
	}
	if n := locks(t, path); n < before {
		t.Errorf("%d of %d locks are left", n, before)
	}
	fds := func() (n int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(to, dir) {
				n++
			}
		}
		return n
	}
	if fds() == 0 {
		t.Fatal("nothing is open")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if n := fds(); n != 0 {
		t.Errorf("%d descriptors are left", n)
	}
}

// TestAnotherProcessLeavesTheLog: with its locks gone, the next process that closed the database would take the log
// away under us and whatever we wrote after it would be lost.
func TestAnotherProcessLeavesTheLog(t *testing.T) {
	if path := os.Getenv("RAKUDOS_TEST_PEEKED"); path != "" { // the other process
		d, err := Open(context.Background(), Config{Engine: SQLite, Path: path})
		if err == nil {
			err = d.Close()
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	path := filepath.Join(t.TempDir(), "main.db")
	_ = openFile(t, path)
	inode := func() uint64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	was := inode()
	_, _ = peek(t, path), peek(t, path+"-shm")
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAnotherProcessLeavesTheLog$")
	other.Env = append(os.Environ(), "RAKUDOS_TEST_PEEKED="+path)
	if out, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if inode() != was {
		t.Error("the log was taken away")
	}
}
