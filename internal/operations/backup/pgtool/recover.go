package pgtool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rakudos/internal/base/fault"
)

// Recovery says up to where a copied cluster is brought forward.
type Recovery struct {
	Data     string    // the cluster's folder, as unpacked from a base
	WAL      string    // folder of the segments, by their names
	Until    time.Time // every commit up to here, none after
	Timeline uint32
	Role     string // who connects; it must be able to sign in
	Keep     bool   // the folder is wanted afterwards: what it holds has to be on the disk
	Database string
}

// Opened is a private server on a recovered cluster. Only this user of the host reaches it, over a socket.
type Opened struct {
	DSN    string // without a user's password: the socket's folder is the wall
	data   string
	dir    string // socket and settings
	log    string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // of the process, once done
}

const autoConf = "postgresql.auto.conf"

// Recover starts the server, has it replay up to the instant, and waits until it is open. One whose WAL ends
// before the instant does not open: that is fault.Conflict "backup.pitr_short".
func (t Tools) Recover(ctx context.Context, r Recovery) (*Opened, error) {
	dir, err := os.MkdirTemp("", "rkpitr") // a socket's path is short
	if err != nil {
		return nil, err
	}
	o := &Opened{data: r.Data, dir: dir, log: filepath.Join(dir, "log"), done: make(chan struct{})}
	o.DSN = fmt.Sprintf("host=%s port=5432 user='%s' dbname='%s' sslmode=disable", dir, quoteWord(r.Role), quoteWord(r.Database))
	if err := o.prepare(r); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := o.start(ctx, t, r); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

func quoteWord(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }

// prepare writes settings of our own: those of the copied server name files, addresses and libraries that are
// not here. They are put aside, and come back when the server has stopped.
func (o *Opened) prepare(r Recovery) error {
	auto := filepath.Join(r.Data, autoConf)
	if err := os.Rename(auto, auto+".kept"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	set := func(name, value string) string { return name + " = '" + strings.ReplaceAll(value, "'", "''") + "'\n" }
	conf := set("listen_addresses", "") + set("unix_socket_directories", o.dir) + set("port", "5432") +
		set("hba_file", filepath.Join(o.dir, "hba.conf")) + set("ident_file", filepath.Join(o.dir, "ident.conf")) +
		set("ssl", "off") + set("archive_mode", "off") + set("hot_standby", "off") + set("logging_collector", "off") +
		set("log_min_messages", "log") + set("lc_messages", "C") + set("max_connections", "40") + set("shared_buffers", "64MB") +
		set("restore_command", `cp "`+r.WAL+`/%f" "%p"`) + set("recovery_target_action", "promote") +
		set("recovery_target_time", r.Until.UTC().Format("2006-01-02 15:04:05.999999-07")) +
		set("recovery_target_timeline", strconv.FormatUint(uint64(r.Timeline), 10))
	if !r.Keep {
		conf += set("fsync", "off") + set("full_page_writes", "off")
	}
	for name, text := range map[string]string{
		filepath.Join(o.dir, "postgresql.conf"): conf, filepath.Join(o.dir, "hba.conf"): "local all all trust\n",
		filepath.Join(o.dir, "ident.conf"): "", filepath.Join(r.Data, "recovery.signal"): "",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (o *Opened) start(ctx context.Context, t Tools, r Recovery) error {
	cred, err := lend(r.Data, r.WAL, o.dir)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(o.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	o.cancel = cancel
	go func() {
		defer close(o.done)
		defer log.Close() //nolint:errcheck // read back by us only
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd := exec.CommandContext(run, t.path(server), "-D", r.Data, "-c", "config_file="+filepath.Join(o.dir, "postgresql.conf"))
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env, cmd.WaitDelay = o.dir, log, log, Conn{}.env(os.Environ()), time.Minute
		cmd.SysProcAttr = dieTogether(syscall.SIGQUIT)
		cmd.SysProcAttr.Credential = cred
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) } // a fast, clean stop
		o.err = cmd.Run()
	}()
	return o.await(ctx)
}

// await looks into the server's own log: with hot_standby off nobody can connect before it has recovered.
func (o *Opened) await(ctx context.Context) error {
	for {
		said, _ := os.ReadFile(o.log)
		if strings.Contains(string(said), "database system is ready to accept connections") {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-o.done:
			said, _ := os.ReadFile(o.log)
			return ended(string(said), o.err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func ended(said string, err error) error {
	code := "backup.pitr_recovery"
	if strings.Contains(said, "recovery ended before configured recovery target was reached") ||
		strings.Contains(said, "before consistent recovery point") || strings.Contains(said, "WAL ends before") {
		code = "backup.pitr_short"
	}
	return fault.New(fault.Conflict, code).Because(&Failed{server, complaint([]byte(said)), err})
}

// Close stops the server cleanly and puts the cluster's own settings back.
func (o *Opened) Close() error {
	if o.cancel != nil {
		o.cancel()
		<-o.done
		o.cancel = nil
	}
	auto := filepath.Join(o.data, autoConf)
	err := os.Rename(auto+".kept", auto)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(o.dir))
}
