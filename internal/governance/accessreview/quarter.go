package accessreview

import (
	"fmt"
	"time"

	"rakudos/internal/base/jst"
)

// The calendar of a campaign (decisions, 3-1 quarters).
const (
	LeastDays    = 14 // a tenant that joins with fewer days left has its first campaign in the next quarter
	EscalateDays = 3  // before the close, silence is told to those above
	noticeHour   = 9  // reminders go out in the morning
)

// ReminderDays are how many days before the close reviewers are reminded.
var ReminderDays = []int{14, 7, 1}

// Quarter of a fiscal year that begins in April; N is 1 to 4.
type Quarter struct{ Year, N int }

// QuarterOf an instant, by the day in Japan.
func QuarterOf(t time.Time) Quarter {
	y, n := jst.Quarter(jst.Of(t))
	return Quarter{y, n}
}

// Key names the quarter in addresses and records: "2026-Q3".
func (q Quarter) Key() string { return fmt.Sprintf("%d-Q%d", q.Year, q.N) }

// ParseQuarter reads a Key.
func ParseQuarter(s string) (q Quarter, ok bool) {
	n, err := fmt.Sscanf(s, "%d-Q%d", &q.Year, &q.N)
	return q, err == nil && n == 2 && q.N >= 1 && q.N <= 4 && q.Key() == s
}

// String is how people read it: 「2026年度 第3四半期」.
func (q Quarter) String() string { return fmt.Sprintf("%d年度 第%d四半期", q.Year, q.N) }

func (q Quarter) days() (first, last jst.Date) { return jst.QuarterDays(q.Year, q.N) }

// Opens is midnight of the first day in Japan.
func (q Quarter) Opens() time.Time { first, _ := q.days(); return first.Start() }

// Closes is the last minute of the last day: 3/31 23:59.
func (q Quarter) Closes() time.Time { _, last := q.days(); return last.At(23, 59) }

// Ends is the first instant of the next quarter.
func (q Quarter) Ends() time.Time { _, last := q.days(); return last.AddDays(1).Start() }

// Next is the quarter after it.
func (q Quarter) Next() Quarter { return QuarterOf(q.Ends()) }

// Before tells whether q is the earlier one.
func (q Quarter) Before(o Quarter) bool { return q.Opens().Before(o.Opens()) }

// ahead is the morning so many days before the last day.
func (q Quarter) ahead(days int) time.Time {
	_, last := q.days()
	return last.AddDays(-days).At(noticeHour, 0)
}

// Reminders in their order.
func (q Quarter) Reminders() (out []time.Time) {
	for _, d := range ReminderDays {
		out = append(out, q.ahead(d))
	}
	return out
}

// Escalates is when silence is told to those above.
func (q Quarter) Escalates() time.Time { return q.ahead(EscalateDays) }

// FirstFor is the first quarter in which a tenant that joined at an instant is reviewed: that of the day
// when at least LeastDays are left, else the next.
func FirstFor(joined time.Time) Quarter {
	q := QuarterOf(joined)
	_, last := q.days()
	if last.Sub(jst.Of(joined)) < LeastDays {
		return q.Next()
	}
	return q
}

// Calendar is the plan of a quarter for scripts; every instant is Japanese time.
type Calendar struct {
	Quarter    string   `json:"quarter"`
	Name       string   `json:"name"`
	Opens      string   `json:"opens"`
	Reminders  []string `json:"reminders"`
	Escalates  string   `json:"escalates"`
	Closes     string   `json:"closes"`
	Ends       string   `json:"ends"`
	FirstFor   string   `json:"first_for_joining"` // the first campaign of a tenant that joins on the day asked for
	LeastDays  int      `json:"least_days"`
	FiscalYear int      `json:"fiscal_year"`
}

// CalendarOf the quarter that a day lies in.
func CalendarOf(d jst.Date) Calendar {
	q := QuarterOf(d.Start())
	c := Calendar{Quarter: q.Key(), Name: q.String(), Opens: jst.StampSec(q.Opens()), Escalates: jst.StampSec(q.Escalates()), Closes: jst.StampSec(q.Closes()),
		Ends: jst.StampSec(q.Ends()), FirstFor: FirstFor(d.Start()).Key(), LeastDays: LeastDays, FiscalYear: q.Year}
	for _, t := range q.Reminders() {
		c.Reminders = append(c.Reminders, jst.StampSec(t))
	}
	return c
}

// Slots divides time into quarters, for the schedule of jobs.
type Slots struct{}

// Next is the first quarter that begins after an instant.
func (Slots) Next(after time.Time) (time.Time, string) {
	q := QuarterOf(after).Next()
	return q.Opens(), q.Key()
}
