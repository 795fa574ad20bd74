package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"rakudos/internal/base/fault"
)

// TestPartsOfTheVerifyForm: anybody may send this form, so how many parts it has is bounded as its bytes are.
func TestPartsOfTheVerifyForm(t *testing.T) {
	for n, ok := range map[int]bool{1: true, verifyParts: true, verifyParts + 1: false, 20_000: false} {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for i := range n - 1 {
			if err := m.WriteField("f"+strconv.Itoa(i), ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.WriteField("text", " {} \r\n"); err != nil || m.Close() != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/certificates/verify", &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		got, err := certificateIn(r)
		if ok && (err != nil || string(got) != "{}") || !ok && !fault.Is(err, fault.Invalid) {
			t.Errorf("%d parts: %q, %v", n, got, err)
		}
	}
}
