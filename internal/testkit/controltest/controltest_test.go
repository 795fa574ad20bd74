package controltest

import (
	"errors"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		real, sabotaged error
		want            string
	}{
		"a proof":          {nil, broken, ""},
		"does not hold":    {broken, broken, "does not hold"},
		"cannot fail":      {nil, nil, "proves nothing"},
		"the wrong way up": {broken, nil, "does not hold"},
	} {
		got := judge(func(s bool) error {
			if s {
				return c.sabotaged
			}
			return c.real
		})
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestEngine(t *testing.T) {
	for name, want := range map[string]string{
		"TestX/sqlite": "sqlite", "TestX/postgres/deep": "postgres", "TestSqlite": "none", "TestX/sqlitex": "none",
	} {
		if got := Engine(name); got != want {
			t.Errorf("Engine(%q) = %q, want %q", name, got, want)
		}
	}
}
