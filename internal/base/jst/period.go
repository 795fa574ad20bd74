package jst

import (
	"time"

	"rakudos/internal/base/fault"
)

// FiscalYear is the year in which the fiscal year began: April to March.
func FiscalYear(d Date) int {
	if d.M < 4 {
		return d.Y - 1
	}
	return d.Y
}

// FiscalStart is the first day of a fiscal year, FiscalEnd the last.
func FiscalStart(year int) Date { return Date{year, 4, 1} }

// FiscalEnd is 31 March of the following year.
func FiscalEnd(year int) Date { return Date{year + 1, 3, 31} }

// Quarter is the fiscal year and the quarter, 1 to 4, of a day.
func Quarter(d Date) (year, quarter int) { return FiscalYear(d), (d.M+8)%12/3 + 1 }

// QuarterDays are the first and the last day of a quarter of a fiscal year.
func QuarterDays(year, quarter int) (first, last Date) {
	first = FiscalStart(year).AddMonths(3 * (quarter - 1))
	return first, MonthEnd(first.AddMonths(2))
}

// MonthEnd is the last day of d's month.
func MonthEnd(d Date) Date { return Date{d.Y, d.M, daysIn(d.Y, d.M)} }

// ThreeMonthDeadline is the last day for the physician's opinion after a check-up on the day given (安衛則
// 51条の2): the same day three months later, or that month's last day. It is never later than the day the
// Civil Code's counting gives.
func ThreeMonthDeadline(exam Date) Date { return exam.AddMonths(3) }

// lastYear is the last that a date can be written in.
const lastYear = 9999

// ErasureDays is how long after the end of the wished month a customer's data may still stand (clause 6-2).
const ErasureDays = 30

// Termination gives the first and the last day on which the data of a customer may be erased who wishes to
// leave at the end of the month of wished and applied on the day given. A month already past is refused, and one
// whose days would go beyond the year 9999, which no date is written for, is fault.Invalid "date.far".
func Termination(wished, applied Date) (first, last Date, err error) {
	end := MonthEnd(wished)
	if end.Before(applied) {
		return Date{}, Date{}, fault.New(fault.Invalid, "date.month_past")
	}
	if end.Y > lastYear-2 { // the last backup goes a year after the erasure
		return Date{}, Date{}, fault.New(fault.Invalid, "date.far")
	}
	return end.AddDays(1), end.AddDays(ErasureDays), nil
}

// BackupDays bounds the life of a backup (clauses 4-1b and 6-2b), together with one calendar year.
const BackupDays = 365

// BackupExpiry is when a backup must be gone: the earlier of one calendar year and 365 days.
func BackupExpiry(taken time.Time) time.Time {
	t := taken.In(Zone)
	return earlier(t.AddDate(1, 0, 0), t.AddDate(0, 0, BackupDays))
}
