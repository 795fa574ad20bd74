// Package bucket keeps files in the object store of a cloud, Azure Blob Storage or anything that speaks S3, under the
// rules of package blob, and locks them there until a day that nobody can bring forward (clause 4-1).
// It must never send an unsealed byte (its callers seal), speak without TLS to another machine, nor call a file
// locked without having asked for it.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"rakudos/internal/base/fault"
	store "rakudos/internal/engine/blob"
)

// Config says where a bucket is. Credentials stand in files: an access key and its secret on two lines for S3, the
// account key on one for Azure; without a file the machine's own identity in the cloud is used.
type Config struct {
	URL             string `yaml:"url"`              // s3://bucket/prefix or azblob://container/prefix
	Endpoint        string `yaml:"endpoint"`         // https://…; of the account for Azure
	Region          string `yaml:"region"`           // S3
	CredentialsFile string `yaml:"credentials_file"` // mode 0600
}

// Bucket is a place in an object store.
type Bucket struct {
	bucket *blob.Bucket
	prefix string
	kind   driver
}

// driver is what gocloud does not cover: locks and versions.
type driver interface {
	// lock returns the option that locks while writing, or nil when finish does it afterwards.
	lock(until time.Time) func(asFunc func(any) bool) error
	// finish locks a written object, for stores that cannot do it while writing.
	finish(ctx context.Context, key string, until time.Time) error
	// until tells when the lock of an object ends; zero when it has none.
	until(ctx context.Context, key string) (time.Time, error)
	// erase removes every version of an object.
	erase(ctx context.Context, key string) error
}

// Open connects to the place; nothing is sent yet. A mistake in the configuration is fault.Invalid "blob.bucket".
func Open(ctx context.Context, c Config) (*Bucket, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, invalid("url", err)
	}
	if err := c.secure(); err != nil {
		return nil, err
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		if err := store.CheckKey(prefix); err != nil {
			return nil, invalid("url", err)
		}
		prefix += "/"
	}
	b := &Bucket{prefix: prefix}
	switch u.Scheme {
	case "s3":
		b.bucket, b.kind, err = openS3(ctx, c, u.Host)
	case "azblob":
		b.bucket, b.kind, err = openAzure(ctx, c, u.Host)
	default:
		return nil, invalid("url", nil)
	}
	return b, err
}

func invalid(field string, err error) error {
	return fault.New(fault.Invalid, "blob.bucket", "field", field).Because(err)
}

// secure refuses an endpoint without TLS that is not on this machine.
func (c Config) secure() error {
	if c.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" {
		return invalid("endpoint", err)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())) {
		return invalid("endpoint", nil)
	}
	return nil
}

// secrets reads n lines from the credentials file, which nobody else may read; none without a file.
func (c Config) secrets(n int) ([]string, error) {
	if c.CredentialsFile == "" {
		return nil, nil
	}
	info, err := os.Stat(c.CredentialsFile)
	if err != nil {
		return nil, invalid("credentials_file", err)
	}
	if info.Mode().Perm()&0o077 != 0 || info.Size() > 4096 {
		return nil, invalid("credentials_file", errors.New("bucket: others may read the credentials, or they are too long"))
	}
	b, err := os.ReadFile(c.CredentialsFile)
	if err != nil {
		return nil, invalid("credentials_file", err)
	}
	lines := strings.Fields(string(b))
	if len(lines) != n {
		return nil, invalid("credentials_file", fmt.Errorf("bucket: %d words, want %d", len(lines), n))
	}
	return lines, nil
}

const connectWithin = 10 * time.Second

// bounds keeps a place that does not answer from holding anybody up.
func bounds(t *http.Transport) {
	t.ResponseHeaderTimeout = time.Minute
	t.TLSHandshakeTimeout = connectWithin
}

func client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: connectWithin}).DialContext
	bounds(t)
	return &http.Client{Transport: t}
}

// Close lets go of connections.
func (b *Bucket) Close() error { return b.bucket.Close() }

// Put implements blob.Store.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	return b.put(ctx, key, r, nil)
}

// PutLocked writes a file that nobody can change or remove before until, not with the credentials that wrote it either.
func (b *Bucket) PutLocked(ctx context.Context, key string, r io.Reader, until time.Time) (int64, error) {
	n, err := b.put(ctx, key, r, b.kind.lock(until))
	if err == nil {
		err = explain(b.kind.finish(ctx, b.prefix+key, until))
	}
	return n, err
}

func (b *Bucket) put(ctx context.Context, key string, r io.Reader, lock func(func(any) bool) error) (int64, error) {
	if err := store.CheckKey(key); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.bucket.NewWriter(ctx, b.prefix+key, &blob.WriterOptions{ContentType: "application/octet-stream", BeforeWrite: lock, BufferSize: 8 << 20, MaxConcurrency: 2})
	if err != nil {
		return 0, explain(err)
	}
	n, err := io.Copy(w, r)
	if err != nil {
		cancel() // nothing becomes visible
		_ = w.Close()
		return 0, fmt.Errorf("bucket: put: %w", err)
	}
	return n, explain(w.Close())
}

// Open implements blob.Store.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := store.CheckKey(key); err != nil {
		return nil, err
	}
	r, err := b.bucket.NewReader(ctx, b.prefix+key, nil)
	return r, explain(err)
}

// Delete implements blob.Store. Of a locked file it only covers the name: its content stays until the lock ends.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	err := b.bucket.Delete(ctx, b.prefix+key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return explain(err)
}

// Erase removes every version of a file; of one that is locked it is fault.Denied "blob.locked".
func (b *Bucket) Erase(ctx context.Context, key string) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	return explain(b.kind.erase(ctx, b.prefix+key))
}

// LockedUntil tells when the lock of a file ends; the zero time says that it has none.
func (b *Bucket) LockedUntil(ctx context.Context, key string) (time.Time, error) {
	if err := store.CheckKey(key); err != nil {
		return time.Time{}, err
	}
	t, err := b.kind.until(ctx, b.prefix+key)
	return t, explain(err)
}

// List implements blob.Store.
func (b *Bucket) List(ctx context.Context, prefix string) ([]string, error) {
	var out []string
	it := b.bucket.List(&blob.ListOptions{Prefix: b.prefix + prefix})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			slices.Sort(out)
			return out, nil
		}
		if err != nil {
			return nil, explain(err)
		}
		out = append(out, strings.TrimPrefix(o.Key, b.prefix))
	}
}
