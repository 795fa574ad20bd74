package checkup

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestNothingReadableOnDisk looks for canaries in every file of the service, the write-ahead log included.
func TestNothingReadableOnDisk(t *testing.T) {
	b := newBed(t, testdb.New(t, db.SQLite))
	b.apply(b.hr, fileA(of("1", "既往歴", "カナリア病歴", "収縮期血圧", "165", "健診機関", "カナリア健診所"), of("2", "HbA1c", "カナリア誤記")))
	waiting := b.upload(b.hr, fileA(of("3", "既往歴", "カナリア待機")))
	p := b.number("1")
	v, err := b.s.Person(t.Context(), b.doctor, p.ID)
	b.must(err)
	b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: v.Exams[0].Result, Person: p.ID, Fitness: Restricted, Opinion: "カナリア意見", Measures: "カナリア措置"}))
	reason := "カナリア理由" + strings.Repeat("を長く書く", 20)
	b.must(b.s.Withdraw(t.Context(), b.hr, waiting.ID, reason))
	if got, err := b.s.Import(t.Context(), b.hr, waiting.ID); err != nil || got.Reason != reason {
		t.Errorf("the reason of the withdrawal: %+v, %v", got, err)
	}
	canaries := [][]byte{}
	for _, c := range []string{"カナリア", "佐藤 翔太", "サトウ ショウタ", "ｻﾄｳ ｼｮｳﾀ", "@example.jp", "収縮期血圧", "165,80"} {
		sjis, err := japanese.ShiftJIS.NewEncoder().String(c)
		b.must(err)
		canaries = append(canaries, []byte(c), []byte(sjis))
	}
	files := 0
	b.must(filepath.WalkDir(b.e.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		for _, c := range canaries {
			if bytes.Contains(raw, c) {
				t.Errorf("%q is readable in %s", c, filepath.Base(path))
			}
		}
		return err
	}))
	if files < 4 {
		t.Errorf("only %d files were looked at", files)
	}
}
