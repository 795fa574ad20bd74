package statement

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/people/identity"
)

// Figures are the values that sentences without a subject of their own are rendered from. Whoever owns a
// value in the program (identity's policy, jst's windows) hands it over here; a sentence never spells a
// number that the program computes with.
type Figures struct {
	Service     string // name of the service
	Association string // who runs it
	HomePage    string // what its public page is called
	Mail, Form  string // where to ask
	Cloud       string // where the service lives
	TLS         string // "1.3"

	Access Access
	SLA    map[jst.Priority]jst.Targets

	PatchDays          []time.Weekday // on which a window starts
	PatchOpens         int            // hour, JST
	PatchLasts         time.Duration
	BackupDays         int // kept at most this long, or a calendar year if that is shorter
	DeskOpen, DeskShut int // hours, JST
	EraseDays          int // after the end of the wished month
	CertificateYears   int // a certificate can be shown again for so long
	ExceptionDays      int // an exception lasts at most so long
}

// Access are the figures of signing in.
type Access struct {
	PasswordMin, PasswordMax     int // code points
	LockAfter                    int // failures in a row that do not lock yet; the next one does
	ThrottleFrom                 int // the failure from which attempts have to wait
	ThrottleMax                  time.Duration
	CodeDigits, CodeTries, Sends int
	CodeLife, SendGap            time.Duration
	Idle, Absolute, Warn         time.Duration
	Screen, ScreenMin, ScreenMax time.Duration
}

// DefaultFigures are those of the source document (v3, 2026-04-17) and of the decisions on its readings.
func DefaultFigures() Figures {
	return Figures{
		Service: "健康管理楽 dos.", Association: "保健会", HomePage: "保健会のホームページ",
		Mail: "rakudos-support@hokenkai.jp", Form: "https://kyotokojohokenkai.jp/form/contact_rakudos/",
		Cloud: "Microsoft Azure 西日本リージョン", TLS: "1.3",
		Access:    AccessOf(identity.DefaultPolicy()),
		SLA:       jst.SLA,
		PatchDays: jst.PatchDays, PatchOpens: jst.PatchOpens, PatchLasts: jst.PatchLasts,
		BackupDays: jst.BackupDays, DeskOpen: jst.DeskOpens, DeskShut: jst.DeskCloses,
		EraseDays: jst.ErasureDays, CertificateYears: 10, ExceptionDays: 90,
	}
}

// AccessOf takes the figures from the policy that sign-in really follows.
func AccessOf(p identity.Policy) Access {
	return Access{
		PasswordMin: p.PasswordLeast, PasswordMax: p.PasswordMost,
		LockAfter: p.LockAt - 1, ThrottleFrom: p.ThrottleFrom, ThrottleMax: p.ThrottleMost,
		CodeDigits: identity.CodeDigits, CodeTries: p.CodeTries, Sends: p.Resends, CodeLife: p.CodeFor, SendGap: p.ResendAfter,
		Idle: p.SessionIdle, Absolute: p.SessionMost, Warn: p.WarnBefore,
		Screen: p.ScreenLock, ScreenMin: screenLeast, ScreenMax: screenMost,
	}
}

// A tenant may set its screen lock between these (decisions, 3-12).
const (
	screenLeast = 15 * time.Minute
	screenMost  = 60 * time.Minute
)

// weekdays renders 「金・土・日」.
func weekdays(days []time.Weekday) string {
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = jst.WeekdayName(d)
	}
	return strings.Join(names, "・")
}

// hour renders 「23:00」, also of an hour after midnight.
func hour(h int) string { return fmt.Sprintf("%d:00", h%24) }

func minutes(d time.Duration) string { return strconv.Itoa(int(d/time.Minute)) + "分" }
func hours(d time.Duration) string   { return strconv.Itoa(int(d/time.Hour)) + "時間" }
func seconds(d time.Duration) string { return strconv.Itoa(int(d/time.Second)) + "秒" }

const day = 24 * time.Hour

// span renders a wall-clock time in the largest unit that fits: 1週間, 1日, 1時間, 90分.
func span(d time.Duration) string {
	switch {
	case d%(7*day) == 0:
		return strconv.Itoa(int(d/(7*day))) + "週間"
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "日"
	case d%time.Hour == 0:
		return hours(d)
	}
	return minutes(d)
}

// years renders days as years when they are whole ones: 365日 is 1年.
func years(d int) string {
	if d%365 == 0 {
		return strconv.Itoa(d/365) + "年"
	}
	return strconv.Itoa(d) + "日"
}

// patch renders 「金・土・日曜日の23:00–3:00」.
func (f Figures) patch() string {
	return fmt.Sprintf("%s曜日の%s–%s", weekdays(f.PatchDays), hour(f.PatchOpens), hour(f.PatchOpens+int(f.PatchLasts/time.Hour)))
}

// desk renders 「月～金 9:00–16:00」.
func (f Figures) desk() string {
	return fmt.Sprintf("月～金 %s–%s", hour(f.DeskOpen), hour(f.DeskShut))
}

// deskDay is one business day.
func (f Figures) deskDay() time.Duration { return time.Duration(f.DeskShut-f.DeskOpen) * time.Hour }

// businessDays renders business time: 35 hours of a desk open for 7 are 5営業日.
func (f Figures) businessDays(d time.Duration) string {
	return strconv.Itoa(int(d/f.deskDay())) + "営業日"
}

// resolve renders the resolution target of 重要 and 軽微: 1営業日, 1週間（5営業日）.
func (f Figures) resolve(t jst.Targets) string {
	if t.ResolveWall > 0 {
		return span(t.ResolveWall) + "（" + f.businessDays(t.Resolve) + "）"
	}
	return f.businessDays(t.Resolve)
}
