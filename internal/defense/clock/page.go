package clock

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/jst"
)

var (
	clockTag  = regexp.MustCompile(`(?is)<time\b([^>]*\bid="jst-clock"[^>]*)>([^<]*)<`)
	clockTime = regexp.MustCompile(`(?is)\bdatetime="([^"]*)"`)
	shownTime = regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}`)
)

// pageClock reads the clock of a page: its offset must be written and be +09:00, it must agree with the Date
// header, and what people read must be the same minute.
func pageClock(body []byte, header http.Header) (gap time.Duration, bad []string) {
	tag := clockTag.FindSubmatch(body)
	if tag == nil {
		return 0, []string{"公開ページに時計がない"}
	}
	attr := clockTime.FindSubmatch(tag[1])
	if attr == nil {
		return 0, []string{"公開ページの時計に日時がない"}
	}
	text := html.UnescapeString(string(attr[1]))
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, []string{"公開ページの時計の日時を読み取れない"}
	}
	if !strings.HasSuffix(text, "+09:00") {
		bad = append(bad, "公開ページの時計が+09:00でない")
	}
	if shown := shownTime.FindString(html.UnescapeString(string(tag[2]))); shown != "" && shown != jst.Stamp(at) {
		bad = append(bad, "公開ページの時計の表示が日本時間でない")
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0, append(bad, "応答にDateヘッダーがない")
	}
	gap = at.Sub(date)
	if gap.Abs() > Tolerance {
		bad = append(bad, fmt.Sprintf("公開ページの時計とDateヘッダーの差が%.0f秒", gap.Abs().Seconds()))
	}
	return gap, bad
}
