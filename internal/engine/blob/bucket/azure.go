package bucket

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"

	"rakudos/internal/base/fault"
)

type azureDriver struct{ client *container.Client }

func openAzure(ctx context.Context, c Config, name string) (*blob.Bucket, driver, error) {
	if c.Endpoint == "" {
		return nil, nil, invalid("endpoint", nil)
	}
	words, err := c.secrets(1)
	if err != nil {
		return nil, nil, err
	}
	at, err := url.JoinPath(c.Endpoint, name)
	if err != nil {
		return nil, nil, invalid("endpoint", err)
	}
	opts := &container.ClientOptions{ClientOptions: azcore.ClientOptions{Transport: client(), Retry: policy.RetryOptions{MaxRetries: 3, TryTimeout: 5 * time.Minute}}}
	var cl *container.Client
	if words != nil {
		cred, cerr := container.NewSharedKeyCredential(account(c.Endpoint), words[0])
		if cerr != nil {
			return nil, nil, invalid("credentials_file", cerr)
		}
		cl, err = container.NewClientWithSharedKeyCredential(at, cred, opts)
	} else {
		cred, cerr := azidentity.NewDefaultAzureCredential(nil)
		if cerr != nil {
			return nil, nil, invalid("credentials_file", cerr)
		}
		cl, err = container.NewClient(at, cred, opts)
	}
	if err != nil {
		return nil, nil, invalid("endpoint", err)
	}
	b, err := azureblob.OpenBucket(ctx, cl, nil)
	if err != nil {
		return nil, nil, invalid("url", err)
	}
	return b, azureDriver{cl}, nil
}

// account is the first label of the host, or the first part of the path where the host is an address.
func account(endpoint string) string {
	u, _ := url.Parse(endpoint)
	if p := strings.Trim(u.Path, "/"); p != "" {
		return p
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	return name
}

func (azureDriver) lock(time.Time) func(func(any) bool) error { return nil }

// finish sets a policy that nobody can shorten. The container must allow it (version-level immutability).
func (d azureDriver) finish(ctx context.Context, key string, until time.Time) error {
	mode := azblob.ImmutabilityPolicySettingLocked
	_, err := d.client.NewBlobClient(key).SetImmutabilityPolicy(ctx, until.UTC().Truncate(time.Second), &azblob.SetImmutabilityPolicyOptions{Mode: &mode})
	if err != nil {
		return fault.New(fault.Denied, "blob.no_lock").Because(err)
	}
	return nil
}

func (d azureDriver) until(ctx context.Context, key string) (time.Time, error) {
	p, err := d.client.NewBlobClient(key).GetProperties(ctx, nil)
	if err != nil || p.ImmutabilityPolicyExpiresOn == nil || p.ImmutabilityPolicyMode == nil || !strings.EqualFold(string(*p.ImmutabilityPolicyMode), "locked") {
		return time.Time{}, err
	}
	return *p.ImmutabilityPolicyExpiresOn, nil
}

func (d azureDriver) erase(ctx context.Context, key string) error {
	all := azblob.DeleteSnapshotsOptionTypeInclude
	_, err := d.client.NewBlobClient(key).Delete(ctx, &azblob.DeleteOptions{DeleteSnapshots: &all})
	switch {
	case bloberror.HasCode(err, "BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"):
		return fault.New(fault.Denied, "blob.locked").Because(err)
	case bloberror.HasCode(err, bloberror.BlobNotFound):
		return nil
	}
	return err
}
