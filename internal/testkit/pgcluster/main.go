// Command pgcluster runs another command with a temporary PostgreSQL cluster, so that many test
// processes share one. It must never outlive, or leave a cluster outliving, the command it runs.
//
//	go run ./internal/testkit/pgcluster -- go test ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"rakudos/internal/testkit/pg"
)

func main() {
	args, start := os.Args[1:], pg.Start
	if len(args) > 0 && args[0] == "-measure" {
		args, start = args[1:], pg.StartForMeasuring
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgcluster [-measure] -- command [argument ...]")
		os.Exit(2)
	}
	os.Exit(run(args, start))
}

func run(args []string, start func(context.Context) (*pg.Cluster, error)) int {
	// The command gets them too; we stay to clean up. Not signal.Ignore: a child would inherit that.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)
	c, err := start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer c.Stop()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), pg.EnvDSN+"="+c.DSN)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
