package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rakudos/internal/base/canon"
	"rakudos/internal/base/jst"
)

// Publish adds an edition to the history in a folder: the document under the address of its bytes, and an
// entry at the end of the chain. It replaces the last entry when that is a draft of the same number, and
// refuses to touch any other.
func Publish(dir string, d Document, e Edition) (Edition, error) {
	date, err := jst.ParseDate(e.Date)
	if err != nil || e.Number == "" || e.Note == "" || e.Imported || len(d.Clauses) == 0 {
		return e, errors.New("statement: an edition needs a number, a date, a note and clauses")
	}
	e.Date = date.String()
	body, err := canon.JSON(d)
	if err != nil {
		return e, err
	}
	e.SHA256 = digest(body)
	name := filepath.Join(dir, manifestName)
	raw, err := os.ReadFile(name)
	if err != nil {
		return e, fmt.Errorf("statement: publish: %w", err)
	}
	var links []link
	if err := json.Unmarshal(raw, &links); err != nil {
		return e, fmt.Errorf("statement: publish: %w", err)
	}
	var gone string
	if n := len(links); n > 0 && links[n-1].Draft && links[n-1].Number == e.Number {
		gone = links[n-1].SHA256
		links = links[:n-1]
	}
	for _, l := range links {
		if l.Number == e.Number {
			return e, fmt.Errorf("statement: edition %s is in force and is not replaced", e.Number)
		}
	}
	l := link{Edition: e}
	if n := len(links); n > 0 {
		l.Prev = links[n-1].Hash
	}
	if l.Hash, err = l.seal(); err != nil {
		return e, err
	}
	out, err := json.MarshalIndent(append(links, l), "", "  ")
	if err != nil {
		return e, err
	}
	if err := os.WriteFile(filepath.Join(dir, e.SHA256+".json"), body, 0o644); err != nil {
		return e, fmt.Errorf("statement: publish: %w", err)
	}
	if err := os.WriteFile(name, append(out, '\n'), 0o644); err != nil {
		return e, fmt.Errorf("statement: publish: %w", err)
	}
	if gone != "" && gone != e.SHA256 {
		return e, os.Remove(filepath.Join(dir, gone+".json"))
	}
	return e, nil
}

// Republish gives the newest edition, which must be a draft, the words of today.
func Republish(dir string, d Document) (Edition, error) {
	p, err := openPast(func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) })
	if err != nil {
		return Edition{}, err
	}
	e := p.newest().Edition
	if !e.Draft {
		return e, fmt.Errorf("statement: edition %s is in force; a new edition is due", e.Number)
	}
	return Publish(dir, d, e)
}
