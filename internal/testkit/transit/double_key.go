package transit

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/engine/vault"
)

// key is one of the double's: its versions count from 1.
type key struct {
	kind      string
	versions  [][]byte
	made      []int64
	min       int
	export    bool
	backup    bool
	deletable bool
}

func (k *key) rotate() {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	k.versions, k.made = append(k.versions, raw), append(k.made, time.Now().Unix())
}

func (k *key) describe(w http.ResponseWriter, name string) {
	since := map[string]any{}
	for i := k.min; i <= len(k.versions); i++ {
		since[strconv.Itoa(i)] = k.made[i-1]
		if k.kind != "aes256-gcm96" { // a key pair
			since[strconv.Itoa(i)] = map[string]any{"creation_time": time.Unix(k.made[i-1], 0), "name": k.kind, "public_key": "-----BEGIN PUBLIC KEY-----"}
		}
	}
	answer(w, "data", map[string]any{"type": k.kind, "latest_version": len(k.versions), "min_decryption_version": k.min, "keys": since, "name": name,
		"exportable": k.export, "allow_plaintext_backup": k.backup, "deletion_allowed": k.deletable, "supports_encryption": true, "derived": false})
}

// engine is one mount of the double.
func engine(w http.ResponseWriter, method, op, name string, keys map[string]*key, in *asked) {
	name, verb, _ := strings.Cut(name, "/")
	k := keys[name]
	switch {
	case op == "keys" && method == "POST" && verb == "" && k == nil:
		k = &key{kind: in.Type, min: 1}
		k.rotate()
		keys[name] = k
		k.describe(w, name)
	case op == "encrypt" && k == nil: // whoever may create makes the key in passing
		k = &key{kind: "aes256-gcm96", min: 1}
		k.rotate()
		keys[name] = k
		k.encrypt(w, in)
	case op == "decrypt" && k == nil:
		refuse(w, 400, "encryption key not found")
	case k == nil:
		refuse(w, 404)
	case op == "encrypt":
		k.encrypt(w, in)
	case op == "decrypt":
		k.decrypt(w, in)
	case verb == "rotate":
		k.rotate()
		k.describe(w, name)
	case verb == "config":
		k.min = max(k.min, in.Min)
		for to, v := range map[*bool]*bool{&k.export: in.Exportable, &k.backup: in.Backup, &k.deletable: in.Deletable} {
			if v != nil {
				*to = *v
			}
		}
		k.describe(w, name)
	case method == "DELETE" && !k.deletable:
		refuse(w, 400, "error deleting policy "+name+": deletion is not allowed for this key")
	case method == "DELETE":
		delete(keys, name)
		w.WriteHeader(204)
	default:
		k.describe(w, name)
	}
}

func (k *key) encrypt(w http.ResponseWriter, in *asked) {
	if k.kind != "aes256-gcm96" && len(in.Data) > 0 {
		refuse(w, 400, "'[0].associated_data' provided for non-AEAD cipher suite "+k.kind)
		return
	}
	n := len(k.versions)
	// The engine's AES-GCM is an envelope here, bound to the version through the associated data, whose own key
	// travels along: no package but the vault has a cipher.
	under, sealed := vault.NewEnvelope(in.Plaintext, slices.Concat(k.versions[n-1], in.Data))
	text := base64.StdEncoding.EncodeToString(slices.Concat(under, sealed))
	answer(w, "data", map[string]any{"ciphertext": fmt.Sprintf("vault:v%d:%s", n, text), "key_version": n})
}

func (k *key) decrypt(w http.ResponseWriter, in *asked) {
	part := strings.SplitN(in.Ciphertext, ":", 3)
	if len(part) != 3 || part[0] != "vault" || !strings.HasPrefix(part[1], "v") {
		refuse(w, 400, "invalid ciphertext: no prefix")
		return
	}
	n, err := strconv.Atoi(part[1][1:])
	if n == 0 {
		n = 1 // as old versions of the service wrote it
	}
	b, err2 := base64.StdEncoding.DecodeString(part[2])
	switch {
	case err != nil:
		refuse(w, 400, "invalid ciphertext: version number could not be decoded")
		return
	case n > len(k.versions):
		refuse(w, 400, "invalid ciphertext: version is too new")
		return
	case n < k.min:
		refuse(w, 400, "ciphertext or signature version is disallowed by policy (too old)")
		return
	case err2 != nil:
		refuse(w, 400, "invalid ciphertext: could not decode base64")
		return
	case len(b) < 32:
		refuse(w, 400, "invalid ciphertext length")
		return
	}
	plain, err := vault.OpenEnvelope(b[:32], b[32:], slices.Concat(k.versions[n-1], in.Data))
	if err != nil {
		refuse(w, 400, "cipher: message authentication failed")
		return
	}
	answer(w, "data", map[string]any{"plaintext": plain})
}
