package samples

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"
)

// Options say what to make. Share is the part of the people in body A; the rest is in body B.
type Options struct {
	People int
	Seed   uint64
	Clean  bool // no deliberate defects
	Share  float64
}

// Expected is the answer: how many lines there are, and which must be refused or stay unmatched, and why.
type Expected struct {
	RowsA, RowsB int
	RefusedA     map[int]string // physical line (the first is 1) → reason
}

// Names of the files that Write makes.
const (
	Roster = "roster.csv"         // UTF-8 with BOM
	BodyA  = "checkup_body_a.csv" // CP932, Japanese headers, mixed notations
	BodyB  = "checkup_body_b.csv" // CP932, JLAC10-coded columns under a header record
)

// codes are the JLAC10 columns of body B, in order.
var codes = [][2]string{{"身長", "9N001000000000001"}, {"体重", "9N006000000000001"}, {"BMI", "9N011000000000001"}, {"腹囲", "9N016160100000001"}, {"収縮期血圧", "9A751000000000001"}, {"拡張期血圧", "9A761000000000001"}, {"中性脂肪", "3F015000002327101"}, {"HDLコレステロール", "3F070000002327101"}, {"LDLコレステロール", "3F077000002327101"}, {"AST", "3B035000002327201"}, {"ALT", "3B045000002327201"}, {"γ-GT", "3B090000002327101"}, {"空腹時血糖", "3D010000001926101"}, {"HbA1c", "3D046000001906202"}, {"尿糖", "1A020000000191111"}, {"尿蛋白", "1A010000000191111"}, {"血色素量", "2A030000001930101"}, {"赤血球数", "2A020000001930101"}}

var coded = map[string]string{"-": "1", "±": "2", "+": "3", "2+": "4", "未実施": ""}

// Write makes the three files in dir.
func Write(dir string, o Options) (Expected, error) {
	r := rand.New(rand.NewPCG(o.Seed, 20260401))
	people := make([]person, o.People)
	same := map[string]int{}
	for i := range people {
		people[i] = newPerson(i, r)
		same[people[i].identity()]++
	}
	half := int(float64(o.People)*o.Share + 0.5)
	exp := Expected{RowsA: half, RowsB: o.People - half, RefusedA: map[int]string{}}
	files := []struct {
		name string
		sjis bool
		fill func(*csv.Writer)
	}{
		{Roster, false, func(w *csv.Writer) { roster(w, people) }},
		{BodyA, true, func(w *csv.Writer) { bodyA(w, people[:half], same, r, o.Clean, exp.RefusedA) }},
		{BodyB, true, func(w *csv.Writer) { bodyB(w, people[half:], r) }},
	}
	for _, f := range files {
		if err := writeCSV(filepath.Join(dir, f.name), f.sjis, f.fill); err != nil {
			return exp, fmt.Errorf("samples: %s: %w", f.name, err)
		}
	}
	return exp, nil
}

func writeCSV(path string, sjis bool, fill func(*csv.Writer)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewWriter(f)
	var to io.WriteCloser = struct {
		io.Writer
		io.Closer
	}{b, io.NopCloser(nil)}
	if sjis {
		to = transform.NewWriter(b, japanese.ShiftJIS.NewEncoder())
	} else if _, err := b.WriteString("\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	fill(w)
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	if sjis {
		if err := to.Close(); err != nil {
			return err
		}
	}
	return b.Flush()
}

// put writes a record; the writer keeps the first error for writeCSV.
func put(w *csv.Writer, cells ...string) { _ = w.Write(cells) }

func roster(w *csv.Writer, people []person) {
	put(w, "社員番号", "氏名", "カナ氏名", "性別", "生年月日", "事業所コード", "事業所名", "部署", "メールアドレス", "入社日")
	for _, p := range people {
		put(w, p.number, p.name, p.kana, p.sex(), p.birth.Format(time.DateOnly), sites[p.site][0], sites[p.site][1], p.dept, "u"+p.number+"@example.jp", "2020-04-01")
	}
}

func examined(r *rand.Rand) time.Time {
	return time.Date(2026, time.Month(4+r.IntN(7)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
}

func bodyA(w *csv.Writer, people []person, same map[string]int, r *rand.Rand, clean bool, refused map[int]string) {
	put(w, append([]string{"社員番号", "氏名", "カナ氏名", "性別", "生年月日", "健診日", "健診機関"}, items...)...)
	for i, p := range people {
		v := p.values(r)
		number, birth, day := p.number, notation(p.birth, r, clean), notation(examined(r), r, clean)
		why := ""
		if !clean {
			switch k := r.IntN(1000); {
			case k < 50:
				v["収縮期血圧"] = wide(v["収縮期血圧"])
			case k < 80:
				v["中性脂肪"] = "<30"
			case k < 100:
				v["腹囲"] = "測定不能"
			case k < 120:
				v["尿蛋白"] = "(－)"
			case k < 140:
				if same[p.identity()] == 1 {
					number = "" // kana, birth date and sex decide
				}
			case k < 150:
				v["HbA1c"], why = "55", "HbA1c out of range"
			case k < 160:
				day, why = "2026/13/40", "examination date"
			case k < 165:
				number, why = "999999", "no such employee"
			case k < 170:
				v["収縮期血圧"], why = "高い", "not a number"
			}
		}
		if why != "" {
			refused[i+2] = why
		}
		cells := []string{number, p.name, p.kana, p.sex(), birth, day, "京都サンプル健診センター"}
		for _, k := range items {
			cells = append(cells, v[k])
		}
		put(w, cells...)
	}
}

func bodyB(w *csv.Writer, people []person, r *rand.Rand) {
	put(w, "作成日", "20261101", "機関コード", "2611111117")
	head := []string{"行区分", "社員番号", "氏名", "カナ氏名", "性別", "生年月日", "健診日"}
	for _, c := range codes {
		head = append(head, c[1])
	}
	put(w, head...)
	for _, p := range people {
		sex := "2"
		if p.male {
			sex = "1"
		}
		v := p.values(r)
		cells := []string{"5", p.number, p.name, p.kana, sex, p.birth.Format("20060102"), examined(r).Format("20060102")}
		for _, c := range codes {
			s, ok := coded[v[c[0]]]
			if !ok {
				s = v[c[0]]
			}
			cells = append(cells, s)
		}
		put(w, cells...)
	}
}

// notation writes a date in one of the ways that check-up bodies use.
func notation(d time.Time, r *rand.Rand, clean bool) string {
	if clean {
		return d.Format("2006/01/02")
	}
	switch r.IntN(5) {
	case 0:
		return d.Format("2006/01/02")
	case 1:
		return d.Format("2006/1/2")
	case 2:
		return d.Format("20060102")
	case 3:
		return d.Format(time.DateOnly)
	}
	letter, word, base := "S", "昭和", 1925
	switch {
	case !d.Before(time.Date(2019, 5, 1, 0, 0, 0, 0, time.UTC)):
		letter, word, base = "R", "令和", 2018
	case !d.Before(time.Date(1989, 1, 8, 0, 0, 0, 0, time.UTC)):
		letter, word, base = "H", "平成", 1988
	}
	if r.IntN(2) == 0 {
		return fmt.Sprintf("%s%d.%d.%d", letter, d.Year()-base, d.Month(), d.Day())
	}
	return fmt.Sprintf("%s%d年%d月%d日", word, d.Year()-base, d.Month(), d.Day())
}

// wide writes digits and the point in full width.
func wide(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9':
			return c - '0' + '０'
		case c == '.':
			return '．'
		}
		return c
	}, s)
}
