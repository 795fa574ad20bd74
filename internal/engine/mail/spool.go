package mail

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"rakudos/internal/base/ids"
)

type spool struct{ dir, from string }

// Spool writes each message as a file DIR/<uuidv7>.eml: the names sort by time, the folder is 0700 and
// the files 0600, and a file appears whole (rename) or not at all. from is the sender's bare address.
func Spool(dir, from string) (Sender, error) {
	if err := checkAddress(from); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: spool: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: spool: %w", err)
	}
	return spool{dir, from}, nil
}

func (s spool) Send(_ context.Context, m Message) error {
	msg, err := compose(s.from, m)
	if err != nil {
		return err
	}
	if m.Return != "" { // as a mail server would write it down on delivery
		msg.SetGenHeader("Return-Path", "<"+m.Return+">")
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return fmt.Errorf("mail: compose: %w", err)
	}
	return s.put(ids.New[string](), ".eml", b.Bytes())
}

// put makes a file appear whole or not at all.
func (s spool) put(name, end string, b []byte) error {
	tmp := filepath.Join(s.dir, "."+name+".tmp")
	if err := writeSynced(tmp, b); err != nil {
		_ = os.Remove(tmp)
		return fmt.Errorf("mail: spool: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(s.dir, name+end)); err != nil {
		return fmt.Errorf("mail: spool: %w", err)
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
