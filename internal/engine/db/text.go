package db

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// storable tells whether every text among the arguments of a statement can stand in a column. PostgreSQL has no place for
// a NUL or for bytes that are no UTF-8 and would answer with an error of its own; SQLite is held to the same, so that
// both give one answer to whoever sent it.
func storable(args []any) bool {
	for _, a := range args {
		s, ok := a.(string)
		if !ok {
			switch a.(type) {
			case int64, int, []byte, bool, nil:
				continue
			}
			v := reflect.ValueOf(a) // identifiers are strings of a type of their own
			if v.Kind() != reflect.String {
				continue
			}
			s = v.String()
		}
		if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
			return false
		}
	}
	return true
}
