package db

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestParametersWithoutTheirNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"insert into t values ($1, $2, $3), ($1, $4, $5)": "insert into t values ($1, ?, ?), ($1, ?, ?)",
		"select a from t where b = $1 and c = $2":         "select a from t where b = ? and c = ?",
		"select a from t where b = $2 and c = $1":         "select a from t where b = $2 and c = $1", // numbered by first use
		"select a from t where b = $1 and c = $3":         "select a from t where b = $1 and c = $3",
		"select '$2' from t where b = $1":                 "select '$2' from t where b = $1",
		"select 'it''s' from t where b = $1":              "select 'it''s' from t where b = ?",
		"select a from t where b = $1 or c = $1":          "select a from t where b = $1 or c = $1",
		"select '?' from t where b = $1":                  "select '?' from t where b = $1",
		"select 1":                                        "select 1",
	} {
		if got := positional(text); got != want {
			t.Errorf("%s\n is %s\nnot %s", text, got, want)
		}
	}
}

// What SQLite makes of a rewritten text is the order that the numbers said, for every statement there is.
func TestPositionalKeepsTheOrder(t *testing.T) {
	any := regexp.MustCompile(`\$\d+|\?`)
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "$1 $%d ", i+2)
	}
	texts := []string{b.String()}
	for _, q := range Queries() {
		texts = append(texts, q.text)
	}
	for _, text := range texts {
		was, is, names, last := any.FindAllString(text, -1), any.FindAllString(positional(text), -1), map[string]int{}, 0
		for i, p := range is {
			n, known := names[p]
			if p == "?" || !known {
				last++
				n = last
				names[p] = n
			}
			if positional(text) != text && was[i] != parameterName(n) {
				t.Fatalf("%s: %s became number %d", text, was[i], n)
			}
		}
	}
}
