package main

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rakudos/internal/testkit/samples"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"rakudos": main}) }

// TestScripts are stories of an operator at a terminal: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup:               freeAddresses,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"samples": makeSamples,
			"ready":   waitReady,
		},
	})
}

// freeAddresses names addresses of this machine on which nobody listens: $ADDR and $ADDR2.
func freeAddresses(env *testscript.Env) error {
	for _, name := range []string{"ADDR", "ADDR2"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer func() { _ = l.Close() }() // both are held until both are chosen
		env.Setenv(name, l.Addr().String())
	}
	return nil
}

// makeSamples writes the sample files: samples DIR [clean].
func makeSamples(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	_, err := samples.Write(dir, samples.Options{People: 60, Seed: 5, Share: 0.7, Clean: len(args) > 1})
	ts.Check(err)
}

// waitReady waits until the service whose output goes to a file says it is ready: ready URL.
func waitReady(ts *testscript.TestScript, _ bool, args []string) {
	c := http.Client{Timeout: time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // a test of readiness, not of trust
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		r, err := c.Get(args[0] + "/readyz")
		if err != nil {
			continue
		}
		line, _ := bufio.NewReader(r.Body).ReadString('\n')
		_ = r.Body.Close()
		if r.StatusCode == http.StatusOK {
			return
		}
		ts.Logf("%d %s", r.StatusCode, strings.TrimSpace(line))
	}
	ts.Fatalf("%s is not ready", args[0])
}
