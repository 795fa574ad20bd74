package web

import (
	"bytes"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/retention"
	"rakudos/internal/health/checkup"
)

// TestWhatWasErasedIsSaid: a page whose words were erased says so, and promises nothing that comes back.
func TestWhatWasErasedIsSaid(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	v, err := loadViews(a)
	if err != nil {
		t.Fatal(err)
	}
	declined := retention.Candidate{Due: sampleCandidates()[0].Due, ID: "c", State: retention.Declined, Again: jst.Date{Y: 2027, M: 3, D: 31}, Erased: true}
	r := sampleRetention("/desk/retention/x", true)
	r.Others = nil
	r.sort([]retention.Candidate{declined}, func(ids.Person) string { return nobodyNamed }, nil)
	emptied := &importView{Page: Page{Title: "健診結果の取り込み"}, Doc: checkupDoc(&checkup.Import{ID: "i", State: checkup.Applied, StartedAt: sampleNow, Emptied: true})}
	for name, c := range map[string]struct {
		view Viewer
		role actor.Role
		says string
	}{
		"a decline": {r, actor.ITSM, "（理由は消去済み）"},
		"an import": {emptied, actor.HR, "誤りのあったセルの内容は消去済みです。"},
	} {
		f := &Frame{Visitor: sampleVisitor(c.role)}
		c.view.page().Frame = f
		var b bytes.Buffer
		if err := v.render(&b, c.view); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if page := b.String(); !strings.Contains(page, c.says) || strings.Contains(page, "再び挙げます") {
			t.Errorf("%s does not say it", name)
		}
	}
}
