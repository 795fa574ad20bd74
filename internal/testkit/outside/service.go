// Package outside runs the built program as a process of its own and talks to it as a browser would: for
// tests that kill it and for measurements. It must never be imported by the program.
package outside

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

// Service is the program running as its own process.
type Service struct {
	Data string // its data directory
	Base string // https://127.0.0.1:port
	cmd  *exec.Cmd
	said *bytes.Buffer
}

// Build builds the program into a folder and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	bin := filepath.Join(dir, "rakudos")
	if out, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=auto", "-o", bin, "rakudos/cmd/rakudos").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return bin, nil
}

// Serve starts the demo service on a data directory and waits until it is ready. config may be empty.
func Serve(ctx context.Context, bin, data, config string) (*Service, error) {
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
	s := &Service{cmd: exec.CommandContext(ctx, bin, args...), Data: data, Base: "https://" + addr, said: &bytes.Buffer{}}
	s.cmd.Stderr = s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	c := NewClient(s.Base)
	for end := time.Now().Add(120 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if status, _, err := c.Get(ctx, "/readyz"); err == nil && status == 200 {
			return s, nil
		}
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return nil, fmt.Errorf("not ready: %s", s.said)
}

// Stop ends the service cleanly.
func (s *Service) Stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("stop: %w: %s", err, s.said)
	}
	return nil
}

// Kill ends it as a power cut would.
func (s *Service) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// Peak is the largest resident size so far, in MB; Reset makes it start anew.
func (s *Service) Peak() float64 {
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

// Reset forgets the largest resident size so far.
func (s *Service) Reset() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0o200)
}

// Command runs one verb to its end and returns its JSON, time and peak memory in MB.
func Command(ctx context.Context, bin string, out any, args ...string) (time.Duration, float64, error) {
	cmd := exec.CommandContext(ctx, bin, append(args, "--json")...)
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &wrong
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, wrong.String())
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
