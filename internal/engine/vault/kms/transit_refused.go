package kms

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// refused tells what the engine's refusal means. Its status alone does not: a deleted key, a version that may no longer
// open and a changed ciphertext are all 400. Its words only decide, they are never passed on.
func refused(status int, answer, body []byte, err error) error {
	var said struct {
		Errors []string `json:"errors"`
	}
	_ = json.Unmarshal(answer, &said)
	text := strings.Join(said.Errors, " ")
	switch {
	case status == http.StatusServiceUnavailable && strings.Contains(text, "is sealed"):
		return fault.New(fault.Busy, "vault.kms_sealed").Because(err)
	case status == http.StatusTemporaryRedirect: // a standby that does not pass on; the token goes nowhere else
		return fault.New(fault.Busy, "vault.kms_away").Because(err)
	case status == http.StatusBadRequest && strings.Contains(text, "encryption key not found"):
		return fault.New(fault.Denied, "vault.kms_missing").Because(err)
	case status == http.StatusBadRequest && (strings.Contains(text, "too old") || strings.Contains(text, "too new")):
		var in transitData
		_ = json.Unmarshal(body, &in)
		return fault.New(fault.Denied, "vault.kms_version", "version", strconv.Itoa(versionOf(in.Ciphertext))).Because(err)
	}
	return of(status, err)
}
