package app

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"rakudos/internal/cli"
)

// TestServeLeavesNoCoreFile runs in a process of its own: who has given up a limit does not get it back.
func TestServeLeavesNoCoreFile(t *testing.T) {
	const child = "RAKUDOS_TEST_CORE"
	if os.Getenv(child) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestServeLeavesNoCoreFile$", "-test.v")
		c.Env = append(os.Environ(), child+"=1")
		out, err := c.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Error(err)
		}
		return
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &now); err != nil {
		t.Fatal(err)
	}
	none := now.Max == 0
	if now.Cur = now.Max; none { // who may raise it does; for anybody else there are no core files anyway
		now.Cur, now.Max = 1<<20, 1<<20
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &now); err != nil && !none {
		t.Fatal(err)
	}
	if err := houseServe(t.Context(), cli.Options{Config: filepath.Join(t.TempDir(), "none.yaml")}, io.Discard); err == nil {
		t.Error("served without its configuration")
	}
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &now); err != nil || now.Cur != 0 || now.Max != 0 {
		t.Errorf("core files of up to %d bytes, %d at most; %v", now.Cur, now.Max, err)
	}
}
