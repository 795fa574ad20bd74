package canon

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestJSON(t *testing.T) {
	for want, v := range map[string]any{
		`{"a":[1,true,null],"b":"x"}`:    map[string]any{"b": "x", "a": []any{1, true, nil}},
		"{\"€\":1,\"😀\":2,\"\ufb33\":3}": map[string]int{"😀": 2, "€": 1, "\ufb33": 3}, // UTF-16 order, RFC 8785 3.2.3
		`"\u0001\n\t\"\\/<>&\u001f日本語"`:  "\x01\n\t\"\\/<>&\x1f日本語",
		`-9007199254740992`:              -(1 << 53),
		`{"draft":false,"version":"4"}`: struct {
			Version string `json:"version"`
			Draft   bool   `json:"draft"`
		}{"4", false},
	} {
		b, err := JSON(v)
		if err != nil || string(b) != want {
			t.Errorf("got %s (%v), want %s", b, err, want)
		}
	}
	for _, v := range []any{1.5, math.MaxInt64, 1e300, func() {}} {
		if b, err := JSON(v); err == nil {
			t.Errorf("%v has several forms, and is written as %s", v, b)
		}
	}
}

func TestJSONIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.String())).Draw(t, "v")
		a, err := JSON(v)
		if err != nil {
			t.Fatal(err)
		}
		var back any
		if err := json.Unmarshal(a, &back); err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		if b, err := JSON(back); err != nil || string(a) != string(b) {
			t.Fatalf("%s and then %s", a, b)
		}
	})
}
