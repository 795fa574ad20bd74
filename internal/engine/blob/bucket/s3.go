package bucket

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	tmtypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"rakudos/internal/base/fault"
)

type s3Driver struct {
	client *s3.Client
	name   string
}

func openS3(ctx context.Context, c Config, name string) (*blob.Bucket, driver, error) {
	words, err := c.secrets(2)
	if err != nil {
		return nil, nil, err
	}
	opts := []func(*config.LoadOptions) error{config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(bounds).WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectWithin })), config.WithRetryMaxAttempts(4)}
	if c.Region != "" {
		opts = append(opts, config.WithRegion(c.Region))
	}
	if words != nil {
		opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(words[0], words[1], "")))
	}
	conf, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, nil, invalid("url", err)
	}
	cl := s3.NewFromConfig(conf, func(o *s3.Options) {
		if c.Endpoint != "" { // a store that is not Amazon's: buckets by path
			o.BaseEndpoint, o.UsePathStyle = aws.String(c.Endpoint), true
		}
	})
	b, err := s3blob.OpenBucket(ctx, cl, name, nil)
	if err != nil {
		return nil, nil, invalid("url", err)
	}
	return b, s3Driver{cl, name}, nil
}

func (d s3Driver) lock(until time.Time) func(func(any) bool) error {
	return func(as func(any) bool) error {
		var in *transfermanager.UploadObjectInput
		if !as(&in) {
			return errors.New("bucket: s3 cannot lock while writing")
		}
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = tmtypes.ObjectLockModeCompliance, aws.Time(until.UTC().Truncate(time.Second))
		return nil
	}
}

func (s3Driver) finish(context.Context, string, time.Time) error { return nil }

func (d s3Driver) until(ctx context.Context, key string) (time.Time, error) {
	out, err := d.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.name, Key: &key})
	if err != nil || out.ObjectLockRetainUntilDate == nil || out.ObjectLockMode != types.ObjectLockModeCompliance {
		return time.Time{}, err
	}
	return *out.ObjectLockRetainUntilDate, nil
}

func (d s3Driver) erase(ctx context.Context, key string) error {
	in := &s3.ListObjectVersionsInput{Bucket: &d.name, Prefix: &key}
	for {
		out, err := d.client.ListObjectVersions(ctx, in)
		if err != nil {
			return err
		}
		for _, v := range out.Versions {
			if *v.Key != key {
				continue
			}
			if err := d.drop(ctx, key, v.VersionId); err != nil {
				return err
			}
		}
		for _, v := range out.DeleteMarkers {
			if *v.Key != key {
				continue
			}
			if err := d.drop(ctx, key, v.VersionId); err != nil {
				return err
			}
		}
		if out.IsTruncated == nil || !*out.IsTruncated {
			return nil
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
}

func (d s3Driver) drop(ctx context.Context, key string, version *string) error {
	_, err := d.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &d.name, Key: &key, VersionId: version})
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "AccessDenied" || api.ErrorCode() == "ObjectLocked" || api.ErrorCode() == "InvalidRequest") {
		return fault.New(fault.Denied, "blob.locked").Because(err)
	}
	return err
}
