// Command proofs reads `go test -json`, prints what plain `go test` would, and fails when a promise lacks
// its proof. It must never let a skipped test or a missing proof pass in CI.
//
//	go test -json ./... | go run ./internal/testkit/proofs -out out/proof-matrix.md
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"rakudos/internal/testkit/controltest"
)

func main() {
	out := flag.String("out", "", "write the proof matrix (Markdown) to this file")
	partial := flag.Bool("partial", false, "the run leaves packages out: do not require a proof for each promise")
	flag.Parse()
	code, err := run(os.Stdin, os.Stdout, *out, *partial, os.Getenv("CI") == "true")
	if err != nil {
		fmt.Fprintln(os.Stderr, "proofs:", err)
		code = 1
	}
	os.Exit(code)
}

func run(in io.Reader, w io.Writer, out string, partial, ci bool) (int, error) {
	s := newStream(w)
	if err := s.read(in); err != nil {
		return 1, err
	}
	m := s.matrix(controltest.EngineFree)
	var problems []string
	if !partial {
		problems = append(problems, m.lacking()...)
	}
	if ci {
		for _, t := range s.skipped {
			problems = append(problems, "skipped in CI: "+t)
		}
	}
	if s.tests == 0 {
		problems = append(problems, "no test ran")
	}
	if out != "" {
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return 1, err
		}
		if err := os.WriteFile(out, []byte(m.markdown()), 0o644); err != nil {
			return 1, err
		}
	}
	for _, p := range problems {
		fmt.Fprintln(w, "FAIL\tproofs:", p)
	}
	if !partial {
		fmt.Fprintf(w, "proofs: %d promises, %d of them proven\n", m.promises(), m.proven())
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", s.passed, s.failed+len(problems), len(s.skipped))
	if s.failed > 0 || s.broken || len(problems) > 0 {
		return 1, nil
	}
	return 0, nil
}
