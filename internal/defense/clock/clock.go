// Package clock proves that the service counts and shows time in Japan Standard Time (clause 4-4b). It must never
// judge whether the host's clock is right: that is clause 4-4a.
package clock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/jst"
)

// Tolerance between the clock on a page and the Date header it came with.
const Tolerance = 2 * time.Second

// Fetch gets a public page of the running service over the network, with its headers.
type Fetch func(context.Context) (body []byte, header http.Header, err error)

// Controls gives TM-JST. The page must carry <time id="jst-clock" datetime="2026-11-23T22:30:00+09:00">.
func Controls(fetch func(ctx context.Context) (body []byte, header http.Header, err error)) []control.Control {
	return []control.Control{{
		ID:      "TM-JST",
		Clauses: []string{"4-4b"},
		Grades:  []control.Grade{control.Real},
		Says:    says(jst.Zone),
		NotProven: "時計そのものの正確さ（4-4aの時刻同期）は、この検査では確かめていません。" +
			"実測した画面は公開ページの1つで、ほかの画面は同じ部品で表示していることによります。",
		Every: time.Hour,
		Fresh: 3 * time.Hour,
		Owner: "DEV",
		Probe: func(ctx context.Context) (control.Evidence, error) { return look(ctx, japan, fetch) },
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			return look(ctx, greenwich, greenwich.page)
		},
	}}
}

// says renders the promise from the zone in force.
func says(zone *time.Location) string {
	name, seconds := time.Unix(0, 0).In(zone).Zone()
	return fmt.Sprintf("画面・出力ファイル・通知の日時と、日・月末・四半期・年度の区切りを、日本標準時（%s、%s）で扱います。", name, utc(seconds))
}

// utc writes an offset in seconds as "UTC+09:00".
func utc(seconds int) string {
	return "UTC" + time.Unix(0, 0).In(time.FixedZone("", seconds)).Format("-07:00")
}

// look runs every check with one renderer and one page.
func look(ctx context.Context, r renderer, fetch Fetch) (control.Evidence, error) {
	if fetch == nil {
		return control.Evidence{}, errors.New("clock: there is no page to look at")
	}
	var e control.Evidence
	wrong := boundaries(r)
	offsets, odd, err := zone(r)
	if err != nil {
		return control.Evidence{}, err
	}
	body, header, err := fetch(ctx)
	if err != nil {
		return control.Evidence{}, fmt.Errorf("clock: fetch the page: %w", err)
	}
	gap, bad := pageClock(body, header)
	e.Failed = append(append(wrong, odd...), bad...)
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{
		"boundaries": len(vectors), "boundaries_wrong": len(wrong), "offsets": offsets, "offsets_wrong": len(odd),
		"host_zone": time.Local.String(),
	}
	page := "読み取れませんでした"
	if len(bad) == 0 {
		e.Facts["page_gap_seconds"] = gap.Seconds()
		page = fmt.Sprintf("Dateヘッダーとの差が%.0f秒（許容%.0f秒）でした", gap.Abs().Seconds(), Tolerance.Seconds())
	}
	e.Measured = fmt.Sprintf("日付・月末・四半期・年度の境目%d件のうち%d件と、時差%d件のうち%d件が日本時間と一致し、公開ページの時計は%s。",
		len(vectors), len(vectors)-len(wrong), offsets, offsets-len(odd), page)
	return e, nil
}
