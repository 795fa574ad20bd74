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
	case w.Gap != "":
		return fmt.Sprintf("WAL のファイル %s がないため、その手前までしか戻せません（%s から）", w.Gap, jst.StampSec(w.From))
	case !w.Until.After(w.From):
		return "続く WAL がまだ届いていません"
	}
	return fmt.Sprintf("戻せる時刻 %s から %s まで（WAL %d ファイル）", jst.StampSec(w.From), jst.StampSec(w.Until), w.Files)
}

func tellPoint(w io.Writer, p *backup.Reached) {
	fmt.Fprintf(w, "記録は %s ちょうどの状態です（写し %s に WAL %d ファイルを重ね、最後の確定は %s）。\n", jst.StampSec(p.Asked), p.Base, p.Files, jst.StampSec(p.Commit))
	fmt.Fprintln(w, "取り込み待ちのファイルは、上のバックアップのときのものです。そのあとに読み込んだファイルは、もう一度読み込んでください。")
}
