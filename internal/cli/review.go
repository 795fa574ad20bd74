package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/governance/accessreview"
)

// errReviews ends the verb with 1 after the lines have said why.
var errReviews = errors.New("cli: a review is not in order")

// reviewLine is where one tenant's reviews stand, for scripts.
type reviewLine struct {
	Tenant   string   `json:"tenant"`
	Quarter  string   `json:"quarter"`
	State    string   `json:"state"` // open, closing, closed, missed, void, waiting, missing
	Opened   string   `json:"opened,omitempty"`
	Due      string   `json:"due"`
	Reviewed int      `json:"reviewed"`
	Total    int      `json:"total"`
	Overdue  bool     `json:"overdue"`
	Problems []string `json:"problems"`
	Done     string   `json:"last_closed_by_people,omitempty"`
}

var reviewStates = map[accessreview.State]string{
	accessreview.Running: "実施中", accessreview.Closing: "締切処理中", accessreview.Closed: "締切済み", accessreview.Missed: "行われなかった", accessreview.Void: "解約のため終了",
	accessreview.Waiting: "初回を待っています", accessreview.NotOpened: "始まっていない",
}

func reviewLineOf(s accessreview.Standing) reviewLine {
	l := reviewLine{Tenant: s.Code, Quarter: s.Quarter, State: string(s.State), Opened: jst.StampSec(s.OpenedAt), Due: jst.StampSec(s.DueAt), Overdue: len(s.Problems) > 0, Problems: append([]string{}, s.Problems...), Done: s.Done}
	if s.Figures != nil {
		l.Reviewed, l.Total = s.Figures.Reviewed, s.Figures.Total
	}
	return l
}

func reviewStatusCommand() command {
	return command{
		name: "review status", says: "四半期ごとのアクセス権限の見直しが、契約先ごとにどこまで進んでいるかを表示します。", args: "[--data フォルダー] [--tenant 契約先コード] [--json]",
		examples: []string{"rakudos review status --data data", "rakudos review status --data data --tenant midori --json"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			tenant := f.String("tenant", "", "契約先コード（省略時 すべて）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				all, err := s.house.Reviews(ctx, o, *tenant)
				if err != nil {
					return err
				}
				lines, late := []reviewLine{}, false
				for _, st := range all {
					lines = append(lines, reviewLineOf(st))
					late = late || len(st.Problems) > 0
				}
				err = s.answer(lines, func(w io.Writer) {
					for i, l := range lines {
						fmt.Fprintf(w, "%s  %s  %s  期限 %s  %d/%d件を判断\n", l.Tenant, l.Quarter, reviewStates[all[i].State], jst.Stamp(all[i].DueAt), l.Reviewed, l.Total)
						for _, p := range l.Problems {
							fmt.Fprintf(w, "  ！%s\n", p)
						}
					}
					if len(lines) == 0 {
						fmt.Fprintln(w, "見直しの対象になる契約先はまだありません。")
					}
				})
				if err == nil && late {
					err = reported{errReviews}
				}
				return err
			}
		},
	}
}

func explainReviewCommand() command {
	return command{
		name: "explain review", says: "日付の入る四半期と、見直しの開始・催促・締切の日時を表示します（データは使いません）。", args: "[--date 日付] [--json]",
		examples: []string{"rakudos explain review --date 2026-11-28", "rakudos explain review --date 2026-11-28 --json"},
		setup: func(f *flag.FlagSet) action {
			date := f.String("date", "", "日付（例 2026-11-28。省略時 今日）")
			return func(_ context.Context, s *stage) error {
				d := jst.Of(time.Now())
				if *date != "" {
					var err error
					if d, err = jst.ParseDate(*date); err != nil {
						return wrong("review.date")
					}
				}
				c := accessreview.CalendarOf(d)
				return s.answer(c, func(w io.Writer) {
					fmt.Fprintf(w, "%s（%s）\n開始: %s\n", c.Name, c.Quarter, c.Opens)
					for _, r := range c.Reminders {
						fmt.Fprintf(w, "催促: %s\n", r)
					}
					fmt.Fprintf(w, "上位者への連絡: %s\n締切: %s\nこの日に契約した契約先の初回: %s（残り%d日未満なら次の四半期）\n", c.Escalates, c.Closes, c.FirstFor, c.LeastDays)
				})
			}
		},
	}
}
