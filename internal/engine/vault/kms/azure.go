package kms

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
)

// Algorithms that a root key may wrap with: an RSA key of a Key Vault, an AES key of a Managed HSM. RSA-OAEP
// with SHA-1 and RSA1_5, which the service also knows, are refused.
const (
	RSA = "RSA-OAEP-256"
	AES = "A256KW"
)

// AzureOptions name the key and who asks for it.
type AzureOptions struct {
	Vault     string // https://NAME.vault.azure.net or https://NAME.managedhsm.azure.net
	Key       string
	Algorithm string // RSA or AES
	TenantID  string // with ClientID and Secret: a registered application
	ClientID  string // alone: a user-assigned managed identity; empty: the system-assigned one
	Secret    string

	transport policy.Transporter     // tests: the way to a double
	cred      azcore.TokenCredential // tests
	delay     time.Duration          // tests: first pause between attempts
}

// Check finds what is wrong with the options.
func (o AzureOptions) Check() error {
	u, err := url.Parse(o.Vault)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" {
		return fmt.Errorf("vault must be https://NAME.vault.azure.net")
	}
	if o.Key == "" {
		return fmt.Errorf("key is empty")
	}
	if o.Algorithm != RSA && o.Algorithm != AES {
		return fmt.Errorf("algorithm %q is neither %s nor %s", o.Algorithm, RSA, AES)
	}
	return nil
}

type azure struct {
	client *azkeys.Client
	o      AzureOptions
}

// Azure binds to a key; it makes no call yet.
func Azure(o AzureOptions) (vault.Root, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	client := azcore.ClientOptions{Transport: o.transport, Retry: policy.RetryOptions{
		MaxRetries: attempts - 1, TryTimeout: tryWithin, RetryDelay: max(o.delay, 0), MaxRetryDelay: 4 * time.Second,
	}}
	cred, err := o.cred, error(nil)
	switch {
	case cred != nil:
	case o.Secret != "":
		cred, err = azidentity.NewClientSecretCredential(o.TenantID, o.ClientID, o.Secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: client})
	default:
		m := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
		if o.ClientID != "" {
			m.ID = azidentity.ClientID(o.ClientID)
		}
		cred, err = azidentity.NewManagedIdentityCredential(m)
	}
	if err != nil {
		return nil, err
	}
	c, err := azkeys.NewClient(o.Vault, cred, &azkeys.ClientOptions{ClientOptions: client})
	return &azure{c, o}, err
}

// azureMagic begins what this driver wraps: the key's version, the wrapped envelope key and the envelope
// follow. wrapKey binds no associated data; the envelope does.
var azureMagic = []byte("rkaz1")

// Wrap looks at the key before, and wraps by the version that it saw: the service wraps by a disabled version too, and
// then does not unwrap.
func (a *azure) Wrap(ctx context.Context, plain, aad []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	k, err := a.get(ctx)
	if err != nil {
		return nil, err
	}
	if !usable(k.Attributes, time.Now()) {
		return nil, fault.New(fault.Denied, "vault.kms_missing")
	}
	key, sealed := vault.NewEnvelope(plain, aad)
	defer clear(key)
	alg := azkeys.EncryptionAlgorithm(a.o.Algorithm)
	r, err := a.client.WrapKey(ctx, a.o.Key, k.Key.KID.Version(), azkeys.KeyOperationParameters{Algorithm: &alg, Value: key}, nil)
	if err != nil {
		return nil, azureFault(ctx, err)
	}
	if r.KID == nil || r.KID.Version() == "" || len(r.KID.Version()) > 255 || len(r.Result) == 0 || len(r.Result) > 1<<16-1 {
		return nil, fmt.Errorf("kms: the answer names no key version")
	}
	out := append(bytes.Clone(azureMagic), byte(len(r.KID.Version())))
	out = append(out, r.KID.Version()...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(r.Result)))
	return append(append(out, r.Result...), sealed...), nil
}

