// Command publish puts an edition of the statement into the history of changes. It reads what
// `rakudos statement --json` prints:
//
//	rakudos statement --json | go run ./internal/statement/publish -version 4 -draft -note "…"
//
// A draft may be published again under its number; an edition in force never.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/statement"
)

func main() {
	dir := flag.String("dir", "internal/statement/versions", "folder of the history")
	number := flag.String("version", "", "number of the edition")
	note := flag.String("note", "", "what has changed, in Japanese")
	date := flag.String("date", jst.Of(time.Now()).String(), "date of the edition")
	draft := flag.Bool("draft", false, "not in force yet")
	flag.Parse()
	if err := run(*dir, statement.Edition{Number: *number, Note: *note, Date: *date, Draft: *draft}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string, e statement.Edition) error {
	var s statement.Statement
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		return fmt.Errorf("publish: standard input: %w", err)
	}
	e, err := statement.Publish(dir, statement.DocumentOf(s), e)
	if err != nil {
		return err
	}
	_, err = fmt.Println(e.Number, e.Date, e.SHA256)
	return err
}
