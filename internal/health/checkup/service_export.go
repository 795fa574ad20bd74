package checkup

import (
	"context"
	"strconv"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
)

// Export gives the whole filtered list as it is shown.
func (s *Service) Export(ctx context.Context, a actor.Actor, f Filter) (header []string, rows [][]string, err error) {
	if err := s.require(ctx, a, access.CheckupExport, "checkup.export"); err != nil {
		return nil, nil, err
	}
	v, n, picked, e, err := s.pick(ctx, a, access.CheckupExport, f)
	if err != nil {
		return nil, nil, err
	}
	header = []string{"社員番号", "氏名", "カナ氏名", "事業所", "部署", "健診日", "受診"}
	if v.ShowJudgement {
		header = append(header, "総合判定", "特定健診の区分", "メタボ判定", "判定を決めた項目", "服薬")
	}
	header = append(header, "就業区分", "意見の期限")
	shown := make([]ids.Person, 0, len(picked))
	for _, l := range picked {
		r := e.row(n, l)
		cells := []string{r.Number, r.Name, r.Kana, r.Site, r.Dept, r.Day.String(), map[bool]string{true: "受診", false: "未受診"}[r.Examined]}
		if v.ShowJudgement {
			drugs := ""
			if r.MedicationUnknown {
				drugs = "服薬未確認"
			}
			action := ""
			if r.Judgement != "" {
				action = r.Action.Japanese()
			}
			cells = append(cells, string(r.Judgement), action, r.Metabolic.Japanese(), strings.Join(r.Worst, "、"), drugs)
		}
		fitness := ""
		if r.Fitness != Undecided {
			fitness = r.Fitness.Japanese()
		}
		rows = append(rows, append(cells, fitness, r.Deadline.String()))
		shown = append(shown, l.Person.ID)
	}
	return header, rows, s.record(ctx, a, "checkup.export", "checkup.judgement", shown, map[string]any{"year": v.Filter.Year, "rows": strconv.Itoa(len(rows))})
}
