package web

import (
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/job"
	"rakudos/internal/operations/jobs"
	"rakudos/internal/people/access"
	"rakudos/internal/words"
)

// jobsView is the work that goes on behind the pages, and what of it was given up.
type jobsView struct {
	Page
	Queue    jobs.View
	Since    time.Time // since when work that is due has waited too long
	Lines    []jobLine
	More     int // dead letters that are not shown
	MayRetry bool
}

// jobLine is one piece of work that was given up, in words.
type jobLine struct {
	job.Dead
	Says, Whose, Why string
}

// Template names the file.
func (*jobsView) Template() string { return "jobs" }

func (s *server) jobsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	q, err := s.Jobs.View(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	view := &jobsView{
		Page: Page{Title: "自動の処理", Here: "/jobs"}, Queue: q, Since: q.Waits(time.Now()),
		More: q.Stats.Dead - len(q.Dead), MayRetry: access.Allows(v.Actor, access.JobRetry),
	}
	for _, d := range q.Dead {
		line := jobLine{Dead: d, Says: JobName(d.Kind), Whose: "サービス", Why: jobFault(d.Error)}
		if d.Tenant != ids.System {
			line.Whose = "消去された契約先"
			if t, err := s.tenant(r.Context(), d.Tenant); err == nil {
				line.Whose = t.Name
			} else if !fault.Is(err, fault.Missing) {
				return err
			}
		}
		view.Lines = append(view.Lines, line)
	}
	return s.page(w, r, v, view)
}

func (s *server) jobRetry(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Jobs.Retry(r.Context(), v.Actor, ids.Job(r.PathValue("id"))); err != nil {
		return err
	}
	return goTo(w, r, "/jobs?done=retried")
}

// jobFault says why a piece of work was given up; what the catalogue does not know is shown as the program wrote it.
func jobFault(text string) string {
	if _, code, ok := strings.Cut(text, ": "); ok && words.Known(code) {
		if says := words.Fault(fault.New(fault.Internal, code)).Message; !strings.Contains(says, "{") {
			return says
		}
	}
	return ""
}

// JobName is a kind of work in words; a kind without words is shown as it is.
func JobName(kind string) string {
	if n := jobNames[kind]; n != "" {
		return n
	}
	return kind
}

var jobNames = map[string]string{
	"asset.look": "資源の台帳の照合", "certificate.second": "第2段階の消去証明書の発行", "identity.sweep": "期限の切れたサインイン情報の片付け",
	"sso.sweep": "会社の認証の片付け", "support.sweep": "サポート入室の片付け", "mail.expire": "送れなかったメールの片付け", "mail.returns": "届かなかったメールの確認",
	"erasure.resume": "途中の消去の再開", "retention.night": "保持期間の確認", "retention.erase": "承認された消去", "termination.tick": "解約の進行",
	"handover.make": "解約時のデータの作成", "handover.tidy": "解約時のデータの片付け", "review.quarter": "権限の見直しの開始", "review.tick": "権限の見直しの期限の確認",
	"checkup.read": "健診結果の読み取り", "checkup.apply": "健診結果の取り込み", "checkup.rejudge": "判定のやり直し",
	"roster.read": "名簿の読み取り", "roster.apply": "名簿の取り込み", "roster.sweep": "名簿の取り込みの片付け", "keys.work": "鍵の更新", "keys.daily": "鍵の期限の確認",
	"backup": "毎日のバックアップ", "backup.drill": "復元の訓練", "backup.copy": "二つ目の置き場所への写し",
}
