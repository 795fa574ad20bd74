package web

import (
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
			Lines: []jobLine{{dead, JobName(dead.Kind), "株式会社みどり製作所", jobFault(dead.Error)}, {strange, JobName(strange.Kind), "サービス", jobFault(strange.Error)}}}},
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
