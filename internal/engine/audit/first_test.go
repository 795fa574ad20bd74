package audit

import (
	"strconv"
	"testing"
)

func TestFirst(t *testing.T) {
	var f First
	if !f.Time("a") || f.Time("a") || !f.Time("b") {
		t.Error("a finding is not told exactly once")
	}
	for i := range 2 * firstMost {
		f.Time(strconv.Itoa(i))
	}
	if len(f.seen) > firstMost || f.Time("new") {
		t.Errorf("%d findings are remembered", len(f.seen))
	}
}
