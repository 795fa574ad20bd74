package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lines builds a `go test -json` stream; each argument is "action package test key value" with "-" for none.
func lines(t *testing.T, specs ...string) string {
	t.Helper()
	var b strings.Builder
	for _, s := range specs {
		f := strings.SplitN(s, " ", 5)
		for len(f) < 5 {
			f = append(f, "-")
		}
		for i := range f {
			f[i] = strings.TrimPrefix(f[i], "-")
		}
		e := event{Action: f[0], Package: f[1], Test: f[2], Key: f[3], Value: f[4]}
		if e.Action == "output" {
			e.Output = f[4] + "\n"
			e.Key, e.Value = "", ""
		}
		j, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(j, '\n'))
	}
	return b.String()
}

func TestVerdict(t *testing.T) {
	promise := []string{"attr p TestAll promise A", "pass p TestAll"}
	proof := func(engine, action string) []string {
		name := "TestA/" + engine
		return []string{"attr p " + name + " control A", "attr p " + name + " engine " + engine, action + " p " + name}
	}
	for name, c := range map[string]struct {
		in   []string
		ci   bool
		code int
		want string
	}{
		"both engines":          {append(append(promise, proof("sqlite", "pass")...), proof("postgres", "pass")...), true, 0, "1 promises, 1 of them proven"},
		"one engine":            {append(promise, proof("sqlite", "pass")...), true, 1, "control A lacks a passing proof on both engines (has: sqlite pass)"},
		"none undeclared":       {append(promise, proof("none", "pass")...), true, 1, "has: none pass"},
		"a proof fails":         {append(append(promise, proof("sqlite", "pass")...), proof("postgres", "fail")...), true, 1, "postgres FAIL"},
		"nothing proven":        {promise, true, 1, "has: nothing"},
		"nothing promised":      {proof("sqlite", "pass"), true, 1, "no promise was announced"},
		"skip in CI":            {append(append(append(promise, proof("sqlite", "pass")...), proof("postgres", "pass")...), "skip p TestB"), true, 1, "skipped in CI: p.TestB"},
		"skip at home":          {append(append(append(promise, proof("sqlite", "pass")...), proof("postgres", "pass")...), "skip p TestB"), false, 0, "1 skipped"},
		"package without tests": {append(append(append(promise, proof("sqlite", "pass")...), proof("postgres", "pass")...), "skip q -"), true, 0, "0 skipped"},
		"build failure":         {append(append(append(promise, proof("sqlite", "pass")...), proof("postgres", "pass")...), "fail q -"), true, 1, "0 failed"},
	} {
		var out bytes.Buffer
		file := filepath.Join(t.TempDir(), "deep", "matrix.md")
		code, err := run(strings.NewReader(lines(t, c.in...)), &out, file, false, c.ci)
		if err != nil {
			t.Fatal(err)
		}
		if code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: code %d, want %d with %q:\n%s", name, code, c.code, c.want, out.String())
		}
		if m, err := os.ReadFile(file); err != nil || !strings.Contains(string(m), "| A |") {
			t.Errorf("%s: matrix %v: %s", name, err, m)
		}
	}
}

func TestEngineFreeProof(t *testing.T) {
	in := lines(t, "attr p TestAll promise NET-TLS13", "pass p TestAll", "attr p TestT control NET-TLS13", "attr p TestT engine none", "pass p TestT")
	if code, err := run(strings.NewReader(in), &bytes.Buffer{}, "", false, true); code != 0 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
}

func TestOutputIsThatOfPlainGoTest(t *testing.T) {
	var out bytes.Buffer
	in := lines(t,
		"output p TestGood - === RUN   TestGood", "output p TestGood - noise of a good test", "pass p TestGood",
		"output p TestBad - === RUN   TestBad", "output p TestBad -     bad_test.go:7: two is not three", "fail p TestBad",
		"output p TestHung - panic: test timed out", "output p - - FAIL\tp\t0.1s", "fail p -",
		"output q - - PASS", "output q - - ok  \tq\t0.2s", "pass q -")
	if _, err := run(strings.NewReader("go: downloading x\n"+in), &out, "", true, false); err != nil {
		t.Fatal(err)
	}
	want := "go: downloading x\n    bad_test.go:7: two is not three\nFAIL\tp\t0.1s\npanic: test timed out\nok  \tq\t0.2s\n1 passed, 1 failed, 0 skipped\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
