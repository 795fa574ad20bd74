package vault

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"rakudos/internal/base/fault"
)

// The file of root keys: either the 32 bytes of one key, as the first version of the program wrote it, or
// text: a line that names the form, for a sealed file one with salt and cost, and a line for each key.
const (
	keysHead   = "rakudos root keys 2"
	sealedWord = "argon2id"
)

// cost of turning a passphrase into a key (RFC 9106 §4, the second recommendation: 64 MiB, 3 passes).
var cost = struct {
	time, memory uint32
	threads      uint8
}{3, 64 << 10, 4}

// Bounds on what a file may ask for, so that a changed one cannot exhaust the machine.
const (
	mostTime, mostMemory = 16, 1 << 20
	mostKeys             = 100
)

var b64 = base64.RawStdEncoding

func isSealed(text []byte) bool {
	return bytes.HasPrefix(text, []byte(keysHead+"\n"+sealedWord+" "))
}

func writeKeys(keys []fileKey, pass []byte) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintln(&b, keysHead)
	var seal *Key
	if len(pass) > 0 {
		salt := make([]byte, saltSize)
		rand.Read(salt)
		fmt.Fprintf(&b, "%s %d %d %d %s\n", sealedWord, cost.time, cost.memory, cost.threads, b64.EncodeToString(salt))
		seal = passKey(pass, salt, cost.time, cost.memory, cost.threads)
	}
	for i, k := range keys {
		body := k.raw[:]
		if seal != nil {
			body = seal.Seal(keyLine(i, k.made.Unix()), body)
		}
		fmt.Fprintf(&b, "key %d %s\n", k.made.Unix(), b64.EncodeToString(body))
	}
	return []byte(b.String()), nil
}

// keyLine binds a sealed key to its line and its date.
func keyLine(i int, made int64) Loc {
	return Loc{Table: "root", ID: strconv.Itoa(i), Column: strconv.FormatInt(made, 10)}
}

func passKey(pass, salt []byte, time, memory uint32, threads uint8) *Key {
	return outside(argon2.IDKey(pass, salt, time, memory, threads, secretSize))
}

func readKeys(text, pass []byte) ([]fileKey, error) {
	if len(text) == secretSize {
		return []fileKey{{raw: secretBytes(text)}}, nil
	}
	malformed := fault.New(fault.Internal, "vault.root_size")
	lines := bufio.NewScanner(bytes.NewReader(text))
	if !lines.Scan() || lines.Text() != keysHead {
		return nil, malformed
	}
	var seal *Key
	var out []fileKey
	for lines.Scan() {
		word := strings.Fields(lines.Text())
		switch {
		case len(word) == 5 && word[0] == sealedWord && len(out) == 0 && seal == nil:
			if len(pass) == 0 {
				return nil, fault.New(fault.Denied, "vault.root_sealed")
			}
			t, e1 := strconv.ParseUint(word[1], 10, 32)
			m, e2 := strconv.ParseUint(word[2], 10, 32)
			p, e3 := strconv.ParseUint(word[3], 10, 8)
			salt, e4 := b64.DecodeString(word[4])
			if e1 != nil || e2 != nil || e3 != nil || e4 != nil || t < 1 || t > mostTime || m < 8 || m > mostMemory || p < 1 || len(salt) != saltSize {
				return nil, malformed
			}
			seal = passKey(pass, salt, uint32(t), uint32(m), uint8(p))
		case len(word) == 3 && word[0] == "key" && len(out) < mostKeys:
			made, err := strconv.ParseInt(word[1], 10, 64)
			raw, err2 := b64.DecodeString(word[2])
			if err != nil || err2 != nil {
				return nil, malformed
			}
			if seal != nil {
				if raw, err = seal.Open(keyLine(len(out), made), raw); err != nil {
					return nil, fault.New(fault.Denied, "vault.root_passphrase")
				}
			}
			if len(raw) != secretSize {
				return nil, malformed
			}
			out = append(out, fileKey{secretBytes(raw), time.Unix(made, 0)})
		default:
			return nil, malformed
		}
	}
	if len(out) == 0 || lines.Err() != nil {
		return nil, malformed
	}
	return out, nil
}
