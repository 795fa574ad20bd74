// Package kms holds the root keys that stand in a key management service: Azure Key Vault or Managed HSM,
// and OpenBao or HashiCorp Vault with the transit engine. The key never enters the program.
// It must never log, keep or return a secret of the service's answer, wait without a bound, or take a
// service that is away for a key that is lost.
package kms

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"rakudos/internal/base/fault"
)

// Bounds of one call to a service, all attempts together, and of one attempt.
const (
	callWithin = 30 * time.Second
	tryWithin  = 5 * time.Second
	attempts   = 4
	mostAnswer = 1 << 20
)

// of turns a status of a service into a fault. What no status explains is left to the caller.
func of(status int, err error) error {
	switch {
	case status == 401 || status == 403:
		return fault.New(fault.Denied, "vault.kms_denied").Because(err)
	case status == 404:
		return fault.New(fault.Denied, "vault.kms_missing").Because(err)
	case status == 429 || status >= 500 || status == 472 || status == 473: // the last two: a Vault in standby
		return fault.New(fault.Busy, "vault.kms_away").Because(err)
	}
	return err
}

// away tells a network that failed from a caller who gave up, and from somebody else who answers in the service's place.
func away(ctx context.Context, err error) error {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		return fault.New(fault.Denied, "vault.kms_certificate").Because(err)
	}
	var n net.Error
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &n) {
		return fault.New(fault.Busy, "vault.kms_away").Because(err)
	}
	return err
}
