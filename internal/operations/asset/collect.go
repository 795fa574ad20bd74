package asset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"rakudos/internal/engine/db"
)

// Collector looks at one part of reality. A collector of a cloud asks that cloud's inventory in the same way.
type Collector struct {
	Kinds   []Kind
	Collect func(context.Context) ([]Found, error)
}

// companions belong to the file beside which they stand.
var companions = []string{"-wal", "-shm", "-journal"}

// Folder finds every entry of the data directory. A name that begins with a dot is being written just now and is
// found under its own name.
func Folder(dir string) Collector {
	return Collector{Kinds: []Kind{Store}, Collect: func(ctx context.Context) ([]Found, error) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("asset: data directory: %w", err)
		}
		var out []Found
		for _, e := range entries {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if slices.ContainsFunc(companions, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
				continue
			}
			files, bytes, err := weigh(ctx, filepath.Join(dir, e.Name()))
			if errors.Is(err, fs.ErrNotExist) {
				continue // gone meanwhile
			}
			if err != nil {
				return nil, err
			}
			out = append(out, Found{ID: "store:" + e.Name(), Kind: Store, Name: e.Name(), Location: "データフォルダー", Facts: figures(files, bytes)})
		}
		return out, nil
	}}
}

// strayID begins the names of databases that lie below the first level of the data directory.
const strayID = "database:file/"

// Databases finds every database file below the first level of the data directory, whatever it is called. The service
// keeps none there, but in the folder of what lives for seconds.
func Databases(dir string) Collector {
	return Collector{Kinds: []Kind{Database}, Collect: func(ctx context.Context) ([]Found, error) {
		all, whole, err := db.Strays{Root: dir, Skip: []string{"tmp"}}.Find(ctx)
		if err != nil {
			return nil, fmt.Errorf("asset: databases: %w", err)
		}
		if !whole {
			return nil, unlooked{}
		}
		var out []Found
		for _, f := range all {
			if strings.Contains(f.Path, "/") { // what lies at the top is found by its name
				out = append(out, Found{ID: strayID + f.Path, Kind: Database, Name: f.Path, Location: "データフォルダー", Facts: "SQLite"})
			}
		}
		return out, nil
	}}
}

// unlooked says that the data directory is too large to be looked through.
type unlooked struct{}

func (unlooked) Error() string { return "asset: the data directory was not looked through to its end" }
func (unlooked) Reason() string {
	return "データフォルダーを最後まで調べられなかったため、確認できません。"
}

// mostFiles bounds how many files of one folder are counted.
const mostFiles = 200_000

func weigh(ctx context.Context, path string) (files int, bytes int64, err error) {
	err = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if files >= mostFiles {
			return fs.SkipAll
		}
		if info, err := e.Info(); err == nil && e.Type().IsRegular() {
			files, bytes = files+1, bytes+info.Size()
		}
		return nil
	})
	return files, bytes, err
}

func figures(files int, bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%dファイル・%d KiB", files, (bytes+1023)>>10)
	}
	return fmt.Sprintf("%dファイル・%d MiB", files, bytes>>20)
}

// Disks finds the file systems on which folders lie.
func Disks(dirs ...string) Collector {
	return Collector{Kinds: []Kind{Disk}, Collect: func(context.Context) ([]Found, error) {
		var out []Found
		seen := map[string]bool{}
		for _, dir := range dirs {
			var st syscall.Stat_t
			var size syscall.Statfs_t
			if err := syscall.Stat(dir, &st); errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return nil, fmt.Errorf("asset: disk: %w", err)
			}
			if err := syscall.Statfs(dir, &size); err != nil {
				return nil, fmt.Errorf("asset: disk: %w", err)
			}
			id := fmt.Sprintf("disk:%d", st.Dev)
			if seen[id] {
				continue
			}
			seen[id] = true
			total, free := size.Blocks*uint64(size.Bsize), size.Bavail*uint64(size.Bsize)
			out = append(out, Found{ID: id, Kind: Disk, Name: fmt.Sprintf("デバイス %d:%d", st.Dev>>8&0xfff, st.Dev&0xff), Location: "この機械",
				Facts: fmt.Sprintf("全体 %d GiB・空き %d GiB", total>>30, free>>30)})
		}
		return out, nil
	}}
}

// Self finds this process and the program it runs.
func Self(build string) Collector {
	return Collector{Kinds: []Kind{Process}, Collect: func(context.Context) ([]Found, error) {
		return []Found{{ID: "process:rakudos", Kind: Process, Name: "rakudos", Location: "この機械", Facts: "版 " + build}}, nil
	}}
}
