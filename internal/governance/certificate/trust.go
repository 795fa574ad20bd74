package certificate

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/fault"
)

// Trust is the public half that a reader needs: the keys that sign certificates, old ones too, the audit
// log's key, and which certificates were revoked. It is published at /certificates/key.
type Trust struct {
	Keys    []PublicKey
	Logs    []string // note verifier keys
	Revoked map[string]time.Time
}

// PublicKey is a signing key in the note format of golang.org/x/mod. One that was retired signs nothing
// that is dated later.
type PublicKey struct {
	Key   string
	Until time.Time // zero: still in use
}

const maxTrustLines = 10_000

// Write writes the lines of the published file.
func (t Trust) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintln(b, "# 消去証明書の検証に使う公開鍵です。 rakudos certificate verify 証明書 --key このファイル")
	for _, k := range t.Keys {
		fmt.Fprint(b, "certificate ", k.Key)
		if !k.Until.IsZero() {
			fmt.Fprint(b, " until ", k.Until.UTC().Format(time.RFC3339))
		}
		fmt.Fprintln(b)
	}
	for _, l := range t.Logs {
		fmt.Fprintln(b, "log", l)
	}
	for _, d := range sorted(t.Revoked) {
		fmt.Fprintln(b, "revoked", d, t.Revoked[d].UTC().Format(time.RFC3339))
	}
	return b.Flush()
}

// ReadTrust reads such a file. A line that it does not know is fault.Invalid "certificate.keys".
func ReadTrust(r io.Reader) (Trust, error) {
	t := Trust{Revoked: map[string]time.Time{}}
	s := bufio.NewScanner(io.LimitReader(r, MaxFile))
	for n := 1; s.Scan(); n++ {
		f := strings.Fields(s.Text())
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if n > maxTrustLines || !t.line(f) {
			return t, fault.New(fault.Invalid, "certificate.keys", "line", fmt.Sprint(n))
		}
	}
	if err := s.Err(); err != nil {
		return t, fault.New(fault.Invalid, "certificate.keys", "line", "0").Because(err)
	}
	return t, nil
}

func (t *Trust) line(f []string) bool {
	switch {
	case f[0] == "certificate" && (len(f) == 2 || len(f) == 4 && f[2] == "until"):
		k := PublicKey{Key: f[1]}
		if _, err := note.NewVerifier(k.Key); err != nil {
			return false
		}
		if len(f) == 4 {
			var err error
			if k.Until, err = time.Parse(time.RFC3339, f[3]); err != nil {
				return false
			}
		}
		t.Keys = append(t.Keys, k)
	case f[0] == "log" && len(f) == 2:
		if _, err := note.NewVerifier(f[1]); err != nil {
			return false
		}
		t.Logs = append(t.Logs, f[1])
	case f[0] == "revoked" && len(f) == 3 && len(f[1]) == 64:
		at, err := time.Parse(time.RFC3339, f[2])
		if err != nil {
			return false
		}
		t.Revoked[f[1]] = at
	default:
		return false
	}
	return true
}

// signedBy checks a signature made at an instant; the zero instant is not compared.
func (t Trust) signedBy(s Signature, message []byte, at time.Time) *fault.Fault {
	for _, k := range t.Keys {
		v, err := note.NewVerifier(k.Key)
		if err != nil || v.Name() != s.Key {
			continue
		}
		if !v.Verify(message, s.Value) {
			return fault.New(fault.Invalid, "certificate.signature")
		}
		if !k.Until.IsZero() && at.After(k.Until) {
			return fault.New(fault.Invalid, "certificate.key_retired")
		}
		return nil
	}
	return fault.New(fault.Invalid, "certificate.key_unknown")
}
