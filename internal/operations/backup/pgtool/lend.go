package pgtool

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"rakudos/internal/base/fault"
)

// Workshop makes a folder for a cluster on its way: inside of dir, or, since the server does not run as root,
// where its own user comes in.
func Workshop(dir string) (string, error) {
	if os.Geteuid() == 0 {
		dir = ""
	}
	work, err := os.MkdirTemp(dir, "recovery-")
	if err != nil {
		return "", err
	}
	_, err = lend(work)
	return work, err
}

// lend gives folders to the user postgres when we are root, whom the server refuses; else they are ours.
func lend(dirs ...string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fault.New(fault.Invalid, "backup.pitr_root").Because(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
			if err == nil {
				err = os.Lchown(p, int(uid), int(gid))
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
