package audit

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
)

// SabotageReads names the sandbox of LG-ACCESS: a service in which opening a person's page leaves no record.
const SabotageReads = "audit.no_reads"

// Stage is where the probe of LG-ACCESS acts: the running service, or a sandbox with one protection off.
type Stage interface {
	Live(ctx context.Context) (Scene, error)
	Sandbox(ctx context.Context, sabotage string) (Scene, func(), error)
}

// Scene is one service. Act plays a canary over the network: a probe account signs in and opens the page
// of an invented person. Find reads that service's log.
type Scene interface {
	Act(ctx context.Context) (Act, error)
	Find(ctx context.Context, a actor.Actor, f Filter) ([]Entry, error)
}

// Act is what was done, and therefore what the log must tell.
type Act struct {
	Tenant  ids.Tenant
	Account ids.Account // empty: any
	From    time.Time   // when it began
	Traces  []Trace
}

// Trace is one event that the log must hold.
type Trace struct {
	What   string     // for the report, in Japanese: "サインイン"
	Verbs  []string   // any of these
	Person ids.Person // whose data was opened; empty: nobody's
}

// patience is within which time an event must be found.
const patience = 60 * time.Second

// Controls gives LG-ACCESS (clause 4-3a) and the extension LG-INTEGRITY.
func Controls(l *Log, s Stage) []control.Control {
	return []control.Control{
		{
			ID:      "LG-ACCESS",
			Clauses: []string{"4-3a"},
			Grades:  []control.Grade{control.Real},
			Says: fmt.Sprintf("サインインと操作の履歴を、閲覧も含めて、だれが・いつ・だれの・どの種類の情報を・何のために扱い、どうなったか、接続元と要求の番号とともに、%d秒以内に検索できる記録に残します。",
				int(patience/time.Second)),
			NotProven: "検査用の利用者のサインインと閲覧で確かめた結果です。ほかの操作の記録は、経路の一覧を使う試験で確かめています。画面を見た人が内容を書き写すことは記録できません。",
			Every:     5 * time.Minute,
			Fresh:     30 * time.Minute,
			Owner:     "SEC",
			Probe: func(ctx context.Context) (control.Evidence, error) {
				scene, err := s.Live(ctx)
				if err != nil {
					return control.Evidence{}, err
				}
				return follow(ctx, scene, patience)
			},
			Mutant: func(ctx context.Context) (control.Evidence, error) {
				scene, done, err := s.Sandbox(ctx, SabotageReads)
				if err != nil {
					return control.Evidence{}, err
				}
				defer done()
				return follow(ctx, scene, 3*time.Second) // what is written at once is found at once
			},
		},
		{
			ID:     "LG-INTEGRITY",
			Grades: []control.Grade{control.Real},
			Says:   "ログは会社ごとにハッシュの鎖でつなぎ、署名した公開ログ方式の木（Merkle tree）に1秒程度で送ります。後から書き換えたり、消したり、末尾を切り落としたりすると、どの記録かまで分かります。",
			NotProven: fmt.Sprintf("最初から書かれなかった出来事は見つけられません。データベースとログの署名鍵（log-key）の両方を書き換えられる人は、記録を変えたうえで、鎖・木・署名のすべてを作り直せます。"+
				"すべてを同じ過去の状態に戻されたことも含め、それは外部の証人がないため分かりません（ログが空になったのに記録が残っているときは、起動しません）。"+
				"記録が%d件を超えるときは、この検査では新しい%d件ほどだけを照合し、全件は audit verify で照合します。", drillNewest, drillNewest),
			Every: time.Minute,
			Fresh: 10 * time.Minute,
			Owner: "AUD",
			Probe: func(ctx context.Context) (control.Evidence, error) { return l.integrity(ctx, false) },
			// The mutant's verification compares nothing: a drill that it lets pass must be noticed.
			Mutant: func(ctx context.Context) (control.Evidence, error) { return l.integrity(ctx, true) },
		},
	}
}

