package org

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"rakudos/internal/testkit/testdb"
)

// people makes a roster of n invented people.
func people(n int) string {
	family := []string{"佐藤,サトウ", "鈴木,スズキ", "髙橋,タカハシ", "田中,タナカ", "渡邊,ワタナベ"}
	var b strings.Builder
	b.WriteString("社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n")
	for i := range n {
		name, kana, _ := strings.Cut(family[i%5], ",")
		fmt.Fprintf(&b, "%d,%s %d郎,%s %s,%s,%d-%02d-%02d,S%02d,第%d事業所,第%d課,u%d@example.jp,2020-04-01\n", 100_000+i, name, i%97, kana, strings.Repeat("タ", 1+i%3), []string{"男", "女"}[i%2],
			1960+i%45, 1+i%12, 1+i%28, i%7, i%7, i%40, i)
	}
	return b.String()
}

// TestLargeRoster measures: RAKUDOS_PEOPLE=100000 go test -run LargeRoster -v
func TestLargeRoster(t *testing.T) {
	n := 3000
	if s := os.Getenv("RAKUDOS_PEOPLE"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	file := people(n)
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr2, roster)
		last, took := time.Now(), map[string]time.Duration{}
		b.s.step = func(name string) { took[name] += time.Since(last); last = time.Now() }
		begin := time.Now()
		v := b.load(b.hr, file)
		t.Logf("%d people in %v: %v", v.Applied, time.Since(begin).Round(time.Millisecond), took)
		if v.Applied != n || b.dir(b.neighbour).Len() != 3 {
			t.Fatalf("%+v", v)
		}
		b.start()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin = time.Now()
		d := b.dir(b.ours)
		load := time.Since(begin)
		runtime.GC()
		runtime.ReadMemStats(&after)
		begin = time.Now()
		for i := range 1000 {
			if _, ok := d.ByNumber(strconv.Itoa(100_000 + i*7%n)); !ok {
				t.Fatal("not found")
			}
		}
		t.Logf("directory: %v, %d bytes a person, %v a look-up", load.Round(time.Millisecond), (int64(after.HeapAlloc)-int64(before.HeapAlloc))/int64(n), time.Since(begin)/1000)
		begin = time.Now()
		page, err := b.s.People(t.Context(), b.hr, Filter{Query: "タナカ"})
		b.must(err)
		t.Logf("a filtered page of %d: %v", page.Total, time.Since(begin).Round(time.Microsecond))
		begin = time.Now()
		if v := b.load(b.hr, file); v.Unchanged != n {
			t.Fatalf("%+v", v)
		}
		t.Logf("the same file again: %v", time.Since(begin).Round(time.Millisecond))
	})
}
