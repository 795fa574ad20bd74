package bucket

import (
	"errors"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"gocloud.dev/gcerrors"

	"rakudos/internal/base/fault"
)

// explain turns what the store answers into faults. The status comes first: gocloud does not know every code of a
// refusal, and knows nothing of the calls that a driver makes itself.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if f := new(fault.Fault); errors.As(err, &f) {
		return err
	}
	switch answered(err) {
	case http.StatusNotFound:
		return fault.New(fault.Missing, "blob.missing").Because(err)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.New(fault.Denied, "blob.refused").Because(err)
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return fault.New(fault.Missing, "blob.missing").Because(err)
	case gcerrors.PermissionDenied, gcerrors.FailedPrecondition:
		return fault.New(fault.Denied, "blob.refused").Because(err)
	case gcerrors.Canceled, gcerrors.DeadlineExceeded:
		return err
	}
	return fault.New(fault.Busy, "blob.unreachable").Because(err)
}

// answered is the status that a store answered with; zero without an answer.
func answered(err error) int {
	if r := (*azcore.ResponseError)(nil); errors.As(err, &r) {
		return r.StatusCode
	}
	if r := (*awshttp.ResponseError)(nil); errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}
