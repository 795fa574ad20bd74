package retention

import (
	"time"

	"rakudos/internal/base/jst"
)

// Schedule is when a leaving customer's data must be where (clauses 6-2a, 6-2b). All days are JST.
type Schedule struct {
	Month          string   `json:"month"`            // the wished month, 2027-01
	MonthEnd       jst.Date `json:"month_end"`        // last day of use
	EraseNotBefore jst.Date `json:"erase_not_before"` // the day after
	EraseBy        jst.Date `json:"erase_by"`         // last permitted day
	BackupsGoneBy  jst.Date `json:"backups_gone_by"`  // when the last backup that may hold the data has expired
}

// Terminate plans for a customer who applied on a day and wishes to leave at the end of a month. A month that
// is over is fault.Invalid "date.month_past".
func Terminate(wished, applied jst.Date) (Schedule, error) {
	first, last, err := jst.Termination(wished, applied)
	if err != nil {
		return Schedule{}, err
	}
	return Schedule{
		Month: jst.MonthEnd(wished).String()[:7], MonthEnd: jst.MonthEnd(wished), EraseNotBefore: first, EraseBy: last,
		BackupsGoneBy: jst.Of(jst.BackupExpiry(last.Start())),
	}, nil
}

// ParseMonth reads 2027-01; the first day stands for the month.
func ParseMonth(s string) (jst.Date, bool) {
	t, err := time.ParseInLocation("2006-01", s, jst.Zone)
	return jst.Of(t), err == nil
}
