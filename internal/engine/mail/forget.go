package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rakudos/internal/base/fault"
)

// Forget removes the spooled messages to any of these addresses, whatever their case, the sealed ones too when
// there is a key, and tells how many. A folder that does not exist holds none; what is not a message of ours stays.
func Forget(ctx context.Context, dir string, key Sealer, to []string) (n int, err error) {
	want := make(map[string]bool, len(to))
	for _, a := range to {
		want[strings.ToLower(a)] = true
	}
	if len(want) == 0 {
		return 0, nil
	}
	names, err := spooled(dir)
	if err != nil {
		return 0, err
	}
	for _, path := range names {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		m, err := Sealed{dir, key}.addressed(ctx, path)
		if err != nil {
			return n, err
		}
		if !want[strings.ToLower(m)] {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("mail: forget: %w", err)
		}
		n++
	}
	return n, nil
}

// Spooled tells whether any message lies in a spool. A folder that does not exist holds none.
func Spooled(dir string) (bool, error) {
	names, err := spooled(dir)
	return len(names) > 0, err
}

func spooled(dir string) ([]string, error) {
	open, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	sealed, err := filepath.Glob(filepath.Join(dir, "*"+sealedEnd))
	return append(open, sealed...), err
}

// addressed tells to whom a message goes; "" when it is none of ours, and for bytes that no key opens: what nobody
// can read any more goes by its age. That the key is out of reach is an error, or somebody's mail would stay.
func (s Sealed) addressed(ctx context.Context, path string) (string, error) {
	name, sealed := strings.CutSuffix(filepath.Base(path), sealedEnd)
	if !sealed || s.Key == nil {
		m, _ := read(path)
		return m.To, nil
	}
	m, err := s.Show(ctx, name)
	switch f := fault.Of(err); {
	case err == nil:
		return m.To, nil
	case errors.Is(err, fs.ErrNotExist), f != nil && (f.Code == "vault.open" || f.Code == "mail.no_message"):
		return "", nil
	}
	return "", err
}

// SpoolDays is how long a message may lie in the spool, whoever it is for.
const SpoolDays = 30

// Expire removes messages of a spool from before an instant, and what a crash has left half written.
func Expire(dir string, before time.Time) (int, error) {
	return expire(before, filepath.Join(dir, "*.eml"), filepath.Join(dir, "*"+sealedEnd), filepath.Join(dir, ".*.tmp"))
}

// ExpireIncoming removes what Incoming has put aside for the operator before an instant.
func ExpireIncoming(dir string, before time.Time) (int, error) {
	return expire(before, filepath.Join(dir, "cur", "*"+asideEnd))
}

func expire(before time.Time, patterns ...string) (n int, err error) {
	for _, p := range patterns {
		names, err := filepath.Glob(p)
		if err != nil {
			return n, fmt.Errorf("mail: expire: %w", err)
		}
		for _, path := range names {
			info, err := os.Lstat(path)
			if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(before) {
				continue
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return n, fmt.Errorf("mail: expire: %w", err)
			}
			n++
		}
	}
	return n, nil
}
