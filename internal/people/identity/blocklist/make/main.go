// Command make builds the blocklist's filter from its lists: `go generate ./internal/people/identity`. It
// must never be part of the service.
package main

import (
	"log"
	"maps"
	"os"
	"slices"

	"rakudos/internal/people/identity"
)

func main() {
	words, err := os.ReadFile("blocklist/words.txt")
	if err != nil {
		log.Fatal(err)
	}
	leaked, err := os.ReadFile("blocklist/leaked.txt")
	if err != nil {
		log.Fatal(err)
	}
	set := identity.Blocklist(string(words), string(leaked))
	f := identity.NewFilter(len(set))
	for _, w := range slices.Sorted(maps.Keys(set)) {
		f.Add(w)
	}
	if err := os.WriteFile("blocklist/blocklist.bloom", f.Bytes(), 0o644); err != nil { //nolint:gosec // a source file
		log.Fatal(err)
	}
	log.Printf("%d entries, %d bytes", f.Len(), len(f.Bytes()))
}
