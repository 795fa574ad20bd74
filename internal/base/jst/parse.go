package jst

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
)

// era: year n of the era is base+n; from and to are its first and last day. On the days of the changes of
// 1912 and 1926 both eras are right.
type era struct {
	letter   byte
	name     string
	base     int
	from, to Date
}

var eras = []era{
	{'M', "明治", 1867, Date{1873, 1, 1}, Date{1912, 7, 30}},
	{'T', "大正", 1911, Date{1912, 7, 30}, Date{1926, 12, 25}},
	{'S', "昭和", 1925, Date{1926, 12, 25}, Date{1989, 1, 7}},
	{'H', "平成", 1988, Date{1989, 1, 8}, Date{2019, 4, 30}},
	{'R', "令和", 2018, Date{2019, 5, 1}, Date{9999, 12, 31}},
}

// ParseDate reads the notations found in Japanese files: 2026/4/1, 2026-04-01, 2026.4.1, 20260401,
// 2026年4月1日, R8.4.1, R080401, 令和8年4月1日, 令和元年5月1日, full-width digits and marks, ㋿ and ㍻, and a
// midnight that a spreadsheet has appended. A day that does not exist, or lies outside the era named, is
// refused with the code "date.day"; anything else unreadable with "date.format". The text is not in the error.
func ParseDate(s string) (Date, error) {
	if d, ok := parseASCII(s); ok {
		return check(d, nil)
	}
	s = strings.TrimSpace(fold(s))
	s = cutMidnight(s)
	var e *era
	for i := range eras {
		if rest, ok := cutEra(s, eras[i]); ok {
			e, s = &eras[i], strings.TrimLeft(rest, " .")
			break
		}
	}
	if e != nil && strings.HasPrefix(s, "元") {
		s = "1" + s[len("元"):]
	}
	d, ok := parts(s, e != nil)
	if !ok {
		return Date{}, fault.New(fault.Invalid, "date.format")
	}
	if e != nil {
		d.Y += e.base
	}
	return check(d, e)
}

var dashes = strings.NewReplacer("−", "-", "ー", "-", "‐", "-", "–", "-")

// fold maps full-width and compatibility characters: ８→8, ／→/, ㍻→平成.
func fold(s string) string {
	return dashes.Replace(norm.NFKC.String(s))
}

func check(d Date, e *era) (Date, error) {
	if !d.Valid() || d.Y < 1800 || e != nil && (d.Before(e.from) || d.After(e.to)) {
		return Date{}, fault.New(fault.Invalid, "date.day")
	}
	return d, nil
}

// parseASCII is the quick way for 20260401, 2026/4/1 and 2026-04-01, which are nearly all there is.
func parseASCII(s string) (Date, bool) {
	if len(s) < 8 || len(s) > 10 {
		return Date{}, false
	}
	if len(s) == 8 {
		if n, ok := digits(s); ok {
			return Date{n / 10000, n / 100 % 100, n % 100}, true
		}
	}
	return separated(s, s[4], 4)
}

// separated reads y<sep>m<sep>d with up to two digits for month and day.
func separated(s string, sep byte, yearDigits int) (Date, bool) {
	if sep != '/' && sep != '-' && sep != '.' {
		return Date{}, false
	}
	i := strings.IndexByte(s, sep)
	j := strings.LastIndexByte(s, sep)
	if i < 1 || i == j || i > yearDigits || yearDigits == 4 && i != 4 || j-i > 3 || len(s)-j > 3 {
		return Date{}, false
	}
	y, ok1 := digits(s[:i])
	m, ok2 := digits(s[i+1 : j])
	d, ok3 := digits(s[j+1:])
	return Date{y, m, d}, ok1 && ok2 && ok3
}

func digits(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) <= 8
}

// parts reads year, month and day; with an era the year has one or two digits.
func parts(s string, inEra bool) (Date, bool) {
	yearDigits := 4
	if inEra {
		yearDigits = 2
	}
	if n, ok := digits(s); ok && len(s) == yearDigits+4 {
		return Date{n / 10000, n / 100 % 100, n % 100}, true
	}
	if rest, ok := strings.CutSuffix(s, "日"); ok {
		y, rest, ok1 := strings.Cut(rest, "年")
		m, d, ok2 := strings.Cut(rest, "月")
		if !ok1 || !ok2 {
			return Date{}, false
		}
		s = strings.TrimSpace(y) + "/" + strings.TrimSpace(m) + "/" + strings.TrimSpace(d)
	}
	i := strings.IndexAny(s, "/-.")
	if i < 0 {
		return Date{}, false
	}
	return separated(s, s[i], yearDigits)
}

// cutEra takes the era's letter or name (also one character, 令) off the front.
func cutEra(s string, e era) (string, bool) {
	if s == "" {
		return s, false
	}
	if s[0]&^0x20 == e.letter {
		return s[1:], true
	}
	if rest, ok := strings.CutPrefix(s, e.name); ok {
		return rest, true
	}
	return strings.CutPrefix(s, e.name[:len("令")])
}

func cutMidnight(s string) string {
	for _, m := range [...]string{" 00:00:00", " 0:00:00", " 00:00", " 0:00", "T00:00:00"} {
		if rest, ok := strings.CutSuffix(s, m); ok {
			return rest
		}
	}
	return s
}
