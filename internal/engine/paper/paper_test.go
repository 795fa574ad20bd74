package paper

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

func read(t *testing.T, pdf []byte) string {
	t.Helper()
	c := exec.Command("pdftotext", "-layout", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return string(out)
}

func TestADocumentIsReadable(t *testing.T) {
	d, err := New("データ消去証明書", "証明書番号 1", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	d.Title("データ消去証明書")
	d.Heading("対象")
	d.Text(strings.Repeat("株式会社みどり製作所のすべての記録を消去しました。", 10))
	d.Field("契約先", "株式会社みどり製作所 髙橋")
	d.Table([]string{"場所", "件数"}, []float64{3, 1}, func(yield func([]string) bool) {
		for n := range 120 {
			if !yield([]string{fmt.Sprintf("表 %d %s", n, strings.Repeat("長い名前", n%12)), fmt.Sprint(n)}) {
				return
			}
		}
	})
	if err := d.Code("https://example.test/certificates/verify#"+strings.Repeat("0", 64), "検証できます。"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	text := read(t, b.Bytes())
	for _, want := range []string{"データ消去証明書", "株式会社みどり製作所 髙橋", "表 119", "証明書番号 1", "検証できます。"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the paper", want)
		}
	}
	// No character is lost where a line ends.
	if n := strings.Count(strings.Join(strings.Fields(text), ""), "株式会社みどり製作所のすべての記録を消去しました。"); n != 10 {
		t.Errorf("the paragraph has %d whole sentences, not 10", n)
	}
	if n := strings.Count(text, "場所"); n < 3 {
		t.Errorf("the header stands on %d pages only", n)
	}
	if strings.Contains(text, "{nb}") {
		t.Error("the number of pages is not filled in")
	}
}

func TestWithoutAFontItSaysSo(t *testing.T) {
	kept := Places
	defer func() { Places = kept }()
	Places = []string{"/nowhere/font.ttf"}
	if _, err := New("x", "x", time.Time{}); fault.Of(err) == nil || fault.Of(err).Code != "paper.font" {
		t.Errorf("without a font: %v", err)
	}
}
