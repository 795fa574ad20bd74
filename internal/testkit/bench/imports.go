package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/testkit/outside"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/samples"
)

// made writes the sample files once per size.
func made(o options, people int) (string, error) {
	dir := filepath.Join(o.dir, fmt.Sprint("samples", people))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	_, err := samples.Write(dir, samples.Options{People: people, Seed: 4242, Clean: true, Share: 1})
	return dir, err
}

// withRoster is a stopped service whose midori tenant has the people of the sample files.
func withRoster(ctx context.Context, o options, people int, name, config string) (data, files string, err error) {
	if files, err = made(o, people); err != nil {
		return
	}
	if data, err = seeded(ctx, o, name, config); err != nil {
		return
	}
	_, _, err = outside.Command(ctx, o.bin, nil, importArgs("roster", data, config, filepath.Join(files, samples.Roster))...)
	return
}

func importArgs(kind, data, config, file string) []string {
	args := []string{"import", kind, "--data", data, "--tenant", "midori", "--file", file, "--confirm"}
	if config != "" {
		args = append(args, "--config", config)
	}
	return args
}

func importByCommand(ctx context.Context, o options) ([]figure, error) {
	data, files, err := withRoster(ctx, o, o.people, "cli", "")
	if err != nil {
		return nil, err
	}
	body := filepath.Join(files, samples.BodyA)
	var s outside.State
	took, mb, err := outside.Command(ctx, o.bin, &s, importArgs("checkups", data, "", body)...)
	if err != nil {
		return nil, err
	}
	if s.Applied != o.people {
		return nil, fmt.Errorf("applied %d of %d", s.Applied, o.people)
	}
	rows, err := plainInserts(ctx, filepath.Join(o.dir, "rows.db"), body, false)
	if err != nil {
		return nil, err
	}
	values, err := plainInserts(ctx, filepath.Join(o.dir, "values.db"), body, true)
	if err != nil {
		return nil, err
	}
	ratio := func(d time.Duration) string {
		return fmt.Sprintf("%.1f s, ratio %.2f", d.Seconds(), took.Seconds()/d.Seconds())
	}
	return []figure{
		{fmt.Sprintf("import %d people, command line, SQLite", o.people), fmt.Sprintf("%.1f s (%.0f/s)", took.Seconds(), float64(o.people)/took.Seconds()), "60 s"},
		{"  peak memory", fmt.Sprintf("%.0f MB", mb), "400 MB"},
		{"  the same file inserted plain, a row for each value", ratio(values), "2.5"},
		{"  the same file inserted plain, two rows for each person", ratio(rows), ""},
	}, nil
}

func importByUpload(ctx context.Context, o options) ([]figure, error) {
	data, files, err := withRoster(ctx, o, o.people, "upload", "")
	if err != nil {
		return nil, err
	}
	s, err := outside.Serve(ctx, o.bin, data, "")
	if err != nil {
		return nil, err
	}
	hr, err := s.SignIn(ctx, "midori", "hr")
	if err != nil {
		return nil, err
	}
	nurse, err := s.SignIn(ctx, "hikari", "nurse")
	if err != nil {
		return nil, err
	}
	quiet, err := paced(ctx, nurse, 5*time.Second)
	if err != nil {
		return nil, err
	}
	s.Reset()
	watching, end := context.WithCancel(ctx)
	seen := make(chan any, 1)
	go func() {
		t, err := nurse.Watch(watching, 50*time.Millisecond, "/", "/checkups", "/people")
		if err != nil {
			seen <- err
			return
		}
		seen <- t
	}()
	start := time.Now()
	at, err := hr.Upload(ctx, "/checkups/import", filepath.Join(files, samples.BodyA))
	if err != nil {
		end()
		return nil, err
	}
	sent := time.Since(start)
	if _, err = hr.Await(ctx, at, "preview"); err != nil {
		end()
		return nil, err
	}
	previewed := time.Since(start)
	res, err := hr.Post(ctx, at+"/confirm", url.Values{})
	if err != nil || res.StatusCode != http.StatusSeeOther {
		end()
		return nil, fmt.Errorf("confirm: %v %v", res, err)
	}
	st, err := hr.Await(ctx, at, "applied")
	took := time.Since(start)
	end()
	if err != nil {
		return nil, err
	}
	meanwhile, ok := (<-seen).(outside.Times)
	if !ok {
		return nil, fmt.Errorf("other people's pages failed during the import")
	}
	f := []figure{
		{fmt.Sprintf("import %d people, upload, SQLite", st.Applied), fmt.Sprintf("%.1f s (sent %.1f, preview %.1f)", took.Seconds(), sent.Seconds(), previewed.Seconds()), "60 s"},
		{"  peak memory of the service", fmt.Sprintf("%.0f MB", s.Peak()), "400 MB"},
		{"  other people's pages meanwhile", meanwhile.String(), "p95 500 ms"},
		{"  the same pages before", quiet.String(), ""},
	}
	return f, s.Stop()
}

// paced looks at pages for a while.
func paced(ctx context.Context, c *outside.Client, d time.Duration) (outside.Times, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return c.Watch(ctx, 50*time.Millisecond, "/", "/checkups", "/people")
}

func importOnPostgres(ctx context.Context, o options) ([]figure, error) {
	config, drop, err := postgresConfig(ctx, o)
	if err != nil {
		return nil, err
	}
	defer drop()
	data, files, err := withRoster(ctx, o, o.people, "postgres", config)
	if err != nil {
		return nil, err
	}
	var s outside.State
	took, mb, err := outside.Command(ctx, o.bin, &s, importArgs("checkups", data, config, filepath.Join(files, samples.BodyA))...)
	if err != nil {
		return nil, err
	}
	return []figure{
		{fmt.Sprintf("import %d people, command line, PostgreSQL", s.Applied), fmt.Sprintf("%.1f s (%.0f/s)", took.Seconds(), float64(s.Applied)/took.Seconds()), "reported"},
		{"  peak memory", fmt.Sprintf("%.0f MB", mb), ""},
	}, nil
}

// postgresConfig makes two empty databases in the shared cluster and a configuration that names them.
func postgresConfig(ctx context.Context, o options) (string, func(), error) {
	var all []pg.Database
	drop := func() {
		for _, d := range all {
			_ = d.Drop(context.WithoutCancel(ctx))
		}
	}
	text := "database:\n  engine: postgres\n"
	for _, name := range []string{"", "keys_"} {
		d, err := pg.Clone(ctx, "template0")
		if err != nil {
			return "", drop, err
		}
		all = append(all, d)
		for suffix, dsn := range map[string]string{"dsn": d.AppDSN, "owner_dsn": d.OwnerDSN} {
			file := filepath.Join(o.dir, name+suffix)
			if err := os.WriteFile(file, []byte(dsn), 0o600); err != nil {
				return "", drop, err
			}
			key := name + suffix + "_file"
			text += fmt.Sprintf("  %s: %s\n", key, file)
		}
	}
	file := filepath.Join(o.dir, "postgres.yaml")
	return file, drop, os.WriteFile(file, []byte(text), 0o600)
}

// seeded makes a data directory with the demo's tenants and leaves the service stopped.
func seeded(ctx context.Context, o options, name, config string) (string, error) {
	data := filepath.Join(o.dir, name)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", err
	}
	s, err := outside.Serve(ctx, o.bin, data, config)
	if err != nil {
		return "", err
	}
	return data, s.Stop()
}
