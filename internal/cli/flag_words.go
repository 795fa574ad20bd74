package cli

import (
	"fmt"
	"regexp"
)

// extra is an argument that the verb does not take.
type extra string

func (e extra) Error() string { return "unexpected argument " + string(e) }

// flagErrors are what the standard library says of wrong flags, and what we say instead.
var flagErrors = []struct {
	says  *regexp.Regexp
	words string
}{
	{regexp.MustCompile(`^flag provided but not defined: -(.+)$`), "--%s というオプションはありません"},
	{regexp.MustCompile(`^flag needs an argument: -(.+)$`), "--%s に値がありません"},
	{regexp.MustCompile(`(?s)^invalid (?:boolean )?value ".*" for (?:flag )?-([^ ]+): ` + errTwice.Error() + `$`), "--%s が2回あります。一つにまとめてください"},
	{regexp.MustCompile(`(?s)^invalid boolean flag ([^ ]+): ` + errTwice.Error() + `$`), "--%s が2回あります"},
	{regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-([^ ]+): `), "値 %s は --%s に使えません"},
	{regexp.MustCompile(`(?s)^bad flag syntax: (.*)$`), "「%s」の書き方が正しくありません"},
	{regexp.MustCompile(`(?s)^unexpected argument (.*)$`), "余分な「%s」があります"},
}

func flagWords(err error) string {
	for _, f := range flagErrors {
		if m := f.says.FindStringSubmatch(err.Error()); m != nil {
			parts := make([]any, 0, 2)
			for _, p := range m[1:] {
				parts = append(parts, p)
			}
			return fmt.Sprintf(f.words, parts...)
		}
	}
	return err.Error()
}
