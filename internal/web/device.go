package web

import "strings"

// browsers and systems name what a User-Agent means; the first that fits counts, because each pretends to
// be those after it.
var (
	browsers = [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}}
	systems  = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"CrOS", "Chromebook"}, {"Linux", "Linux"}}
)

// deviceName puts a User-Agent into words a person recognises.
func deviceName(agent string) string {
	find := func(table [][2]string) string {
		for _, t := range table {
			if strings.Contains(agent, t[0]) {
				return t[1]
			}
		}
		return ""
	}
	b, s := find(browsers), find(systems)
	switch {
	case b != "" && s != "":
		return s + " の " + b
	case b+s != "":
		return b + s
	}
	return "不明な端末"
}
