package checkup

import (
	"maps"
	"slices"
	"testing"
)

// TestForgetDropsCriteria: the criteria that a tenant has written are not kept in memory when it is erased; another's are.
func TestForgetDropsCriteria(t *testing.T) {
	s := &Service{}
	s.criteria.m = map[string]*Criteria{"ours/a": {}, "ours/b": {}, "ours-too/a": {}, "theirs/a": {}}
	s.Forget("ours")
	if left := slices.Sorted(maps.Keys(s.criteria.m)); !slices.Equal(left, []string{"ours-too/a", "theirs/a"}) {
		t.Errorf("%v", left)
	}
	(&Service{}).Forget("nobody")
}
