package kms

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
)

// TransitOptions name a key of the transit engine and who asks for it.
type TransitOptions struct {
	Address   string // https://host:port
	Mount     string // of the engine; usually "transit"
	Key       string
	Namespace string // may be empty
	TokenFile string // read at each call, so that an agent may renew it
	CAFile    string // may be empty: the system's roots

	delay  time.Duration // tests: first pause between attempts
	within time.Duration // tests: of one attempt
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)

// Check finds what is wrong with the options.
func (o TransitOptions) Check() error {
	u, err := url.Parse(o.Address)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("address must be https://HOST:PORT")
	}
	if !plainName.MatchString(o.Mount) || !plainName.MatchString(o.Key) || strings.Contains(o.Mount+o.Key, "..") || strings.Contains(o.Key, "/") {
		return fmt.Errorf("mount and key must be plain names")
	}
	if o.TokenFile == "" {
		return fmt.Errorf("token_file is empty")
	}
	return nil
}

type transitEngine struct {
	o    TransitOptions
	http *http.Client
}

// Transit binds to a key; it makes no call yet.
func Transit(o TransitOptions) (vault.Root, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kms: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kms: %s holds no certificate", o.CAFile)
		}
	}
	if o.delay == 0 {
		o.delay = 200 * time.Millisecond
	}
	if o.within == 0 {
		o.within = tryWithin
	}
	t := &http.Transport{TLSClientConfig: conf, Proxy: nil, TLSHandshakeTimeout: tryWithin, MaxIdleConns: 4, IdleConnTimeout: time.Minute}
	return &transitEngine{o, &http.Client{Transport: t, Timeout: o.within, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a redirect would carry the token elsewhere
	}}}, nil
}

// transitMagic begins what this driver wraps; the engine's ciphertext, which names the version, follows.
const transitMagic = "rktr1"

type transitData struct {
	Plaintext  []byte                     `json:"plaintext,omitempty"`
	Ciphertext string                     `json:"ciphertext,omitempty"`
	Data       []byte                     `json:"associated_data,omitempty"`
	Type       string                     `json:"type,omitempty"`
	Latest     int                        `json:"latest_version,omitempty"`
	Exportable bool                       `json:"exportable,omitempty"`
	Backup     bool                       `json:"allow_plaintext_backup,omitempty"`
	Keys       map[string]json.RawMessage `json:"keys,omitempty"` // version: since when; of a key pair, more than that
}

// Wrap looks at the key before: a token that may create would otherwise make a new key in the place of a deleted one.
func (t *transitEngine) Wrap(ctx context.Context, plain, aad []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	if _, err := t.read(ctx); err != nil {
		return nil, err
	}
	d, err := t.call(ctx, http.MethodPost, "encrypt/"+t.o.Key, &transitData{Plaintext: plain, Data: aad})
	if err != nil {
		return nil, err
	}
	if versionOf(d.Ciphertext) == 0 {
		return nil, fmt.Errorf("kms: the answer names no key version")
	}
	return []byte(transitMagic + d.Ciphertext), nil
}

func (t *transitEngine) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	text, ok := strings.CutPrefix(string(wrapped), transitMagic)
	if !ok || versionOf(text) == 0 {
		return nil, fmt.Errorf("kms: not wrapped by this driver")
	}
	d, err := t.call(ctx, http.MethodPost, "decrypt/"+t.o.Key, &transitData{Ciphertext: text, Data: aad})
	if err != nil {
		return nil, err
	}
	return d.Plaintext, nil
}

// versionOf reads "vault:v3:…"; zero when it is not that.
func versionOf(ciphertext string) int {
	part := strings.SplitN(ciphertext, ":", 3)
	if len(part) != 3 || part[0] != "vault" || !strings.HasPrefix(part[1], "v") {
		return 0
	}
	n, err := strconv.Atoi(part[1][1:])
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// read describes the key, and refuses one that cannot bind associated data or that may leave the service.
func (t *transitEngine) read(ctx context.Context) (*transitData, error) {
	d, err := t.call(ctx, http.MethodGet, "keys/"+t.o.Key, nil)
	if err != nil {
		return nil, err
	}
	if d.Type != "aes256-gcm96" && d.Type != "chacha20-poly1305" {
		return nil, fault.New(fault.Denied, "vault.kms_type", "type", d.Type)
	}
	if d.Exportable || d.Backup { // escrow is prohibited: a copy elsewhere would undo every destruction
		return nil, fault.New(fault.Denied, "vault.kms_exportable")
	}
	return d, nil
}

func (t *transitEngine) Current(ctx context.Context) (string, error) {
	d, err := t.read(ctx)
	if err != nil {
		return "", err
	}
	return t.name(d.Latest), nil
}

func (t *transitEngine) name(version int) string {
	return fmt.Sprintf("transit:%s/%s/v%d", t.o.Mount, t.o.Key, version)
}

func (t *transitEngine) Of(wrapped []byte) string {
	return t.name(versionOf(strings.TrimPrefix(string(wrapped), transitMagic)))
}

// Made implements vault.Dated.
func (t *transitEngine) Made(ctx context.Context) (time.Time, error) {
	d, err := t.read(ctx)
	if err != nil {
		return time.Time{}, err
	}
	at, err := strconv.ParseInt(string(d.Keys[strconv.Itoa(d.Latest)]), 10, 64)
	if err != nil || at <= 0 {
		return time.Time{}, nil
	}
	return time.Unix(at, 0), nil
}

// call asks the service, again with growing pauses while it is away.
func (t *transitEngine) call(ctx context.Context, method, path string, in *transitData) (*transitData, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
		defer clear(body)
	}
	pause := t.o.delay
	for n := 1; ; n++ {
		d, wait, err := t.once(ctx, method, path, body)
		if err == nil || !fault.Is(err, fault.Busy) || n == attempts {
			return d, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(max(pause, wait)):
		}
		pause *= 3
	}
}

func (t *transitEngine) once(ctx context.Context, method, path string, body []byte) (_ *transitData, wait time.Duration, err error) {
	token, err := os.ReadFile(t.o.TokenFile)
	if err != nil {
		return nil, 0, fault.New(fault.Denied, "vault.kms_denied").Because(err)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(t.o.Address, "/")+"/v1/"+t.o.Mount+"/"+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("X-Vault-Token", strings.TrimSpace(string(token)))
	r.Header.Set("X-Vault-Request", "true")
	if t.o.Namespace != "" {
		r.Header.Set("X-Vault-Namespace", t.o.Namespace)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := t.http.Do(r)
	if err != nil {
		return nil, 0, away(ctx, err)
	}
	answer, err := io.ReadAll(io.LimitReader(a.Body, mostAnswer))
	if err = errors.Join(err, a.Body.Close()); err != nil {
		return nil, 0, away(ctx, err)
	}
	defer clear(answer)
	if a.StatusCode != http.StatusOK {
		if s, e := strconv.Atoi(a.Header.Get("Retry-After")); e == nil && s > 0 {
			wait = time.Duration(s) * time.Second
		}
		return nil, wait, refused(a.StatusCode, answer, body, fmt.Errorf("kms: transit answers %d to %s", a.StatusCode, strings.Split(path, "/")[0]))
	}
	var out struct {
		Data *transitData `json:"data"`
	}
	if err := json.Unmarshal(answer, &out); err != nil || out.Data == nil {
		return nil, 0, fmt.Errorf("kms: transit's answer to %s is not what it documents", strings.Split(path, "/")[0])
	}
	return out.Data, 0, nil
}
