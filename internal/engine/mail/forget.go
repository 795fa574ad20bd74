package mail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Forget removes the spooled messages to any of these addresses, whatever their case, and tells how many. A
// folder that does not exist holds none; a file that is not a message of ours stays.
func Forget(ctx context.Context, dir string, to []string) (n int, err error) {
	want := make(map[string]bool, len(to))
	for _, a := range to {
		want[strings.ToLower(a)] = true
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(want) == 0 {
		return 0, err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		m, err := read(name)
		if err != nil || !want[strings.ToLower(m.To)] {
			continue
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return n, fmt.Errorf("mail: forget: %w", err)
		}
		n++
	}
	return n, nil
}
