package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"rakudos/internal/base/fault"
)

// unfinished lies in a folder while it is being restored: whoever finds it there later knows that the restore was
// killed, and that nothing in the folder has been compared and no erasure done again.
const unfinished = "restore.unfinished"

// Unfinished is fault.Conflict "backup.unfinished" for a folder in which a restore broke off. Nobody may open it.
func Unfinished(dir string) error {
	_, err := os.Lstat(filepath.Join(dir, unfinished))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fault.New(fault.Conflict, "backup.unfinished", "dir", dir).Because(err)
}

// roomless says of a disk that is full which one it is.
func roomless(err error, where string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.New(fault.Busy, "backup.full", "where", where).Because(err)
	}
	return err
}

// begin marks an empty folder, on the disk before anything else is.
func begin(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, unfinished), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(dir))
}

// finish takes the mark away when everything else is on the disk.
func finish(dir string) error {
	return errors.Join(syncDir(dir), os.Remove(filepath.Join(dir, unfinished)), syncDir(dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
