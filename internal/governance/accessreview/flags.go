package accessreview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
)

const (
	DormantDays = 90
	dormant     = DormantDays * 24 * time.Hour
)

// Facts are what is known of a grant when its line is written.
type Facts struct {
	Created    time.Time // of the account; zero: unknown
	SignedIn   time.Time // zero: never
	Left       jst.Date  // of the person behind the account; zero: works here
	Devices    int       // browsers that passed both steps within a week, when that looks shared
	Before     bool      // there was a campaign before
	HadBefore  bool      // and this grant stood in it
	Privileged string    // why, when it is
	Personnel  string    // what counts of personnel authority, when the role has to do with it
	Use        Use
	Seen       time.Time // since when the log has been read
	Human      bool      // somebody signs in with it
}

// privileged are the roles that give rights to others or run the service.
var privileged = []actor.Role{actor.TenantAdmin, actor.Operator, actor.ITSM}

// MarkAll says what stands out about a grant at an instant.
func MarkAll(f Facts, now time.Time) Notes {
	var n Notes
	add := func(flag Flag, says string, args ...any) {
		n.Marks = append(n.Marks, Mark{flag, fmt.Sprintf(says, args...)})
	}
	if !f.Left.IsZero() && f.Left.Before(jst.Of(now)) {
		add(Leaver, "本人は%sに退職しています", jst.Japanese(f.Left))
	}
	if f.Human {
		last := f.SignedIn
		if last.IsZero() {
			last = f.Created
		}
		switch idle := now.Sub(last); {
		case last.IsZero() || idle < dormant:
		case f.SignedIn.IsZero():
			add(Dormant, "登録から%d日、一度もサインインしていません", days(idle))
		default:
			add(Dormant, "%d日間サインインしていません", days(idle))
		}
	}
	n.Used, n.Personnel = f.Use.says(now.Sub(f.Seen)), f.Personnel
	if f.Use.Of > 0 && len(f.Use.Permissions) == 0 && now.Sub(f.Seen) >= dormant && now.Sub(f.Created) >= dormant {
		add(Unused, "%d日間、この役割の操作を一つも使っていません", DormantDays)
	}
	if f.Devices > 0 {
		add(Shared, "1週間に%d台の端末で使われ、共用の疑いがあります", f.Devices)
	}
	if f.Before && !f.HadBefore {
		add(Creep, "前回の見直しのあとで増えた権限です")
	}
	if f.Privileged != "" {
		add(Privileged, "%s", f.Privileged)
	}
	slices.SortStableFunc(n.Marks, func(a, b Mark) int { return slices.Index(Flags, a.Flag) - slices.Index(Flags, b.Flag) })
	return n
}

// personnelSays is what a reviewer reads beside a role that personnel authority is stated or presumed of, and beside
// those that are kept apart from it.
func personnelSays(r actor.Role, say actor.Personnel, roles []actor.Role) string {
	switch kept := r == actor.StressImplementer || r == actor.StressStaff; {
	case !kept && !actor.Presumed(r):
		return ""
	case say == actor.PersonnelHeld:
		return "人事権：あり（管理者の記録）"
	case say == actor.PersonnelNone:
		return "人事権：なし（管理者の記録）。今も変わりないかを確かめてください"
	case say.Counts(roles):
		return "人事権：未確認（「あり」として扱っています）"
	}
	return "人事権：未確認。ないことを確かめてください"
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// Use is what of a role's permissions the log shows in use.
type Use struct {
	Permissions []string // used, in words
	Of          int      // permissions of the role whose use leaves an event
	Times       int
	Unused      []string // in words
}

func (u Use) says(seen time.Duration) string {
	if u.Of == 0 {
		return ""
	}
	d := min(days(seen), DormantDays)
	if d == 0 {
		return "使用の記録を取り始めてから、まだ1日たっていません"
	}
	text := fmt.Sprintf("直近%d日の記録で、%d種類の操作のうち%d種類を%d回使用", d, u.Of, len(u.Permissions), u.Times)
	if len(u.Unused) > 0 && len(u.Permissions) > 0 {
		text += "（未使用：" + strings.Join(u.Unused, "、") + "）"
	}
	return text
}
