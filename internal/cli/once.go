package cli

import (
	"errors"
	"flag"
	"slices"
	"strings"
)

// formats are the flags of which one at most says how a result is printed.
var formats = []string{"csv", "json"}

// once makes every flag take its value a single time: of two the first would be dropped without a word. A flag that is
// meant to be repeated says so by a method Repeats.
func once(f *flag.FlagSet) {
	f.VisitAll(func(o *flag.Flag) {
		if _, ok := o.Value.(interface{ Repeats() }); !ok {
			o.Value = &single{Value: o.Value}
		}
	})
}

type single struct {
	flag.Value
	given bool
}

var errTwice = errors.New("given twice")

func (s *single) Set(v string) error {
	if s.given {
		return errTwice
	}
	s.given = true
	return s.Value.Set(v)
}

// IsBoolFlag keeps a flag without a value one.
func (s *single) IsBoolFlag() bool {
	b, ok := s.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// contrary names the formats that were asked for together; empty when there is no more than one.
func contrary(f *flag.FlagSet) string {
	var asked []string
	f.Visit(func(o *flag.Flag) {
		if slices.Contains(formats, o.Name) && o.Value.String() == "true" {
			asked = append(asked, "--"+o.Name)
		}
	})
	if len(asked) < 2 {
		return ""
	}
	return strings.Join(asked, " と ")
}
