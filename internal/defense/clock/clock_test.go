package clock

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/controltest"
)

func theControl(t *testing.T, fetch Fetch) control.Control {
	t.Helper()
	all := Controls(fetch)
	if _, err := control.NewSet([]control.Clause{{ID: "4-4b"}}, all); err != nil || len(all) != 1 {
		t.Fatal(err)
	}
	return all[0]
}

func run(p control.Probe) error {
	e, err := p(context.Background())
	if err == nil && !e.OK {
		err = errors.New(strings.Join(e.Failed, "; "))
	}
	return err
}

func TestTMJST(t *testing.T) {
	controltest.Proves(t, "TM-JST", func(sabotaged bool) error {
		fetch := japan.page
		if sabotaged {
			fetch = greenwich.page
		}
		return run(theControl(t, fetch).Probe)
	})
}

func TestMutant(t *testing.T) {
	e, err := theControl(t, japan.page).Mutant(context.Background())
	if err != nil || e.OK {
		t.Fatalf("%+v %v", e, err)
	}
	all := strings.Join(e.Failed, " ")
	for _, want := range []string{"境目 2026-12-31T15:00:00Z", "時差 2026-11", "+09:00でない", "日本時間でない"} {
		if !strings.Contains(all, want) {
			t.Errorf("the mutant does not show %q: %s", want, all)
		}
	}
}

// The process's own zone must not matter; it is read once, so the test runs itself again.
func TestWhateverTheHostsZone(t *testing.T) {
	if os.Getenv("CLOCK_TEST_CHILD") == "" {
		for _, zone := range []string{"America/New_York", "UTC", "Asia/Kathmandu"} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestWhateverTheHostsZone$")
			cmd.Env = append(os.Environ(), "CLOCK_TEST_CHILD="+zone, "TZ="+zone)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", zone, err, out)
			}
		}
		return
	}
	if err := run(theControl(t, japan.page).Probe); err != nil {
		t.Error(err)
	}
	if _, got := time.Now().In(jst.Zone).Zone(); got != 9*3600 {
		t.Errorf("offset %d", got)
	}
}

func TestPageClock(t *testing.T) {
	const date = "Mon, 23 Nov 2026 13:30:00 GMT"
	for name, c := range map[string]struct {
		body, date string
		gap        time.Duration
		want       string // part of the first complaint; empty: none
	}{
		"good":            {`<time id="jst-clock" datetime="2026-11-23T22:30:00+09:00">2026-11-23 22:30 JST</time>`, date, 0, ""},
		"escaped":         {"<p>x</p>\n<time class=\"c\"\n id=\"jst-clock\" datetime=\"2026-11-23T22:30:01&#43;09:00\">\n2026-11-23 22:30</time>", date, time.Second, ""},
		"a little behind": {`<time datetime="2026-11-23T22:29:58+09:00" id="jst-clock">22:29</time>`, date, -2 * time.Second, ""},
		"too far behind":  {`<time id="jst-clock" datetime="2026-11-23T22:29:57+09:00">2026-11-23 22:29</time>`, date, 0, "差が3秒"},
		"a day off":       {`<time id="jst-clock" datetime="2026-11-24T22:30:00+09:00"></time>`, date, 0, "差が86400秒"},
		"utc":             {`<time id="jst-clock" datetime="2026-11-23T13:30:00Z"></time>`, date, 0, "+09:00でない"},
		"shown in utc":    {`<time id="jst-clock" datetime="2026-11-23T22:30:00+09:00">2026-11-23 13:30</time>`, date, 0, "表示が日本時間でない"},
		"no clock":        {`<time datetime="2026-11-23T22:30:00+09:00"></time>`, date, 0, "時計がない"},
		"no time":         {`<time id="jst-clock"></time>`, date, 0, "日時がない"},
		"no offset":       {`<time id="jst-clock" datetime="2026-11-23T22:30:00"></time>`, date, 0, "読み取れない"},
		"no header":       {`<time id="jst-clock" datetime="2026-11-23T22:30:00+09:00"></time>`, "", 0, "Dateヘッダーがない"},
	} {
		gap, bad := pageClock([]byte(c.body), http.Header{"Date": {c.date}})
		switch {
		case c.want == "" && (len(bad) > 0 || gap != c.gap):
			t.Errorf("%s: %v %v", name, gap, bad)
		case c.want != "" && (len(bad) == 0 || !strings.Contains(bad[0], c.want)):
			t.Errorf("%s: %v, want %s", name, bad, c.want)
		}
	}
}

func TestUnknownWithoutAPage(t *testing.T) {
	if _, err := theControl(t, nil).Probe(context.Background()); err == nil {
		t.Error("no page, and all is well")
	}
	broken := func(context.Context) ([]byte, http.Header, error) { return nil, nil, errors.New("refused") }
	if _, err := theControl(t, broken).Probe(context.Background()); err == nil {
		t.Error("an unreachable page must leave the result unknown")
	}
}

func TestWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // at a boundary of the day in Japan
		time.Sleep(15*time.Hour - time.Nanosecond)
		e, err := theControl(t, japan.page).Probe(context.Background())
		want := "日付・月末・四半期・年度の境目12件のうち12件と、時差240件のうち240件が日本時間と一致し、公開ページの時計はDateヘッダーとの差が0秒（許容2秒）でした。"
		if err != nil || !e.OK || e.Measured != want {
			t.Errorf("%+v %v", e, err)
		}
	})
	if s := says(jst.Zone); !strings.Contains(s, "JST、UTC+09:00") {
		t.Error(s)
	}
	if s := says(time.UTC); !strings.Contains(s, "UTC、UTC+00:00") {
		t.Error(s)
	}
}