// follow plays the canary and waits until the log tells all of it.
func follow(ctx context.Context, s Scene, patience time.Duration) (control.Evidence, error) {
	act, err := s.Act(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	start := time.Now()
	var e control.Evidence
	for {
		missing, err := missing(ctx, s, act)
		if err != nil {
			return e, err
		}
		waited := time.Since(start)
		if len(missing) == 0 || waited >= patience {
			e.OK, e.Failed = len(missing) == 0, missing
			e.Facts = map[string]any{"traces": len(act.Traces), "missing": len(missing), "waited_ms": waited.Milliseconds()}
			e.Measured = fmt.Sprintf("検査用の利用者の操作%d件（%s）のうち%d件が、すべての項目とともに%s秒以内に記録から見つかりました。",
				len(act.Traces), names(act.Traces), len(act.Traces)-count(act.Traces, missing), tenths(waited))
			return e, nil
		}
		select {
		case <-ctx.Done():
			return e, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tenths of a second, rounded up: what took a moment did not take nothing.
func tenths(d time.Duration) string {
	n := max((d+100*time.Millisecond-1)/(100*time.Millisecond), 1)
	return fmt.Sprintf("%d.%d", n/10, n%10)
}

func names(all []Trace) string {
	var out []string
	for _, t := range all {
		out = append(out, t.What)
	}
	return strings.Join(out, "・")
}

func count(all []Trace, missing []string) int {
	n := 0
	for _, t := range all {
		if slices.ContainsFunc(missing, func(m string) bool { return strings.HasPrefix(m, t.What+":") }) {
			n++
		}
	}
	return n
}

// missing lists the traces that the log lacks, or the fields that they lack.
func missing(ctx context.Context, s Scene, a Act) ([]string, error) {
	var out []string
	for _, t := range a.Traces {
		found, err := s.Find(ctx, actor.System(a.Tenant, "probe"), Filter{Person: t.Person, From: a.From, Limit: 200})
		if err != nil {
			return nil, err
		}
		lacks := "記録がない"
		for _, e := range found {
			if !slices.Contains(t.Verbs, e.Verb) || a.Account != "" && e.Actor.Account != a.Account {
				continue
			}
			if lacks = incomplete(e, t); lacks == "" {
				break
			}
		}
		if lacks != "" {
			out = append(out, t.What+": "+lacks)
		}
	}
	return out, nil
}

// incomplete names the first field of clauses.md 4-3 that an entry lacks.
func incomplete(e Entry, t Trace) string {
	_, addr := netip.ParseAddr(e.Actor.Addr)
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"だれが", e.Actor.Account != ""},
		{"いつ", !e.At.IsZero()},
		{"だれの", t.Person == "" || slices.Contains(e.Subjects, t.Person)},
		{"どの種類", e.Kind != ""},
		{"何のために", t.Person == "" || e.Purpose != ""},
		{"どうなったか", e.Result == "ok"},
		{"接続元", addr == nil},
		{"要求の番号", e.Actor.Request != ""},
	} {
		if !f.ok {
			return "「" + f.name + "」がない"
		}
	}
	return ""
}

// inWords is what does not hold, for the public page: neither whose it is nor where it lies.
var inWords = map[string]string{
	EventAltered: "書いたあとで変えられた記録がある", EventRemoved: "なくなった記録がある", EventForged: "このサービスが書いていない記録がある",
	EventUnlogged: "公開用のログにない記録がある", HeadAltered: "鎖の先頭が最後の記録と合わない", HeadRemoved: "鎖の先頭がなくなっている",
	PersonAltered: "人ごとの索引が記録と合わない", SealAltered: "停止時の封が変えられている", SealRemoved: "停止時の封がなくなっている",
	IndexAltered: "記録とログの対応が変えられている", LogMissing: "ログまたはその署名付きの目印がない", LogBehind: "ログが記録より古い",
	FileAltered: "ログのファイルが変えられている", FileMissing: "ログのファイルがなくなっている", FileExtra: "ログにないファイルがある",
	SignatureBad: "ログの署名が合わない", KeyMissing: "ログの鍵がないか読めない", KeyChanged: "ログの鍵が前と違う", Empty: "記録がひとつもない",
}

func (b Bad) said() string {
	s := inWords[b.Code]
	if b.Seq > 0 {
		s += fmt.Sprintf("（最初に見つけたのは%d番の記録）", b.Seq)
	}
	return s
}

// drillNewest bounds how many records the regular check looks at.
const drillNewest = 10_000

func (l *Log) integrity(ctx context.Context, blind bool) (control.Evidence, error) {
	start := time.Now()
	whole, missed, err := l.drill(ctx, drillNewest, blind)
	if err != nil {
		return control.Evidence{}, err
	}
	waiting, _, err := l.Waiting(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	e := control.Evidence{OK: whole.OK && len(missed) == 0}
	if whole.First != nil {
		e.Failed = append(e.Failed, whole.First.said())
	}
	for _, m := range missed {
		e.Failed = append(e.Failed, "写しの"+m+"に気づかない")
	}
	e.Facts = map[string]any{"events": whole.Events, "leaves": whole.Leaves, "chains": whole.Tenants, "from": whole.From,
		"found": whole.Found, "drills": len(drills), "missed": len(missed), "waiting": waiting}
	state := "すべて一致しました"
	if !whole.OK {
		state = fmt.Sprintf("一致しないものが%d件ありました", whole.Found)
	}
	e.Measured = fmt.Sprintf("記録%d件・鎖%d本とログの%d件を照合し、%s。写しに%sを加えた試験%d回のうち%d回で気づきました（%s秒以内に終わりました）。",
		whole.Events, whole.Tenants, whole.Leaves, state, strings.Join(drills, "・"), len(drills), len(drills)-len(missed), tenths(time.Since(start)))
	return e, nil
}
