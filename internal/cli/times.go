package cli

import (
	"bytes"
	"regexp"
	"time"

	"rakudos/internal/base/jst"
)

var instant = regexp.MustCompile(`(?m)(: |^ *)"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))"`)

// inJapan writes every instant of a JSON text in Japan's time (+09:00), whatever zone it came in; one that is not set is
// null. Where both notations stand side by side, as in a certificate, the one called utc stays.
func inJapan(text []byte) []byte {
	var out []byte
	last := 0
	for _, m := range instant.FindAllSubmatchIndex(text, -1) {
		at, err := time.Parse(time.RFC3339Nano, string(text[m[4]:m[5]]))
		if err != nil || bytes.HasSuffix(text[:m[4]-1], []byte(`"utc": `)) {
			continue
		}
		out = append(out, text[last:m[4]-1]...)
		if at.IsZero() {
			out = append(out, "null"...)
		} else {
			out = append(out, `"`+at.In(jst.Zone).Format(time.RFC3339Nano)+`"`...)
		}
		last = m[5] + 1
	}
	return append(out, text[last:]...)
}
