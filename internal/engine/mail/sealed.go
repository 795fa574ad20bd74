package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// Sealer seals what is spooled, bound to the name of its file. Filled from vault.
type Sealer interface {
	Seal(ctx context.Context, name string, plain []byte) ([]byte, error)
	Open(ctx context.Context, name string, sealed []byte) ([]byte, error)
}

// sealedEnd is the ending of a sealed message's file.
const sealedEnd = ".sealed"

type sealedSpool struct {
	spool
	key Sealer
}

// SealedSpool is Spool whose files are sealed: DIR/<uuidv7>.sealed. Codes and notices wait in it for whoever
// runs the host, and nobody who gets hold of the folder alone reads them (clause 3-11a).
func SealedSpool(dir, from string, key Sealer) (Sender, error) {
	s, err := Spool(dir, from)
	if err != nil {
		return nil, err
	}
	return sealedSpool{s.(spool), key}, nil
}

func (s sealedSpool) Send(ctx context.Context, m Message) error {
	msg, err := compose(s.from, m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return fmt.Errorf("mail: compose: %w", err)
	}
	name := ids.New[string]()
	sealed, err := s.key.Seal(ctx, name, b.Bytes())
	if err != nil {
		return err
	}
	return s.put(name, sealedEnd, sealed)
}

// Sealed reads the sealed messages of a spool.
type Sealed struct {
	Dir string
	Key Sealer
}

// List reads every sealed message, newest first, without their texts. One that does not open is an error:
// a spool that was tampered with must not look like an empty one.
func (s Sealed) List(ctx context.Context) ([]Mail, error) {
	names, err := filepath.Glob(filepath.Join(s.Dir, "*"+sealedEnd))
	if err != nil {
		return nil, fmt.Errorf("mail: list: %w", err)
	}
	slices.Sort(names)
	slices.Reverse(names)
	out := []Mail{}
	for _, path := range names {
		m, err := s.Show(ctx, strings.TrimSuffix(filepath.Base(path), sealedEnd))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m.Text = ""
		out = append(out, m)
	}
	return out, nil
}

// Show reads one message.
func (s Sealed) Show(ctx context.Context, name string) (Mail, error) {
	if _, err := ids.Parse[string](name); err != nil {
		return Mail{}, fault.New(fault.Missing, "mail.no_message", "id", name)
	}
	b, err := os.ReadFile(filepath.Join(s.Dir, name+sealedEnd))
	if errors.Is(err, fs.ErrNotExist) {
		return Mail{}, fault.New(fault.Missing, "mail.no_message", "id", name).Because(err)
	}
	if err != nil {
		return Mail{}, err
	}
	plain, err := s.Key.Open(ctx, name, b)
	if err != nil {
		return Mail{}, err
	}
	m, err := parse(bytes.NewReader(plain))
	m.File = name
	return m, err
}
