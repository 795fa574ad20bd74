package cli

import (
	"fmt"
	"io"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/operations/backup"
)

// parseAt reads what --at says: a day, or an instant in Japan or with its own offset.
func parseAt(s string) (jst.Date, time.Time, error) {
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return jst.Date{}, at, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, s, jst.Zone); err == nil { // takes fractions of a second too
			return jst.Date{}, at, nil
		}
	}
	d, err := jst.ParseDate(s)
	return d, time.Time{}, err
}

// windowWords says to which instants a copy of the cluster restores.
func windowWords(w backup.Window) string {
	switch {
	case w.Broken != "":
		return fmt.Sprintf("写しのファイル %s がないか壊れているため、この写しからは戻せません", w.Broken)
	case w.Gap != "" && w.Until.After(w.From):
		return fmt.Sprintf("戻せる時刻 %s から %s まで（WAL のファイル %s がないか壊れているため、その先へは、この写しからは戻せません）", jst.StampSec(w.From), jst.StampSec(w.Until), w.Gap)
	case w.Gap != "":
		return fmt.Sprintf("WAL のファイル %s がないか壊れているため、その手前までしか戻せません（%s から）", w.Gap, jst.StampSec(w.From))
	case !w.Until.After(w.From):
		return "続く WAL がまだ届いていません"
	}
	return fmt.Sprintf("戻せる時刻 %s から %s まで（WAL %d ファイル）", jst.StampSec(w.From), jst.StampSec(w.Until), w.Files)
}

func tellPoint(w io.Writer, r *backup.Restored) {
	p := r.Point
	last := "写しのあとの確定はありません"
	if !p.Commit.IsZero() {
		last = "最後の確定は " + jst.StampSec(p.Commit)
	}
	fmt.Fprintf(w, "記録は %s ちょうどの状態です（写し %s に WAL %d ファイルを重ね、%s）。\n", jst.StampSec(p.Asked), p.Base, p.Files, last)
	for _, id := range p.Skipped {
		fmt.Fprintf(w, "・写し %s は壊れているため、それより前の写しを使いました。rakudos backup verify で調べてください。\n", id)
	}
	fmt.Fprintf(w, "取り込み待ちのファイルは、上のバックアップ（%s）のときのものです。そのあとに読み込んで確認待ちだった取り込みは、サービスを動かすと「取り込めませんでした」になります。もう一度読み込んでください。\n", jst.Stamp(r.Taken))
}
