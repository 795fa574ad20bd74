package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/fault"
)

// key is the log's Ed25519 key in the note format. The name is also the origin line of every checkpoint.
// It is kept in a file of its own (data/log-key, mode 0600) beside the log and not in the vault: a log must
// be verifiable with nothing but itself and a public key, also when tenants' keys are long destroyed. Its
// public half stands, sealed, in every "audit.opened", so a key that was exchanged is noticed.
type key struct {
	name     string
	private  string
	public   string
	verifier note.Verifier
}

// openKey reads the key, or makes it (mode 0600) when the log is still empty. A missing key of a log
// that has content is a fault: a fresh one would disown everything that was signed.
func openKey(path string, fresh bool) (key, error) {
	k, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if !fresh {
		return k, fault.New(fault.Internal, "audit.key_missing")
	}
	suffix := make([]byte, 4)
	rand.Read(suffix)
	private, _, err := note.GenerateKey(rand.Reader, "rakudos-audit-"+hex.EncodeToString(suffix))
	if err != nil {
		return k, fmt.Errorf("audit: key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return k, fmt.Errorf("audit: key: %w", err)
	}
	_, err = f.WriteString(private + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return k, fmt.Errorf("audit: key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) (key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return key{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return key{}, fault.New(fault.Internal, "audit.key_readable", "path", filepath.Base(path))
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return key{}, err
	}
	k, err := parseKey(strings.TrimSpace(string(raw)))
	if err != nil {
		return key{}, fault.New(fault.Internal, "audit.key_broken").Because(err)
	}
	return k, nil
}

// parseKey derives the public half from "PRIVATE+KEY+name+hash+base64(algorithm, seed)".
func parseKey(private string) (key, error) {
	f := strings.SplitN(private, "+", 5)
	if len(f) != 5 {
		return key{}, errors.New("audit: not a note key")
	}
	raw, err := base64.StdEncoding.DecodeString(f[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return key{}, errors.New("audit: not an Ed25519 note key")
	}
	k := key{name: f[2], private: private}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if k.public, err = note.NewEd25519VerifierKey(k.name, public); err != nil {
		return key{}, err
	}
	if k.verifier, err = note.NewVerifier(k.public); err != nil {
		return key{}, err
	}
	_, err = note.NewSigner(private)
	return k, err
}
