package statement

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"rakudos/internal/base/canon"
)

// published holds the versions of our statement: manifest.json chains them, and each of our own is a
// file named after the SHA-256 of its bytes.
//
//go:embed versions/*.json
var versions embed.FS

const manifestName = "manifest.json"

// reader gives a file of the history by name.
type reader func(name string) ([]byte, error)

// published reads the history that the program was built with.
func published(name string) ([]byte, error) { return versions.ReadFile("versions/" + name) }

// Edition is one entry of the history of changes.
type Edition struct {
	Number   string `json:"version"`
	Date     string `json:"date"` // civil date, Japan
	Note     string `json:"note"`
	Draft    bool   `json:"draft"`    // not in force yet: 案
	Imported bool   `json:"imported"` // of the source document: 移行, without evidence
	SHA256   string `json:"sha256"`   // of the bytes of our own edition; empty when imported
}

// link is an entry with its place in the chain.
type link struct {
	Edition
	Prev string `json:"prev"` // Hash of the entry before; empty for the first
	Hash string `json:"hash"` // SHA-256 of the canonical JSON of the entry without this field
}

func (l link) seal() (string, error) {
	b, err := canon.JSON(struct {
		Edition
		Prev string `json:"prev"`
	}{l.Edition, l.Prev})
	return digest(b), err
}

func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Document is what an edition promises: words without their state. Its canonical JSON is content-addressed.
type Document struct {
	Service    string           `json:"service"`
	Clauses    []DocumentClause `json:"clauses"`
	Extensions []DocumentClause `json:"extensions"`
}

// DocumentClause is one clause, or one extension, of an edition.
type DocumentClause struct {
	ID             string   `json:"id"`
	Title          string   `json:"title,omitempty"`
	Says           string   `json:"says"`
	Interpretation string   `json:"interpretation,omitempty"`
	Controls       []string `json:"controls,omitempty"`
}

// DocumentOf takes the words out of a rendered statement.
func DocumentOf(s Statement) Document {
	d := Document{Service: s.Service}
	for _, c := range s.Clauses {
		k := DocumentClause{ID: c.ID, Title: c.Title, Says: c.Says, Interpretation: c.Interpretation}
		for _, card := range c.Controls {
			k.Controls = append(k.Controls, card.ID)
		}
		d.Clauses = append(d.Clauses, k)
	}
	for _, e := range s.Extensions {
		d.Extensions = append(d.Extensions, DocumentClause{ID: e.ID, Says: e.Says})
	}
	return d
}

// Document is what the controls of today promise.
func (s *Service) Document() Document {
	return DocumentOf(s.render(nil, func(*Observation) *int64 { return nil }, time.Time{}))
}

// past is the verified history: the entries and the document of the newest edition.
type past struct {
	links []link
	last  Document
}

func (p past) newest() link { return p.links[len(p.links)-1] }

func (p past) editions() []Edition {
	out := make([]Edition, len(p.links))
	for i, l := range p.links {
		out[i] = l.Edition
	}
	return out
}

// openPast reads the history and checks it: every entry names the hash of the one before, has the hash of
// its own content, and every edition of ours has the bytes that its address says.
func openPast(read reader) (past, error) {
	var p past
	b, err := read(manifestName)
	if err != nil {
		return p, fmt.Errorf("statement: history: %w", err)
	}
	if err := json.Unmarshal(b, &p.links); err != nil {
		return p, fmt.Errorf("statement: history: %w", err)
	}
	if len(p.links) == 0 {
		return p, fmt.Errorf("statement: history: no edition")
	}
	prev := ""
	for _, l := range p.links {
		sum, err := l.seal()
		if err != nil {
			return p, err
		}
		if l.Prev != prev || l.Hash != sum {
			return p, fmt.Errorf("statement: history: the entry of edition %s does not fit its chain", l.Number)
		}
		prev = l.Hash
		if l.Imported {
			continue
		}
		body, err := read(l.SHA256 + ".json")
		if err != nil {
			return p, fmt.Errorf("statement: history: edition %s: %w", l.Number, err)
		}
		if digest(body) != l.SHA256 {
			return p, fmt.Errorf("statement: history: edition %s has been altered", l.Number)
		}
		p.last = Document{}
		if err := json.Unmarshal(body, &p.last); err != nil {
			return p, fmt.Errorf("statement: history: edition %s: %w", l.Number, err)
		}
	}
	return p, nil
}
