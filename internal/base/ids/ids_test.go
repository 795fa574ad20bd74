package ids

import (
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNewIsSortableByTime(t *testing.T) {
	var all []string
	for range 5 {
		all = append(all, string(New[Person]()))
		time.Sleep(2 * time.Millisecond)
	}
	if !sort.StringsAreSorted(all) {
		t.Errorf("later identifiers sort before earlier ones: %v", all)
	}
	for _, s := range all {
		if p, err := Parse[Person](s); err != nil || string(p) != s {
			t.Errorf("%s: %v", s, err)
		}
		if s[14] != '7' {
			t.Errorf("%s is not a UUIDv7", s)
		}
	}
}

func TestParseTakesOnlyTheCanonicalText(t *testing.T) {
	good := string(New[Tenant]())
	for _, s := range []string{"", "x", strings.ToUpper(good), "{" + good + "}", "urn:uuid:" + good, strings.ReplaceAll(good, "-", ""), good + " ", good[:35]} {
		if _, err := Parse[Tenant](s); err == nil && s != strings.ToLower(s) || err == nil && s != good {
			t.Errorf("%q is accepted", s)
		}
	}
	if _, err := Parse[Tenant](string(System)); err != nil {
		t.Errorf("the service's own tenant: %v", err)
	}
}

func TestParseNeverPanicsAndKeepsWhatItTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if id, err := Parse[Job](s); err == nil && string(id) != s {
			t.Errorf("%q became %q", s, id)
		}
	})
}