// split takes apart what Wrap made.
func split(wrapped []byte) (version string, key, sealed []byte, ok bool) {
	b, ok := bytes.CutPrefix(wrapped, azureMagic)
	if !ok || len(b) < 1 || len(b) < 1+int(b[0])+2 {
		return "", nil, nil, false
	}
	version, b = string(b[1:1+int(b[0])]), b[1+int(b[0]):]
	n := int(binary.BigEndian.Uint16(b))
	if version == "" || len(b) < 2+n || strings.ContainsAny(version, "/?#") {
		return "", nil, nil, false
	}
	return version, b[2 : 2+n], b[2+n:], true
}

func (a *azure) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	version, under, sealed, ok := split(wrapped)
	if !ok {
		return nil, fmt.Errorf("kms: not wrapped by this driver")
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	alg := azkeys.EncryptionAlgorithm(a.o.Algorithm)
	r, err := a.client.UnwrapKey(ctx, a.o.Key, version, azkeys.KeyOperationParameters{Algorithm: &alg, Value: under}, nil)
	if err != nil {
		return nil, azureFault(ctx, err)
	}
	defer clear(r.Result)
	return vault.OpenEnvelope(r.Result, sealed, aad)
}

func (a *azure) get(ctx context.Context) (azkeys.KeyBundle, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	r, err := a.client.GetKey(ctx, a.o.Key, "", nil)
	if err != nil {
		return r.KeyBundle, azureFault(ctx, err)
	}
	if r.Key == nil || r.Key.KID == nil || r.Attributes == nil {
		return r.KeyBundle, fmt.Errorf("kms: the answer describes no key")
	}
	if x := r.Attributes.Exportable; x != nil && *x { // escrow is prohibited: a copy elsewhere would undo every destruction
		return r.KeyBundle, fault.New(fault.Denied, "vault.kms_exportable")
	}
	return r.KeyBundle, nil
}

func usable(k *azkeys.KeyAttributes, now time.Time) bool {
	return (k.Enabled == nil || *k.Enabled) && (k.NotBefore == nil || !now.Before(*k.NotBefore)) && (k.Expires == nil || now.Before(*k.Expires))
}

func (a *azure) Current(ctx context.Context) (string, error) {
	k, err := a.get(ctx)
	if err != nil {
		return "", err
	}
	return a.name(k.Key.KID.Version()), nil
}

func (a *azure) name(version string) string { return "azure:" + a.o.Key + "/" + version }

func (a *azure) Of(wrapped []byte) string {
	version, _, _, ok := split(wrapped)
	if !ok {
		return "azure:unknown"
	}
	return a.name(version)
}

// Made implements vault.Dated.
func (a *azure) Made(ctx context.Context) (time.Time, error) {
	k, err := a.get(ctx)
	if err != nil || k.Attributes.Created == nil {
		return time.Time{}, err
	}
	return *k.Attributes.Created, nil
}

// azureFault keeps the words of the service out of faults that people see. What is neither an answer nor the network
// comes from the credential or from a challenge that was not followed: no right to ask, and no lost key.
func azureFault(ctx context.Context, err error) error {
	var r *azcore.ResponseError
	if errors.As(err, &r) {
		if r.StatusCode == http.StatusForbidden && inner(r) == "KeyDisabled" {
			return fault.New(fault.Denied, "vault.kms_missing").Because(err)
		}
		return of(r.StatusCode, err)
	}
	var auth *azidentity.AuthenticationFailedError
	if errors.As(err, &auth) && auth.RawResponse != nil && auth.RawResponse.StatusCode >= http.StatusInternalServerError {
		return of(auth.RawResponse.StatusCode, err)
	}
	var n net.Error
	if ctx.Err() != nil || errors.As(err, &n) || errors.Is(err, io.ErrUnexpectedEOF) {
		return away(ctx, err)
	}
	return fault.New(fault.Denied, "vault.kms_denied").Because(err)
}

// inner is the code below the code of a refusal.
func inner(r *azcore.ResponseError) string {
	if r.RawResponse == nil {
		return ""
	}
	b, err := runtime.Payload(r.RawResponse)
	if err != nil || len(b) > mostAnswer {
		return ""
	}
	var said struct {
		Error struct {
			Inner struct {
				Code string `json:"code"`
			} `json:"innererror"`
		} `json:"error"`
	}
	_ = json.Unmarshal(b, &said)
	return said.Error.Inner.Code
}
