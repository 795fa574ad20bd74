package identity

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // the form in which lists of leaked passwords are published
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// LeakedMost bounds an operator's list: 16 million lines take 58 MB of memory.
const LeakedMost = 16_000_000

// leakedLine bounds one line, in bytes; a longer one is no password.
const leakedLine = 1024

// LoadBlocklist reads an operator's list: one password or SHA-1 (with or without ":count" behind it) a
// line. Its memory is that of the filter, whatever the lines are.
func LoadBlocklist(path string) (*Filter, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("identity: blocklist: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	lines := 0
	if err := eachLine(file, func(string) { lines++ }); err != nil {
		return nil, fmt.Errorf("identity: blocklist %s: %w", path, err)
	}
	if lines > LeakedMost {
		return nil, fmt.Errorf("identity: blocklist %s has %d lines; at most %d are read: take the most frequent ones", path, lines, LeakedMost)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("identity: blocklist: %w", err)
	}
	f := NewFilter(2 * lines) // a password is added as typed and folded
	return f, eachLine(file, func(line string) {
		if sum, ok := sha1Line(line); ok {
			f.Add(sum)
			return
		}
		f.Add(sha1Of(line))
		f.Add(foldLeet(foldCase(line)))
	})
}

func eachLine(r io.Reader, fn func(string)) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, leakedLine), leakedLine)
	for n := 1; in.Scan(); n++ {
		if line := strings.TrimSuffix(in.Text(), "\r"); line != "" {
			fn(line)
		}
	}
	if err := in.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("a line has more than %d bytes", leakedLine)
	} else if err != nil {
		return err
	}
	return nil
}

// sha1Line takes a line that is a SHA-1 in hexadecimal, as published lists write it.
func sha1Line(line string) (string, bool) {
	sum, _, _ := strings.Cut(line, ":")
	if len(sum) != 2*sha1.Size {
		return "", false
	}
	b, err := hex.DecodeString(sum)
	return "sha1:" + string(b), err == nil
}

func sha1Of(password string) string {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // compared with published lists, nothing depends on its strength
	return "sha1:" + string(sum[:])
}

// leaked looks a password up in the operator's list, as typed and in the folded forms.
func (p Policy) leaked(password string) bool {
	if p.Leaked == nil {
		return false
	}
	if p.Leaked.Has(sha1Of(password)) {
		return true
	}
	for _, s := range forms(password) {
		if s != "" && p.Leaked.Has(s) {
			return true
		}
	}
	return false
}
