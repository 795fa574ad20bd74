package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

func TestNew(t *testing.T) {
	f := New(Busy, "x.later", "n", "3", "odd").After(2 * time.Second).Because(io.EOF)
	if f.Kind != Busy || f.Code != "x.later" || len(f.Args) != 1 || f.Args["n"] != "3" || f.RetryAfter != 2*time.Second {
		t.Errorf("%+v", f)
	}
	if !errors.Is(f, io.EOF) {
		t.Error("the cause is lost")
	}
	if f.Error() != "busy: x.later: EOF" || New(Denied, "y").Error() != "denied: y" {
		t.Errorf("%q", f.Error())
	}
}

func TestOf(t *testing.T) {
	inner := New(Missing, "x.gone")
	for _, c := range []struct {
		name string
		err  error
		kind Kind
		code string
	}{
		{"itself", inner, Missing, "x.gone"},
		{"wrapped", fmt.Errorf("while reading: %w", inner), Missing, "x.gone"},
		{"joined", errors.Join(io.EOF, inner), Missing, "x.gone"},
		{"foreign", io.EOF, Internal, "internal"},
	} {
		f := Of(c.err)
		if f.Kind != c.kind || f.Code != c.code || !Is(c.err, c.kind) {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	if Of(nil) != nil || Is(nil, Internal) {
		t.Error("no error became a fault")
	}
	if Is(inner, Denied) {
		t.Error("a fault is of every kind")
	}
	if !errors.Is(Of(io.EOF), io.EOF) {
		t.Error("the foreign error is lost")
	}
}
