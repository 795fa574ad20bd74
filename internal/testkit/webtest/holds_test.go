package webtest

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"rakudos/internal/testkit/testdb"
)

var releaseForm = regexp.MustCompile(`action="/holds/([0-9a-f-]{36})/release"`)

// TestHoldsAtTheScreen: an administrator keeps one person's records from erasure, what is wrong is said beside what
// was typed, the auditor only reads, and the neighbour neither sees nor releases it.
func TestHoldsAtTheScreen(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			ctx := t.Context()
			admin, neighbour := h.Client("midori", "tenantadmin"), h.Client("hikari", "tenantadmin")
			form := url.Values{"scope": {"person"}, "number": {"M9999"}, "reason": {"労災の争い"}, "authority": {"裁判所の求め"}, "reviewer": {"法務 花子"}, "review_by": {nextYear()}}
			p, err := admin.PostForm(ctx, "/holds", form)
			if err != nil || p.Status != http.StatusUnprocessableEntity || !bytes.Contains(p.Body, []byte("M9999")) || !bytes.Contains(p.Body, []byte("労災の争い")) {
				t.Fatalf("nobody's number: %d %v %.300s", p.Status, err, p.Body)
			}
			form.Set("number", "M0001")
			form.Set("review_by", "いつか")
			if p, err = admin.PostForm(ctx, "/holds", form); err != nil || p.Status != http.StatusUnprocessableEntity {
				t.Fatalf("no date: %d %v", p.Status, err)
			}
			form.Set("review_by", nextYear())
			if p, err = admin.PostForm(ctx, "/holds", form); err != nil || p.Status != http.StatusSeeOther {
				t.Fatalf("placed: %d %v %.300s", p.Status, err, p.Body)
			}
			p, err = admin.Get(ctx, "/holds")
			m := releaseForm.FindSubmatch(p.Body)
			if err != nil || m == nil || !bytes.Contains(p.Body, []byte("保全中")) || !bytes.Contains(p.Body, []byte("一人の記録（社員番号 M0001）")) {
				t.Fatalf("%d %v %.300s", p.Status, err, p.Body)
			}
			if p, err = neighbour.Get(ctx, "/holds"); err != nil || bytes.Contains(p.Body, []byte("労災の争い")) {
				t.Errorf("the neighbour sees it: %v", err)
			}
			release := "/holds/" + string(m[1]) + "/release"
			if p, err = neighbour.PostForm(ctx, release, url.Values{"reason": {"x"}}); err != nil || p.Status != http.StatusNotFound {
				t.Errorf("the neighbour releases it: %d %v", p.Status, err)
			}
			if p, err = admin.PostForm(ctx, release, url.Values{"reason": {" "}}); err != nil || p.Status != http.StatusUnprocessableEntity || !bytes.Contains(p.Body, []byte(`class="field bad"><label for="release-`)) {
				t.Errorf("released without a reason: %d %v", p.Status, err)
			}
			if p, err = admin.PostForm(ctx, release, url.Values{"reason": {"和解した"}}); err != nil || p.Status != http.StatusSeeOther {
				t.Errorf("released: %d %v", p.Status, err)
			}
			if p, err = admin.Get(ctx, "/holds"); err != nil || bytes.Contains(p.Body, []byte("保全中")) {
				t.Errorf("%v %.300s", err, p.Body)
			}
		})
	}
}
