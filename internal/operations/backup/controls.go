package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

// unknown is why a probe could not decide, for the reader of the statement.
type unknown string

func (u unknown) Error() string  { return "backup: " + string(u) }
func (u unknown) Reason() string { return string(u) }

// How old evidence may be, and how often probes look: they only read, apart from the mutants' sandboxes.
const (
	fresh     = 26 * time.Hour
	every     = time.Hour
	rereading = 20 * time.Hour // how long a set that was read to its last byte counts as read
)

// Controls gives BK-DAILY (clause 4-1a), BK-RETAIN (4-1b), and the extensions BK-DRILL and BK-OFFLINE.
// temp is where the mutants build their sandboxes.
func Controls(s *Service, temp string) []control.Control {
	p := s.o.Policy
	real := []control.Grade{control.Real}
	return []control.Control{
		{
			ID: "BK-DAILY", Clauses: []string{"4-1a"}, Grades: real, Owner: "SRE", Every: every, Fresh: fresh,
			Says:      fmt.Sprintf("システム（Azure環境とデータベース）のバックアップを、毎日%d時%02d分（日本時間）に取り、書いたものをすべて読み直して確かめます。最新のものは、その後も1日に1回以上読み直します。", p.Hour, p.Minute),
			NotProven: "データベース・鍵・ファイル・ログ・設定の写しを測った結果です。最新のバックアップの読み直しは20時間に1回で、その間に書き換えられたものは、次の読み直しまで分かりません。クラウドの環境（構成の状態、仮想機械）の写しは、この機械だけでは取れず、確かめていません。",
			Probe:     s.probeDaily,
			Mutant:    func(ctx context.Context) (control.Evidence, error) { return mutantDaily(ctx, temp) },
		},
		{
			ID: "BK-RETAIN", Clauses: []string{"4-1b"}, Grades: real, Owner: "SRE", Every: every, Fresh: fresh,
			Says: fmt.Sprintf("バックアップは最大1年間（%d日と暦の1年の早いほう）保存し、それより古いものは残しません。日次%d・週次%d・月次%dの世代を残し、鍵の写しは最大%d日です。",
				jst.BackupDays, p.Daily, p.Weekly, p.Monthly, int(p.KeyLife/(24*time.Hour))),
			NotProven: "古さは、目次と名前に書かれた時刻で測り、目次のないものは名前だけで見ています。WAL（PostgreSQLの変更の記録）のファイルの古さは調べていません。利用者が自分で保存した写しと、置き場所の側で消せないようにする設定は、この検査の対象に含まれません。",
			Probe:     s.probeRetain,
			Mutant:    func(ctx context.Context) (control.Evidence, error) { return mutantRetain(ctx, temp) },
		},
		{
			ID: "BK-DRILL", Grades: real, Owner: "SRE", Every: every, Fresh: fresh,
			Says: "バックアップは毎晩、切り離した場所に戻し、全表の件数と内容の照合、目印の値、監査ログの検証で、使えることを確かめます。",
			NotProven: "保管ファイルは、バックアップにあるものが鍵で最後まで開くことを確かめます。バックアップを取る前に元の場所からなくなっていたファイルは、分かりません。" +
				"失われ得る時間の上限は、この訓練では測れません。日次のバックアップだけから戻すときは、前のバックアップからの最長24時間ほど（バックアップに失敗した日はさらに長く）が失われます。" +
				"PostgreSQLで任意の時刻に戻せるときは、最後に送ったWALまでです。WALの受取りが止まってから、それが分かるまでに最長30分かかります。途切れたことを記録に残した範囲は、戻せない時刻として示し、不合格にはしません。設備全体が失われたときに、機械を用意して戻すまでの時間は示しません。",
			Probe: s.probeDrill,
			Mutant: func(ctx context.Context) (control.Evidence, error) {
				if e, ok, err := s.mutantPoint(ctx); err != nil || ok && e.OK {
					return e, err
				}
				return mutantDrill(ctx, temp)
			},
		},
		s.offline(),
	}
}

