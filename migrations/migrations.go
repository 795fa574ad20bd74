// Package migrations holds the schema, one SQL text per step for both engines. A step that has been
// released is never edited; a new one follows.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed main/*.sql keys/*.sql
var files embed.FS

// Main is the schema of the main database.
func Main() fs.FS { return sub("main") }

// Keys is the schema of the key store, which is a separate database.
func Keys() fs.FS { return sub("keys") }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return f
}
