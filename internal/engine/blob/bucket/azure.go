package bucket

import (
	"context"
	"net/http"
	"net/url"
	"slices"
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
	switch answered(err) {
	case http.StatusBadRequest, http.StatusConflict, http.StatusNotImplemented: // not: no right to, not there, away
		return fault.New(fault.Denied, "blob.no_lock").Because(err)
	}
	return err
}

func (d azureDriver) until(ctx context.Context, key string) (time.Time, error) {
	p, err := d.client.NewBlobClient(key).GetProperties(ctx, nil)
	if err != nil || p.ImmutabilityPolicyExpiresOn == nil || p.ImmutabilityPolicyMode == nil || !strings.EqualFold(string(*p.ImmutabilityPolicyMode), "locked") {
		return time.Time{}, err
	}
	return *p.ImmutabilityPolicyExpiresOn, nil
}

// erase removes a blob with its versions. Where versions are kept, and immutability asks for them, deleting a blob
// only turns its current version into a previous one; a version goes by its own name, the current one not before that.
func (d azureDriver) erase(ctx context.Context, key string) error {
	kept, err := d.versions(ctx, key)
	if err != nil {
		return err
	}
	at := d.client.NewBlobClient(key)
	if slices.ContainsFunc(kept, func(v *container.BlobItem) bool { return !isPrevious(v) }) {
		// Deleting would hide a locked blob, and leave it there. Whether the lock holds shows by trying to take it off.
		if until, err := d.until(ctx, key); err == nil && until.After(time.Now()) {
			if _, err := at.DeleteImmutabilityPolicy(ctx, nil); err != nil {
				return locked(err)
			}
		}
		all := azblob.DeleteSnapshotsOptionTypeInclude
		if _, err := at.Delete(ctx, &azblob.DeleteOptions{DeleteSnapshots: &all}); err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound) {
			return locked(err)
		}
	}
	for _, v := range kept {
		if v.VersionID == nil || isGone(v) {
			continue
		}
		one, err := at.WithVersionID(*v.VersionID)
		if err != nil {
			return err
		}
		if _, err := one.Delete(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound) {
			return locked(err)
		}
	}
	if kept, err = d.versions(ctx, key); err == nil && len(kept) > 0 { // as with soft delete
		return fault.New(fault.Denied, "blob.kept")
	}
	return err
}

func isPrevious(v *container.BlobItem) bool {
	return isGone(v) || v.VersionID != nil && (v.IsCurrentVersion == nil || !*v.IsCurrentVersion)
}

func isGone(v *container.BlobItem) bool { return v.Deleted != nil && *v.Deleted }

// versions lists everything that the account still holds of a blob, what it keeps of deleted ones included.
func (d azureDriver) versions(ctx context.Context, key string) (out []*container.BlobItem, err error) {
	pages := d.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &key, Include: container.ListBlobsInclude{Versions: true, Snapshots: true, Deleted: true}})
	for pages.More() {
		p, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range p.Segment.BlobItems {
			if v.Name != nil && *v.Name == key {
				out = append(out, v)
			}
		}
	}
	return out, nil
}

func locked(err error) error {
	if bloberror.HasCode(err, bloberror.BlobImmutableDueToPolicy, bloberror.ImmutabilityPolicyDeleteOnLockedPolicy, "BlobImmutableDueToLegalHold") {
		return fault.New(fault.Denied, "blob.locked").Because(err)
	}
	return err
}
