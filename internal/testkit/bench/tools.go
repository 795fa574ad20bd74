package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rakudos/internal/testkit/pg"
)

// tool is what the engine itself offers: save, load, and what is left to do outside of the clock.
type tool struct {
	name       string
	save, load []string
	opened     func() error // part of the load: until the data can be read
	after      func() error
}

// run takes the time and the memory of a command and of everything that it starts.
func (t tool) run(ctx context.Context, command []string) (use, error) {
	start := time.Now()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	b, err := c.CombinedOutput()
	if err != nil {
		return use{}, fmt.Errorf("%s: %w: %s", t.name, err, b)
	}
	if t.opened != nil && command[len(command)-1] == t.load[len(t.load)-1] {
		if err := t.opened(); err != nil {
			return use{}, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return use{wall: time.Since(start), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, nil
}

func shell(format string, a ...any) []string {
	return []string{"bash", "-o", "pipefail", "-c", fmt.Sprintf(format, a...)}
}

func sqliteTool(dir, file string) tool {
	return tool{
		name: "sqlite3 .backup と zstd",
		save: shell("cd %s && sqlite3 %s '.backup plain.db' && zstd -q -f -T0 plain.db -o plain.zst && sync plain.zst", dir, file),
		load: shell("cd %s && zstd -q -f -d plain.zst -o back.db && sync back.db && sqlite3 back.db 'pragma quick_check'", dir),
	}
}

// dumpTool is pg_dump, which reads the records as our daily set does.
func dumpTool(dir, dsn string) tool {
	file := filepath.Join(dir, "dump.zst")
	return tool{
		name: "pg_dump と zstd",
		save: shell("pg_dump -Fc -Z0 -d '%s dbname=records' | zstd -q -f -T0 -o %s && sync %s", dsn, file, file),
		load: shell(`psql -q -d '%[1]s dbname=postgres' -c 'create database records_back' && zstd -q -d -c %[2]s | pg_restore -d '%[1]s dbname=records_back'; r=$?; psql -q -d '%[1]s dbname=postgres' -c 'drop database records_back'; exit $r`, dsn, file),
	}
}

// baseTool is pg_basebackup, a copy of the whole cluster: unpacked, and started until it answers.
func baseTool(ctx context.Context, dir, dsn string) tool {
	file, back := filepath.Join(dir, "base.tar.zst"), filepath.Join(dir, "base-back")
	var c *pg.Cluster
	return tool{
		name: "pg_basebackup と zstd",
		save: shell("pg_basebackup -d '%s' -D - -F t -X fetch -c fast --no-manifest | zstd -q -f -T0 -o %s && sync %s", dsn, file, file),
		load: shell("mkdir -m 700 %[2]s && zstd -q -d -c %[1]s | tar -x -p -C %[2]s && sync -f %[2]s && { [ $(id -u) != 0 ] || chown postgres %[2]s; }", file, back),
		opened: func() (err error) {
			c, err = pg.Resume(ctx, back)
			return err
		},
		after: func() error {
			if c != nil {
				c.Stop()
			}
			return errors.Join(os.RemoveAll(back))
		},
	}
}