// probeDaily looks for yesterday's set in its place and reads the newest to its last byte. What it cannot
// see on a machine of its own is the cloud's part: then the answer is UNKNOWN, with what was measured.
func (s *Service) probeDaily(ctx context.Context) (control.Evidence, error) {
	c, err := s.shelf.list(ctx, Data)
	if err != nil {
		return control.Evidence{}, err
	}
	since, err := s.since(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	now := time.Now()
	yesterday := jst.Of(now).AddDays(-1)
	missed := s.o.Policy.missed(since, c.generations(), now)
	e := control.Evidence{OK: true, Facts: map[string]any{"sets": len(c.sets), "yesterday": yesterday.String()}}
	if slices.Contains(missed, yesterday) {
		e.OK, e.Failed = false, append(e.Failed, yesterday.String()+" のバックアップがありません。")
	}
	if says, err := s.sinceSays(ctx, since); err != nil {
		return control.Evidence{}, err
	} else if says != "" {
		e.OK, e.Failed = false, append(e.Failed, says)
	}
	for _, b := range c.bad {
		e.OK, e.Failed = false, append(e.Failed, b.String())
	}
	if len(c.sets) == 0 && e.OK {
		return control.Evidence{}, unknown("まだ最初のバックアップを取っていません。")
	}
	if n := len(c.sets); n > 0 {
		newest := c.sets[n-1]
		bad, at, err := s.reread(ctx, newest)
		if err != nil {
			return control.Evidence{}, err
		}
		for _, b := range bad {
			e.OK, e.Failed = false, append(e.Failed, b.String())
		}
		keys, err := s.openers(ctx)
		if err != nil {
			return control.Evidence{}, err
		}
		for _, b := range append(keys, lacking(newest)...) {
			e.OK, e.Failed = false, append(e.Failed, b.String())
		}
		e.Facts["newest"], e.Facts["bytes"], e.Facts["rows"] = newest.ID, newest.bytes(), rows(&newest.Manifest)
		e.Measured = fmt.Sprintf("最新のバックアップは%sのもので、%d件の行を含みます。その%dバイトをすべて読み直したのは%sで、最新の鍵の写しも読み直しています。問題は%d件です。",
			jst.Stamp(newest.Taken), rows(&newest.Manifest), newest.bytes(), jst.Stamp(at), len(e.Failed))
	} else {
		e.Measured = "バックアップが一つもありません。"
	}
	if e.OK {
		return e, unknown("データベース・鍵・ファイル・ログ・設定のバックアップは確認できましたが、クラウドの環境（構成の状態、仮想機械）の写しは、この機械だけでは取れないため確認できません。")
	}
	return e, nil
}

// openers reads the newest copy of the key store, without which no set opens, as the newest set is read.
func (s *Service) openers(ctx context.Context) ([]Finding, error) {
	c, err := s.shelf.list(ctx, Keys)
	if err != nil {
		return nil, err
	}
	if len(c.sets) == 0 {
		return append(c.bad, Finding{Part: PartKeys, What: "バックアップを開くための鍵の写しがありません。"}), nil
	}
	newest := c.sets[len(c.sets)-1]
	bad, _, err := s.reread(ctx, newest)
	return slices.Concat(c.bad, bad, lacking(newest)), err
}

// whole names the parts of which a set of a kind is made.
var whole = map[Kind][]string{Data: {PartMain, PartLog, PartBlobs, PartEnvironment}, Keys: {PartKeys, PartSigning}}

// lacking are parts that a table of contents does not know at all.
func lacking(h *held) (bad []Finding) {
	for _, name := range whole[h.Kind] {
		if _, err := h.part(name); err != nil {
			bad = append(bad, Finding{Set: h.ID, Day: h.Day.String(), Part: name, What: partWords[name] + "が含まれていません。"})
		}
	}
	return bad
}

func rows(m *Manifest) (n int64) {
	for _, d := range m.Tables {
		n += d.Rows
	}
	return n
}

// reread reads a set unless that was done a short while ago, and says when it was.
func (s *Service) reread(ctx context.Context, h *held) ([]Finding, time.Time, error) {
	if at, ok := s.readAt(h.ID); ok && time.Since(at) < rereading {
		return nil, at, nil
	}
	bad, err := s.shelf.check(ctx, h)
	if err == nil && len(bad) == 0 {
		s.passed(h.ID)
	}
	return bad, time.Now(), err
}

// probeDrill judges the newest receipt.
func (s *Service) probeDrill(ctx context.Context) (control.Evidence, error) {
	r, err := s.NewestDrill(ctx)
	if missing(err) {
		return control.Evidence{}, unknown("復元の訓練をまだ行っていません。")
	}
	if f := fault.Of(err); f != nil && f.Code == "backup.receipt_old" {
		return control.Evidence{}, unknown("最後の訓練は、結果を監査ログに結び付けていない以前の版のものです。次の訓練まで未確認とします。")
	} else if f != nil && f.Code == "backup.receipt_altered" {
		return control.Evidence{Measured: "最後の訓練の結果が、訓練のときに監査ログに書いたものと合いません。", Failed: []string{"訓練の結果が書き換えられたか、なくなっています。"}}, nil
	}
	if err != nil {
		return control.Evidence{}, err
	}
	e := control.Evidence{OK: r.OK, Failed: r.Bad, Facts: map[string]any{
		"drill": r.ID, "set": r.Set, "tables": r.Tables, "rows": r.Rows, "events": r.Events, "files": r.Blobs,
		"ledger": r.Ledger,
	}}
	if r.OK {
		e.Facts["rpo_seconds"], e.Facts["rto_seconds"] = int(r.RPO), r.RTO
	}
	if r.Part != "" {
		e.Facts["part"] = r.Part
	}
	if age := time.Since(r.At); age > fresh {
		e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf("最後の訓練は%sで、%d時間を超えています。", jst.Stamp(r.At), int(fresh/time.Hour)))
	}
	e.Measured = fmt.Sprintf("%sに、%sのバックアップから%d表・%d行・監査記録%d件・保管ファイル%d個を%.1f秒で戻し、すべて照合しました（訓練のときの最新のバックアップは%s前のもの、消去の台帳: %s）。",
		jst.Stamp(r.At), jst.Stamp(r.Taken), r.Tables, r.Rows, r.Events, r.Blobs, r.RTO, span(r.RPO), r.Ledger) + r.ToPoint.Says() + s.standingSays()
	if err := s.pointNow(ctx, &e); err != nil {
		return control.Evidence{}, err
	}
	if p := r.ToPoint; p != nil && p.Why == "" {
		e.Facts["point_rpo_seconds"], e.Facts["point_rto_seconds"], e.Facts["wal_files"] = int(p.RPO), p.RTO, p.Files
	}
	if !r.OK {
		e.Measured = fmt.Sprintf("%sの訓練で、%d件の不一致がありました: %s", jst.Stamp(r.At), len(r.Bad), strings.Join(r.Bad[:min(3, len(r.Bad))], "、"))
	}
	return e, nil
}

// span renders seconds in the largest unit that fits.
func span(seconds float64) string {
	switch n := int(seconds); {
	case n >= 3600:
		return fmt.Sprintf("%d時間%d分", n/3600, n%3600/60)
	case n >= 60:
		return fmt.Sprintf("%d分", n/60)
	default:
		return fmt.Sprintf("%d秒", max(n, 0))
	}
}
