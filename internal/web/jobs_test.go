package web

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/job"
	"rakudos/internal/operations/jobs"
)

func jobSamples() map[string]struct {
	role actor.Role
	view Viewer
} {
	dead := job.Dead{ID: "j", Kind: "checkup.apply", Attempts: 5, Finished: sampleNow, Error: "internal: db.full"}
	strange := job.Dead{ID: "k", Kind: "new.kind", Attempts: 1, Finished: sampleNow, Error: "open /data/x: permission denied"}
	return map[string]struct {
		role actor.Role
		view Viewer
	}{
		"jobs": {actor.ITSM, &jobsView{Page: Page{Title: "自動の処理", Here: "/jobs"}, MayRetry: true, More: 3, Since: sampleNow,
			Queue: jobs.View{Stats: job.Stats{Ready: 4, Running: 1, Dead: 5}},
			Lines: []jobLine{{dead, JobName(dead.Kind), "株式会社みどり製作所", jobFault(dead.Error), true}, {strange, JobName(strange.Kind), "サービス", jobFault(strange.Error), false}}}},
		"jobs-fine": {actor.Operator, &jobsView{Page: Page{Title: "自動の処理", Here: "/jobs"}}},
	}
}

// TestWhyWorkWasGivenUp: a fault is said in the words that a person would have been told, anything else as it is.
func TestWhyWorkWasGivenUp(t *testing.T) {
	for text, want := range map[string]string{
		"invalid: checkup.header_unknown": "見出しの行が見つかりません。健診結果のファイルではないようです。",
		"internal: nobody.knows":          "", "open /data/x: permission denied": "", "": "",
	} {
		if got := jobFault(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if JobName("backup.drill") != "復元の訓練" || JobName("new.kind") != "new.kind" {
		t.Error("the names of kinds")
	}
}

// TestWhatEndedIsOnlyClearedAway: an import whose work was given up has ended for the customer; doing it again would only
// seem to help.
func TestWhatEndedIsOnlyClearedAway(t *testing.T) {
	for _, kind := range endedWith {
		if JobName(kind) == kind {
			t.Errorf("%s is no kind of work", kind)
		}
	}
	view := jobSamples()["jobs"].view
	view.page().Frame = &Frame{Visitor: sampleVisitor(actor.ITSM)}
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	all, err := loadViews(a)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := all.render(&b, view); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for label, want := range map[string]int{">片付ける</button>": 1, ">もう一度行う</button>": 1, "を片付ける\"": 1} {
		if got := strings.Count(page, label); got != want {
			t.Errorf("%s stands %d times, want %d", label, got, want)
		}
	}
}
