package app

import (
	"runtime/debug"
	"strings"
)

// Version of this build: the tag or commit when the build recorded one.
var Version = version()

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	var rev, mod string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			rev = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				mod = "+"
			}
		}
	}
	if rev == "" {
		return "dev"
	}
	return strings.Join([]string{"0.1.0", rev + mod}, "-")
}
