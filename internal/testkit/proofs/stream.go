package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"rakudos/internal/testkit/controltest"
)

// event is one line of `go test -json` (go doc cmd/test2json).
type event struct {
	Action, Package, Test, Output, ImportPath, Key, Value string
}

type testID struct{ pkg, name string }

// stream follows the events of one run and keeps what the verdict needs.
type stream struct {
	w                     io.Writer
	said                  map[testID]*bytes.Buffer // output of tests that have not ended yet
	order                 []testID
	attrs                 map[testID]map[string]string
	proofs                []proof
	promised              map[string]bool
	skipped               []string
	tests, passed, failed int
	broken                bool // a package failed without a failing test: build error, panic, timeout
}

func newStream(w io.Writer) *stream {
	return &stream{w: w, said: map[testID]*bytes.Buffer{}, attrs: map[testID]map[string]string{}, promised: map[string]bool{}}
}

func (s *stream) read(r io.Reader) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		line := in.Bytes()
		var e event
		if len(line) == 0 || line[0] != '{' || json.Unmarshal(line, &e) != nil {
			fmt.Fprintf(s.w, "%s\n", line) // not ours: a message of the go command itself
			continue
		}
		s.take(e)
	}
	return in.Err()
}

func (s *stream) take(e event) {
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.w, e.Output)
	case "build-fail":
		s.broken = true
	case "output":
		s.output(id, e.Output)
	case "attr":
		if s.attrs[id] == nil {
			s.attrs[id] = map[string]string{}
		}
		s.attrs[id][e.Key] = e.Value
		if e.Key == controltest.AttrPromise {
			s.promised[e.Value] = true
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(e)
		} else {
			s.endTest(id, e.Action)
		}
	}
}

// output of a package goes out at once; that of a test waits for its result.
func (s *stream) output(id testID, text string) {
	if id.name == "" {
		if text != "PASS\n" && !strings.HasPrefix(text, "testing: warning: no tests to run") {
			fmt.Fprint(s.w, text)
		}
		return
	}
	b := s.said[id]
	if b == nil {
		b = &bytes.Buffer{}
		s.said[id] = b
		s.order = append(s.order, id)
	}
	if strings.HasPrefix(text, "=== ") { // RUN, PAUSE, CONT, NAME, ATTR
		return
	}
	b.WriteString(text)
}

func (s *stream) endTest(id testID, action string) {
	s.tests++
	switch action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped = append(s.skipped, id.pkg+"."+id.name)
		s.flush(id)
	case "fail":
		s.failed++
		s.flush(id)
	}
	if a := s.attrs[id]; a[controltest.AttrControl] != "" {
		s.proofs = append(s.proofs, proof{a[controltest.AttrControl], a[controltest.AttrEngine], id.pkg, id.name, action == "pass"})
	}
	delete(s.said, id)
}

// endPackage prints what tests said that never ended: a panic or a timeout took them along.
func (s *stream) endPackage(e event) {
	if e.Action == "fail" {
		s.broken = true
		for _, id := range s.order {
			if id.pkg == e.Package {
				s.flush(id)
			}
		}
	}
	kept := s.order[:0]
	for _, id := range s.order {
		if id.pkg == e.Package {
			delete(s.said, id)
		} else {
			kept = append(kept, id)
		}
	}
	s.order = kept
}

func (s *stream) flush(id testID) {
	if b := s.said[id]; b != nil {
		_, _ = s.w.Write(b.Bytes())
		b.Reset()
	}
}
