package checkup

import (
	"strconv"
	"strings"
)

// Num is a measured number in millionths, so that comparing and rounding are exact. Digits beyond the
// sixth are cut off, which no rounding to at most five decimals can notice.
type Num int64

const (
	unit     Num = 1_000_000
	minNum   Num = -1 << 62
	maxNum   Num = 1<<62 - 1
	noNum        = minNum
	maxWhole     = 1_000_000_000
)

// ParseNum reads plain digits with at most one point and an optional sign; commas must group thousands.
func ParseNum(s string) (Num, bool) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	var n Num
	digits, frac, scale := 0, false, unit
	comma := -1 // digits since the last comma
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			if frac {
				if scale /= 10; scale > 0 {
					n += Num(c-'0') * scale
				}
			} else {
				if n = n*10 + Num(c-'0')*unit; n >= maxWhole*unit {
					return 0, false
				}
				if comma >= 0 {
					comma++
				}
			}
			digits++
		case c == '.' && !frac && comma != 0 && (comma < 0 || comma == 3):
			frac = true
		case c == ',' && !frac && digits > 0 && (comma < 0 && digits <= 3 || comma == 3):
			comma = 0
		default:
			return 0, false
		}
	}
	if digits == 0 || !frac && comma >= 0 && comma != 3 {
		return 0, false
	}
	if neg {
		n = -n
	}
	return n, true
}

// num is ParseNum for the program's own tables.
func num(s string) Num {
	n, ok := ParseNum(s)
	if !ok {
		panic("checkup: not a number in a table: " + s)
	}
	return n
}

// step is one unit of the last decimal: step(1) is 0.1.
func step(decimals int) Num {
	s := unit
	for range decimals {
		s /= 10
	}
	return s
}

// Round rounds half away from zero to so many decimals.
func (n Num) Round(decimals int) Num {
	s := step(decimals)
	if n < 0 {
		return -((-n + s/2) / s * s)
	}
	return (n + s/2) / s * s
}

// Format writes the rounded number with exactly so many decimals.
func (n Num) Format(decimals int) string {
	n = n.Round(decimals)
	var b strings.Builder
	if n < 0 {
		b.WriteByte('-')
		n = -n
	}
	b.WriteString(strconv.FormatInt(int64(n/unit), 10))
	if decimals > 0 {
		f := strconv.FormatInt(int64(n%unit+unit), 10) // "1ffffff"
		b.WriteByte('.')
		b.WriteString(f[1 : 1+decimals])
	}
	return b.String()
}

// String writes as many decimals as there are.
func (n Num) String() string {
	d := 6
	for d > 0 && n%step(d-1) == 0 {
		d--
	}
	return n.Format(d)
}

// Float is for charts only.
func (n Num) Float() float64 { return float64(n) / float64(unit) }

// fromFloat is for the formulas that need powers (eGFR).
func fromFloat(f float64) Num {
	if f < 0 {
		return -fromFloat(-f)
	}
	return Num(f*float64(unit) + 0.5)
}
