package jst

import "time"

// once lists the days that an Act of their own made holidays.
var once = map[Date]string{
	{1959, 4, 10}:  "結婚の儀",
	{1989, 2, 24}:  "大喪の礼",
	{1990, 11, 12}: "即位礼正殿の儀",
	{1993, 6, 9}:   "結婚の儀",
	{2019, 5, 1}:   "即位の日",
	{2019, 10, 22}: "即位礼正殿の儀",
}

// IsHoliday gives the name of a holiday under the Act on National Holidays (国民の祝日に関する法律) as it
// stood in that year, with substitute holidays (振替休日) and days between two holidays (国民の休日).
// The equinoxes of coming years are computed; the government announces them each February.
func IsHoliday(d Date) (name string, ok bool) {
	if n := national(d); n != "" {
		return n, true
	}
	if substitute(d) {
		return "振替休日", true
	}
	// 国民の休日 since 1985-12-27; until 2006 not on a Sunday.
	if !d.Before(Date{1985, 12, 27}) && (d.Y >= 2007 || d.Weekday() != time.Sunday) &&
		national(d.AddDays(-1)) != "" && national(d.AddDays(1)) != "" {
		return "国民の休日", true
	}
	return "", false
}

// substitute: since 1973-04-12 the day after a holiday on a Sunday; since 2007 the next day that is not
// itself a holiday.
func substitute(d Date) bool {
	if d.Before(Date{1973, 4, 12}) {
		return false
	}
	if d.Y < 2007 {
		return d.Weekday() == time.Monday && national(d.AddDays(-1)) != ""
	}
	for p := d.AddDays(-1); national(p) != ""; p = p.AddDays(-1) {
		if p.Weekday() == time.Sunday {
			return true
		}
	}
	return false
}

// national gives the name of a national holiday proper.
func national(d Date) string {
	if d.Before(Date{1948, 7, 20}) {
		return ""
	}
	if n := once[d]; n != "" {
		return n
	}
	for _, r := range rules[d.M] {
		if d.Y >= r.from && (r.to == 0 || d.Y <= r.to) && d.D == r.day(d.Y) {
			return r.name
		}
	}
	return ""
}

// rule is one holiday of one month from one year to another (0: still in force).
type rule struct {
	name     string
	from, to int
	day      func(year int) int
}

func on(day int) func(int) int { return func(int) int { return day } }

// monday is the n-th Monday of a month.
func monday(month, n int) func(int) int {
	return func(y int) int {
		first := int(Date{y, month, 1}.Weekday())
		return 1 + (8-first)%7 + 7*(n-1)
	}
}

var rules = map[int][]rule{
	1: {
		{"元日", 1949, 0, on(1)},
		{"成人の日", 1949, 1999, on(15)},
		{"成人の日", 2000, 0, monday(1, 2)},
	},
	2: {
		{"建国記念の日", 1967, 0, on(11)},
		{"天皇誕生日", 2020, 0, on(23)},
	},
	3: {{"春分の日", 1949, 0, spring}},
	4: {
		{"天皇誕生日", 1949, 1988, on(29)},
		{"みどりの日", 1989, 2006, on(29)},
		{"昭和の日", 2007, 0, on(29)},
	},
	5: {
		{"憲法記念日", 1949, 0, on(3)},
		{"みどりの日", 2007, 0, on(4)},
		{"こどもの日", 1949, 0, on(5)},
	},
	7: {
		{"海の日", 1996, 2002, on(20)},
		{"海の日", 2003, 2019, monday(7, 3)},
		{"海の日", 2020, 2020, on(23)}, // moved for the Games of Tokyo
		{"スポーツの日", 2020, 2020, on(24)},
		{"海の日", 2021, 2021, on(22)},
		{"スポーツの日", 2021, 2021, on(23)},
		{"海の日", 2022, 0, monday(7, 3)},
	},
	8: {
		{"山の日", 2016, 2019, on(11)},
		{"山の日", 2020, 2020, on(10)},
		{"山の日", 2021, 2021, on(8)},
		{"山の日", 2022, 0, on(11)},
	},
	9: {
		{"敬老の日", 1966, 2002, on(15)},
		{"敬老の日", 2003, 0, monday(9, 3)},
		{"秋分の日", 1948, 0, autumn},
	},
	10: {
		{"体育の日", 1966, 1999, on(10)},
		{"体育の日", 2000, 2019, monday(10, 2)},
		{"スポーツの日", 2022, 0, monday(10, 2)},
	},
	11: {
		{"文化の日", 1948, 0, on(3)},
		{"勤労感謝の日", 1948, 0, on(23)},
	},
	12: {{"天皇誕生日", 1989, 2018, on(23)}},
}

func spring(y int) int { return equinox(y, 20.8357, 20.8431, 21.8510) }
func autumn(y int) int { return equinox(y, 23.2588, 23.2488, 24.2488) }

// equinox is the usual approximation of the Hydrographic Department's constants: one for the years before
// 1980, one for 1980-2099, one from 2100 on.
func equinox(y int, before1980, until2099, after float64) int {
	base, leaps := until2099, (y-1980)/4
	switch {
	case y < 1980:
		base, leaps = before1980, (y-1983)/4
	case y > 2099:
		base = after
	}
	return int(base + 0.242194*float64(y-1980) - float64(leaps))
}
