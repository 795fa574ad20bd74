package checkup

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// bigHead is the shape of a check-up body with 29 values a person.
const bigHead = "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,BMI,腹囲,視力右裸眼,視力左裸眼,聴力右1000,聴力右4000,聴力左1000,聴力左4000,胸部X線,収縮期血圧,拡張期血圧,血色素量,赤血球数,AST,ALT,γ-GT,LDLコレステロール,HDLコレステロール,中性脂肪,空腹時血糖,HbA1c,尿糖,尿蛋白,心電図,喫煙,既往歴,自覚症状"

// big makes a roster and a check-up file in CP932.
func big(t testing.TB, people int) (rosterCSV, file string) {
	r := rand.New(rand.NewPCG(1, 2))
	var p, f strings.Builder
	p.WriteString(rosterHead)
	f.WriteString(bigHead + "\r\n")
	finding := []string{"所見なし", "所見なし", "所見なし", "所見あり"}
	for i := range people {
		no := 100000 + i
		born := fmt.Sprintf("%d-%02d-%02d", 1961+r.IntN(40), 1+r.IntN(12), 1+r.IntN(28))
		fmt.Fprintf(&p, "%d,山田 太郎,ヤマダ タロウ,男,%s,S%02d,事業所%d,部署%d,u%d@example.jp,2020-04-01\n", no, born, i%3, i%3, i%7, no)
		fmt.Fprintf(&f, "%d,山田 太郎,ヤマダ タロウ,男,%s,2026/%02d/%02d,京都サンプル健診センター,", no, strings.ReplaceAll(born, "-", "/"), 4+r.IntN(7), 1+r.IntN(28))
		fmt.Fprintf(&f, "%.1f,%.1f,%.1f,%.1f,1.0,0.7,%s,%s,%s,%s,%s,", 160+20*r.Float64(), 50+40*r.Float64(), 18+12*r.Float64(), 70+30*r.Float64(),
			finding[r.IntN(4)], finding[r.IntN(4)], finding[r.IntN(4)], finding[r.IntN(4)], finding[r.IntN(4)])
		fmt.Fprintf(&f, "%d,%d,%.1f,%d,%d,%d,%d,%d,%d,%d,%d,%.1f,-,±,%s,いいえ,特記なし,なし\r\n", 110+r.IntN(60), 60+r.IntN(40), 12+4*r.Float64(), 400+r.IntN(150),
			15+r.IntN(40), 15+r.IntN(40), 20+r.IntN(90), 80+r.IntN(100), 35+r.IntN(60), 40+r.IntN(200), 80+r.IntN(50), 5+2*r.Float64(), finding[r.IntN(4)])
	}
	return p.String(), cp932(t, f.String())
}

func BenchmarkParse(b *testing.B) {
	_, file := big(b, 100_000)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		info, err := Parse(b.Context(), strings.NewReader(file), nil, today, func(*Row) error { return nil })
		if err != nil || info.Good != 100_000 {
			b.Fatalf("%+v %v", info.Good, err)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	_, file := big(b, 1000)
	var rows [][]byte
	if _, err := Parse(b.Context(), strings.NewReader(file), nil, today, func(r *Row) error {
		rows = append(rows, r.AppendValues(nil))
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, enc := range rows {
			_, v, err := decodeValues(enc)
			if err != nil {
				b.Fatal(err)
			}
			j := NingenDock2016.JudgeAll(v, Subject{Male, 45})
			_ = j.appendWhole(nil)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkImport100k imports 100,000 people's results by one call, then writes the same rows by plain
// inserts without sealing, judging and audit, and reports the ratio.
func BenchmarkImport100k(b *testing.B) {
	const people = 100_000
	rosterCSV, file := big(b, people)
	for _, engine := range testdb.Engines {
		b.Run(string(engine), func(b *testing.B) {
			e := testdb.New(b, engine)
			bed := newBed(b, e)
			bed.load(bed.hr, rosterCSV)
			host := actor.HostOperator(bed.ours, "bench")
			for b.Loop() {
				peak := watchHeap()
				begin := time.Now()
				i, err := bed.s.ImportNow(b.Context(), host, "f.csv", strings.NewReader(file), true)
				took := time.Since(begin)
				heap := peak()
				if err != nil || i.Applied != people {
					b.Fatalf("%+v %v", i, err)
				}
				begin = time.Now()
				plainInserts(b, bed, file)
				plain := time.Since(begin)
				b.ReportMetric(took.Seconds(), "import-s")
				b.ReportMetric(plain.Seconds(), "plain-s")
				b.ReportMetric(took.Seconds()/plain.Seconds(), "ratio")
				b.ReportMetric(float64(heap>>20), "heap-MB")
				begin = time.Now()
				bed.must(bed.s.Warm(b.Context(), bed.ours, 2026))
				b.ReportMetric(float64(time.Since(begin).Milliseconds()), "snapshot-ms")
				begin = time.Now()
				for range 20 {
					if _, err := bed.s.List(b.Context(), bed.doctor, Filter{Year: 2026, Judgement: "D"}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(time.Since(begin).Milliseconds())/20, "list-ms")
				bed.must(bed.s.Withdraw(b.Context(), bed.hr, i.ID, "bench"))
			}
		})
	}
}

// plainInserts parses the same file and writes its values as they are, in the same statements and chunks.
func plainInserts(b *testing.B, bed *bed, file string) {
	batch := ids.Import("")
	all, err := bed.s.Imports(b.Context(), bed.hr)
	bed.must(err)
	batch = all[0].ID
	var rows []stored
	flush := func() {
		bed.must(bed.e.DB.Tx(b.Context(), bed.ours, func(tx *db.Tx) error {
			return insertAll(tx, bed.ours, batch, "plain", 0, rows)
		}))
		rows = rows[:0]
	}
	_, err = Parse(b.Context(), strings.NewReader(file), nil, today, func(r *Row) error {
		enc := r.AppendValues(nil)
		rows = append(rows, stored{id: ids.New[ids.Result](), person: ids.Person(r.Number), year: 1900, day: r.Day, digest: make([]byte, 16), sealed: enc, brief: enc[:8], judgement: bytes.Repeat(enc[:1], 90)})
		if len(rows) == chunkRows {
			flush()
		}
		return nil
	})
	bed.must(err)
	flush()
}

// watchHeap samples the memory in use; the function it returns gives the peak.
func watchHeap() func() uint64 {
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse+m.StackInuse)
			select {
			case <-stop:
				done <- peak
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); return <-done }
}
