package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// service is the program running as its own process.
type service struct {
	cmd  *exec.Cmd
	data string
	base string
	said *bytes.Buffer
}

// serve starts the demo service on a data directory and waits until it is ready.
func serve(ctx context.Context, o options, data string, config string) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	args := []string{"serve", "--demo", "--data", data, "--listen", addr}
	if config != "" {
		args = append(args, "--config", config)
	}
	s := &service{cmd: exec.CommandContext(ctx, o.bin, args...), data: data, base: "https://" + addr, said: &bytes.Buffer{}}
	s.cmd.Stderr = s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	c := newClient(s.base)
	for end := time.Now().Add(120 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if status, _, err := c.get(ctx, "/readyz"); err == nil && status == 200 {
			return s, nil
		}
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return nil, fmt.Errorf("not ready: %s", s.said)
}

func (s *service) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("stop: %w: %s", err, s.said)
	}
	return nil
}

// peak is the largest resident size so far, in MB; reset makes it start anew.
func (s *service) peak() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

func (s *service) reset() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0o200)
}

// command runs one verb to its end and returns its JSON, time and peak memory in MB.
func command(ctx context.Context, o options, out any, args ...string) (time.Duration, float64, error) {
	cmd := exec.CommandContext(ctx, o.bin, append(args, "--json")...)
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &wrong
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w: %s", strings.Join(args[:2], " "), err, wrong.String())
	}
	took := time.Since(start)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("no resource usage on this system")
	}
	if out != nil {
		if err := json.Unmarshal(said.Bytes(), out); err != nil {
			return 0, 0, fmt.Errorf("%w: %s", err, said.String())
		}
	}
	return took, float64(usage.Maxrss) / 1024, nil
}

// seeded makes a data directory with the demo's tenants and leaves the service stopped.
func seeded(ctx context.Context, o options, name, config string) (string, error) {
	data := filepath.Join(o.dir, name)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", err
	}
	s, err := serve(ctx, o, data, config)
	if err != nil {
		return "", err
	}
	return data, s.stop()
}
