package db

import (
	"slices"
	"strings"
	"sync"
)

// Query is one constant SQL text with a name ("subject.verb") for logs and tests.
type Query struct {
	name, text string
	lite       string // the same for SQLite
	global     bool
}

var (
	queriesMu sync.Mutex
	queries   []Query
)

// Q declares a statement about rows of one tenant. Its text must name tenant_id, and one of its
// arguments must be the tenant of the transaction. Call it only in a package-level var.
func Q(name, text string) Query { return register(Query{name: name, text: strings.TrimSpace(text)}) }

// GlobalQ declares a statement that works over tenants or on a table that has none.
func GlobalQ(name, text string) Query {
	return register(Query{name: name, text: strings.TrimSpace(text), global: true})
}

func register(q Query) Query {
	q.lite = positional(q.text)
	queriesMu.Lock()
	defer queriesMu.Unlock()
	queries = append(queries, q)
	return q
}

// Queries lists every declared statement; tests prepare them all on both engines.
func Queries() []Query {
	queriesMu.Lock()
	defer queriesMu.Unlock()
	return slices.Clone(queries)
}

func (q Query) Name() string { return q.name }
func (q Query) Text() string { return q.text }
func (q Query) Global() bool { return q.global }

// on is the text for an engine.
func (q Query) on(e Engine) string {
	if e == SQLite {
		return q.lite
	}
	return q.text
}
