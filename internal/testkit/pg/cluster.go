// Package pg runs a temporary PostgreSQL cluster for tests and hands out throw-away databases in it.
// It must never touch a cluster that it did not start, and never leave one of its own behind.
package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// EnvDSN names a cluster that an outer process (cmd pgcluster) has already started.
const EnvDSN = "RAKUDOS_TEST_PG"

// ErrNotInstalled says that no PostgreSQL server was found on this machine.
var ErrNotInstalled = errors.New("pg: no PostgreSQL server found (looked for initdb in PATH and /usr/lib/postgresql/*/bin)")

// Cluster is a running temporary cluster. DSN connects as its superuser.
type Cluster struct {
	DSN  string
	dir  string
	life io.Closer // closing it ends the cluster; so does the death of this process
	proc *exec.Cmd
}

// guard runs the server under a shell that holds the read end of a pipe. However the test process
// ends (return, panic, SIGKILL), the pipe closes, the shell stops the server by its own pid and
// removes the folder. An immediate shutdown is right: nothing in it is worth a checkpoint.
const guard = `"$1" -D "$2/data" -k "$2" -h "" -p 5432 -F \
 -c synchronous_commit=off -c autovacuum="$3" -c max_connections=200 \
 -c shared_buffers=64MB -c log_min_messages=error $4 &
pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; rm -rf "$2"`

// Start makes a cluster in a fresh temporary folder and waits until it answers. Tests do without the
// autovacuum: it would wander through hundreds of databases that live for a second.
func Start(ctx context.Context) (*Cluster, error) { return start(ctx, "off", spare) }

// StartForMeasuring is Start with the autovacuum, as a real server has it.
func StartForMeasuring(ctx context.Context) (*Cluster, error) { return start(ctx, "on", spare) }

// StartForReplication is a cluster of a test's own that can be copied whole and streams its WAL, as a real one
// does. It has the two roles of the service; more settings may follow ("-c name=value").
func StartForReplication(ctx context.Context, settings string) (*Cluster, error) {
	c, err := start(ctx, "off", "-c wal_level=replica -c max_wal_senders=6 "+settings)
	if err != nil {
		return nil, err
	}
	if err := roles(c.DSN); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// spare are the settings of a cluster that nobody copies: it writes as little as it can.
const spare = "-c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"

func start(ctx context.Context, autovacuum, settings string) (*Cluster, error) {
	return launch(ctx, autovacuum, settings, func(dir, bin string, cred *syscall.Credential) error {
		initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
			"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
		initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: cred}
		if out, err := initdb.CombinedOutput(); err != nil {
			return fmt.Errorf("pg: initdb: %w: %s", err, out)
		}
		return nil
	})
}

// Resume runs a cluster's folder that somebody else has made, and takes it over: it goes with the cluster.
func Resume(ctx context.Context, data string) (*Cluster, error) {
	return launch(ctx, "off", spare, func(dir, _ string, _ *syscall.Credential) error {
		return os.Rename(data, filepath.Join(dir, "data"))
	})
}

// launch runs the server on the folder "data" that fill puts into a fresh one.
func launch(ctx context.Context, autovacuum, settings string, fill func(dir, bin string, cred *syscall.Credential) error) (*Cluster, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rkpg")
	if err != nil {
		return nil, err
	}
	cred, err := credential(dir)
	if err != nil {
		return nil, err
	}
	if err := fill(dir, bin, cred); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	server := exec.Command("/bin/sh", "-c", guard, "sh", filepath.Join(bin, "postgres"), dir, autovacuum, settings)
	server.Dir, server.Stdout, server.Stderr = dir, log, log
	server.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	life, err := server.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("pg: start: %w", err)
	}
	c := &Cluster{DSN: "host=" + dir + " port=5432 user=postgres sslmode=disable", dir: dir, life: life, proc: server}
	if err := c.await(ctx); err != nil {
		said, _ := os.ReadFile(filepath.Join(dir, "server.log"))
		c.Stop()
		return nil, fmt.Errorf("pg: the server does not answer: %w: %s", err, said)
	}
	return c, nil
}

// Stop ends the cluster and removes its folder.
func (c *Cluster) Stop() {
	_ = c.life.Close()
	_ = c.proc.Wait()
}

// Pid is the process that guards the server, for tests of the cluster's own end.
func (c *Cluster) Pid() int { return c.proc.Process.Pid }

// WAL is the folder of the server's log of changes.
func (c *Cluster) WAL() string { return filepath.Join(c.dir, "data", "pg_wal") }

func (c *Cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.DSN+" dbname=postgres")
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// find returns the folder of the newest installed server programs.
func find() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(p), "postgres")); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", ErrNotInstalled
	}
	version := func(p string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// credential gives the cluster's folder to the postgres user when we are root, which PostgreSQL refuses.
func credential(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("pg: running as root, and there is no user postgres to run the server: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
