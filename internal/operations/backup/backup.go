// Package backup copies everything that the service needs once a day, proves every night that the newest
// copy can be restored, and drops what is too old (clauses 4-1 and 6-2b).
// It must never write a readable byte into a backup, keep a generation for longer than a year or a copy
// of the key store for longer than a week, nor call a backup good that it has not read back.
package backup

import (
	"fmt"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// Policy holds every figure of the subject.
type Policy struct {
	Daily   int           // newest days that are kept
	Weekly  int           // newest weeks of which the first day is kept
	Monthly int           // newest months of which the first day is kept
	KeyLife time.Duration // a copy of the key store is gone after this
	Lock    time.Duration // nobody can remove a copy in the second place before; less than the daily generations live
	Hour    int           // of the daily backup, in Japan: before the patch window opens
	Minute  int

	// Margin is how long before its end a generation already goes: until the next run.
	Margin time.Duration

	// A gap of more than Gap before the newest backups is a long outage or a clock that jumped. Nothing is
	// dropped for its age then until Settle days have been backed up since.
	Gap    time.Duration
	Settle int

	// Copies of a PostgreSQL cluster: how often one is made, and how long before the end of KeyLife it goes.
	BaseEvery, BaseMargin time.Duration

	expiry func(taken time.Time) time.Time // when a generation must be gone
}

// DefaultPolicy keeps 35 days, 13 weeks and 12 months, nothing beyond a year, and keys for 7 days.
func DefaultPolicy() Policy {
	return Policy{
		Daily: 35, Weekly: 13, Monthly: 12, KeyLife: 7 * 24 * time.Hour, Lock: 30 * 24 * time.Hour, Hour: 22, Minute: 0, Margin: 25 * time.Hour,
		Gap: 7 * 24 * time.Hour, Settle: 3, BaseEvery: 24 * time.Hour, BaseMargin: 2 * time.Hour, expiry: jst.BackupExpiry,
	}
}

// SabotageExpiry is the policy of the mutants: nothing ever expires.
func (p Policy) SabotageExpiry() Policy {
	p.Daily, p.KeyLife = 1<<20, 1<<62
	p.expiry = func(t time.Time) time.Time { return t.AddDate(100, 0, 0) }
	return p
}

// Kind of a set: what is restored together.
type Kind string

const (
	Data Kind = "data" // records, log, files, environment
	Keys Kind = "keys" // key store and signing key of the log; short-lived
	Base Kind = "base" // the whole PostgreSQL cluster of the records, which WAL brings forward; short-lived
)

// Parts of a set.
const (
	PartMain        = "main"        // the main database
	PartLog         = "log"         // the audit log's files
	PartBlobs       = "blobs"       // files at rest
	PartEnvironment = "environment" // configuration without secrets, versions
	PartKeys        = "keystore"    // the key store
	PartSigning     = "signing"     // the audit log's signing key
	PartCluster     = "cluster"     // the tar of pg_basebackup
)

// Generation is one finished set.
type Generation struct {
	ID       string    `json:"id"`
	Kind     Kind      `json:"kind"`
	Day      jst.Date  `json:"day"` // in Japan, on which it was begun
	Taken    time.Time `json:"taken_at"`
	Bytes    int64     `json:"bytes"`    // in the place where it is kept
	Manifest string    `json:"manifest"` // SHA-256 of the sealed table of contents
	Expires  time.Time `json:"expires_at"`
	Why      []string  `json:"kept_as,omitempty"`  // daily, weekly, monthly
	Restores *Window   `json:"restores,omitempty"` // of a copy of the cluster: to which instants
	Damaged  bool      `json:"damaged,omitempty"`  // its table of contents does not open; the rest is what the database remembers
}

// Manifest is the table of contents of a set.
type Manifest struct {
	Format   int         `json:"format"`
	ID       string      `json:"id"`
	Kind     Kind        `json:"kind"`
	Day      jst.Date    `json:"day"`
	Taken    time.Time   `json:"taken_at"`
	Took     int64       `json:"took_ms"`
	Engine   db.Engine   `json:"engine"`
	Form     string      `json:"form"`   // of the database's dump
	Schema   int64       `json:"schema"` // version
	Build    string      `json:"build"`
	Keys     string      `json:"keys,omitempty"` // the set of keys taken together with this one
	Parts    []Part      `json:"parts"`
	Tables   []db.Digest `json:"tables"` // read inside of the snapshot
	Sentinel string      `json:"sentinel,omitempty"`
	Base     *BaseFacts  `json:"base,omitempty"`
}

// BaseFacts is what bringing a copy of a cluster forward needs to know.
type BaseFacts struct {
	Major    int       `json:"major"`
	System   string    `json:"system"`
	Timeline uint32    `json:"timeline"`
	Segment  int64     `json:"segment"` // bytes of a WAL file
	First    string    `json:"first"`   // the oldest WAL file that it needs
	End      string    `json:"end"`     // the WAL file at which it is consistent
	Ended    time.Time `json:"ended"`   // by the server's clock; it cannot be brought to an earlier instant
	Database string    `json:"database"`
	Schema   string    `json:"schema"`
	Role     string    `json:"role"` // the service's
	WAL      []Piece   `json:"wal"`  // files shipped since the copy before, with their hashes
}

// Part is one stream of a set, cut into pieces.
type Part struct {
	Name   string  `json:"name"`
	Plain  int64   `json:"plain_bytes"`
	Pieces []Piece `json:"pieces"`
}

// Piece is one stored file.
type Piece struct {
	Name   string `json:"name"` // below the set's folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const format = 1

func (m *Manifest) bytes() (n int64) {
	for _, p := range m.Parts {
		for _, f := range p.Pieces {
			n += f.Size
		}
	}
	return n
}

func (m *Manifest) part(name string) (Part, error) {
	for _, p := range m.Parts {
		if p.Name == name {
			return p, nil
		}
	}
	return Part{}, fmt.Errorf("backup: %s has no part %q", m.ID, name)
}

// Finding is something wrong, with the place where it is.
type Finding struct {
	Set   string `json:"set"`
	Day   string `json:"day,omitempty"`
	Part  string `json:"part,omitempty"`
	Piece string `json:"piece,omitempty"`
	What  string `json:"what"` // Japanese, one sentence
}

func (f Finding) String() string {
	s := f.Set
	if f.Piece != "" {
		s += "/" + f.Piece
	} else if f.Part != "" {
		s += "/" + f.Part
	}
	if s == "" {
		return f.What
	}
	return s + ": " + f.What
}
