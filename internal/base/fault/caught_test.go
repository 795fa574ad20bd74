package fault

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestAPanicBecomesAnErrorThatTellsNoName(t *testing.T) {
	var log bytes.Buffer
	kept := slog.Default()
	defer slog.SetDefault(kept)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	run := func(f func() error) (err error) {
		defer Caught(&err)
		return f()
	}
	err := run(func() error { panic("山田太郎") })
	if !Is(err, Internal) || Of(err).Code != "fault.panic" {
		t.Errorf("a panic became %v", err)
	}
	if strings.Contains(err.Error()+log.String(), "山田") || !strings.Contains(log.String(), "caught_test.go") {
		t.Errorf("the error or the log tells a name, or not the place: %v\n%s", err, &log)
	}
	plain := errors.New("plain")
	if err := run(func() error { return plain }); err != plain {
		t.Errorf("without a panic: %v", err)
	}
}
