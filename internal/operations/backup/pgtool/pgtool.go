// Package pgtool runs PostgreSQL's own programs: pg_basebackup and pg_receivewal against the server of the
// records, and a private postgres on a copied cluster. It is the one place of the service that starts other
// programs. It must never put a password on a command line, let a program outlive the service, nor run one of
// another major version than the server's.
package pgtool

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// Programs that this package starts.
const (
	baseBackup = "pg_basebackup"
	receiveWAL = "pg_receivewal"
	server     = "postgres"
)

// Least is the oldest major version that refuses to open when its recovery ends before the instant it was
// asked for. An older one would hand out an earlier state without a word.
const Least = 13

// Tools are the programs of one major version.
type Tools struct {
	Major int
	dir   string
}

// debian is where Debian keeps each major version; a test looks elsewhere.
var debian = "/usr/lib/postgresql"

// Find looks for the programs of a server's major version: in Debian's folders, then in PATH. Programs of
// another version are named in the refusal, because they are what is there.
func Find(ctx context.Context, major int, names ...string) (Tools, error) {
	if major < Least {
		return Tools{}, fault.New(fault.Invalid, "backup.pitr_old_server", "major", strconv.Itoa(major), "least", strconv.Itoa(Least))
	}
	own := filepath.Join(debian, strconv.Itoa(major), "bin")
	other := ""
	for _, dir := range append([]string{own}, filepath.SplitList(os.Getenv("PATH"))...) {
		have := 0
		for _, name := range names {
			v, err := version(ctx, filepath.Join(dir, name))
			if err != nil {
				break
			}
			if v != major {
				other = strconv.Itoa(v)
				break
			}
			have++
		}
		if have == len(names) {
			return Tools{major, dir}, nil
		}
	}
	if others, _ := filepath.Glob(filepath.Join(debian, "*", "bin", names[0])); other == "" && len(others) > 0 {
		slices.Sort(others)
		other = filepath.Base(filepath.Dir(filepath.Dir(others[len(others)-1])))
	}
	if other != "" {
		return Tools{}, fault.New(fault.Invalid, "backup.pitr_version", "tool", names[0], "have", other, "want", strconv.Itoa(major))
	}
	return Tools{}, fault.New(fault.Missing, "backup.pitr_tools", "tool", strings.Join(names, "、"), "want", strconv.Itoa(major))
}

// FindCopying finds what copies a running server.
func FindCopying(ctx context.Context, major int) (Tools, error) {
	return Find(ctx, major, baseBackup, receiveWAL)
}

// FindServer finds the server program, which opens a copy.
func FindServer(ctx context.Context, major int) (Tools, error) { return Find(ctx, major, server) }

var versionWord = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// version asks a program for its major version.
func version(ctx context.Context, path string) (int, error) {
	if _, err := os.Stat(path); err != nil {
		return 0, err
	}
	c := exec.CommandContext(ctx, path, "--version")
	c.WaitDelay = waitDelay
	out, err := c.Output()
	if err != nil {
		return 0, err
	}
	m := versionWord.FindSubmatch(out)
	if m == nil {
		return 0, fault.New(fault.Invalid, "backup.pitr_tools", "tool", filepath.Base(path), "want", "")
	}
	return strconv.Atoi(string(m[1]))
}

func (t Tools) path(name string) string { return filepath.Join(t.dir, name) }
