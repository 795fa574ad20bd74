package handover

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestEveryFormatSaysTheSame although a record arrives at every reading; cells keep every byte, and nothing lies in the
// folder while the formats are written.
func TestEveryFormatSaysTheSame(t *testing.T) {
	temp, readings := t.TempDir(), 0
	growing := table("people")
	growing.Rows = func(_ context.Context, row func([]string) error) error {
		readings++
		for n := range readings * 3 {
			if err := row([]string{fmt.Sprint(n), strings.Repeat("値", n*9_000)}); err != nil {
				return err
			}
		}
		return nil
	}
	growing.Paper = false
	awkward := table("awkward", []string{"0", ""}, []string{"1", "改\n行,\"引用\"\u2028"}, []string{"2", ""})
	var b bytes.Buffer
	if _, err := Write(t.Context(), &b, About{"rakudos", "試験", time.Now(), temp + "/made"}, []Table{growing, awkward}); err != nil {
		t.Fatal(err)
	}
	seen := &Inspected{}
	files := unzip(t, b.Bytes())
	rows := seen.tables(t.Context(), files, seen.manifest(files))
	for _, wrong := range seen.Wrong {
		if wrong != "pdf/people.pdf がありません。" { // left out here: it would take long
			t.Error(wrong)
		}
	}
	if readings != 1 || len(rows["people"]) != 3 || len(rows["awkward"]) != 3 {
		t.Errorf("%d readings, %d and %d rows", readings, len(rows["people"]), len(rows["awkward"]))
	}
	if left, err := os.ReadDir(temp + "/made"); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	narrow := table("narrow", []string{"1"})
	if _, err := Write(t.Context(), &b, About{Temp: temp}, []Table{narrow}); err == nil {
		t.Error("a row without a cell is written")
	}
}
