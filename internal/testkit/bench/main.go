// Command bench measures the built program: imports, lists, sign-in storm, other people's pages meanwhile.
// It must never measure anything but what a user would wait for, and prints ratios beside figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"rakudos/internal/testkit/pg"
)

// options of a run; the defaults are the sizes that the budgets are written for.
type options struct {
	bin     string
	people  int // of the import
	list    int // people of the tenant whose list is measured
	signers int

	megabytes int // of the database that is backed up
	only      string
	dir       string
}

// figure is one line of the result.
type figure struct{ what, value, budget string }

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin/rakudos", "the built program")
	flag.IntVar(&o.people, "people", 100_000, "people in the import")
	flag.IntVar(&o.list, "list", 50_000, "people of the tenant whose list is measured")
	flag.IntVar(&o.signers, "signers", 500, "sign-ins at once")
	flag.IntVar(&o.megabytes, "mb", 2048, "megabytes of records in the database that is backed up")
	flag.StringVar(&o.only, "only", "", "comma-separated: cli, upload, list, storm, postgres, backup-sqlite, backup-postgres")
	base := flag.String("crowd", "", "only send the sign-ins to the service at this address (the bench calls itself so)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := run
	if *base != "" {
		run = func(ctx context.Context, o options) error { return signInAtOnce(ctx, *base, o.signers) }
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return err
	}
	o.bin = bin
	if o.dir, err = os.MkdirTemp("", "rkbench"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir) //nolint:errcheck // temporary
	var all []figure
	for _, s := range []struct {
		name string
		run  func(context.Context, options) ([]figure, error)
	}{{"cli", importByCommand}, {"upload", importByUpload}, {"list", listPages}, {"storm", signInStorm}, {"postgres", importOnPostgres}, {"backup-sqlite", backupSQLite}, {"backup-postgres", backupPostgres}} {
		if o.only != "" && !strings.Contains(","+o.only+",", ","+s.name+",") {
			continue
		}
		if s.name == "postgres" && os.Getenv(pg.EnvDSN) == "" {
			fmt.Fprintln(os.Stderr, "bench: no shared PostgreSQL cluster; run through pgcluster")
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", s.name)
		f, err := s.run(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, f...)
	}
	w := tabwriter.NewWriter(os.Stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "what\tmeasured\tbudget")
	for _, f := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.what, f.value, f.budget)
	}
	return w.Flush()
}
