package erasure

import "slices"

// Place says in which kind of thing a store is.
type Place string

const (
	Main   Place = "main"   // table of the main database
	Keys   Place = "keys"   // table of the key store
	Blob   Place = "blob"   // files at rest under "<tenant>/<prefix>"
	File   Place = "file"   // in the data directory
	Memory Place = "memory" // of a running process
	Job    Place = "job"    // kind of work that waits in the table of jobs
)

// Erase says how a store forgets a tenant or a person.
type Erase string

const (
	Rows       Erase = "rows"       // rows are deleted, for people too where there is a way to them
	AfterKeys  Erase = "after-keys" // rows are deleted with the tenant once its key is gone
	Skeleton   Erase = "skeleton"   // the row stays, what it says is emptied or unreadable without the key
	KeyDestroy Erase = "destroy"    // the key is overwritten and deleted by the vault
	Files      Erase = "files"      // files are deleted
	Forget     Erase = "forget"     // memory is dropped
	Expire     Erase = "expire"     // goes by itself within the time that Why names
	Own        Erase = "own"        // belongs to the service itself: nobody's data
)

// Store is one place where data may lie. Whatever the program writes to must be declared here; a test reads
// both schemas, the prefixes of files and the data directory, and fails for what is not.
type Store struct {
	Name  string // table, prefix, path in the data directory, or name of the cache
	Place Place
	Says  string // Japanese, for certificates and screens
	Erase Erase
	Why   string // for Skeleton, Expire and Own: what stays and why

	Tenant string   // column of the tenant; empty where there is none
	Key    []string // primary key, without the tenant
	Person string   // column of the person; empty: none, or Via
	Via    Link     // how rows belong to a person through another table
	Class  string   // retention class of health.md §3.8; empty: kept as long as what it serves

	Stays string // what a run over people leaves of them, and why; it goes with the tenant

	Text    string // of a Skeleton: the column of sealed words that is emptied, for people too
	TextEnd string // condition under which people's words may go; a tenant's go in any case

	Unit, UnitKey string // table of the record that rows belong to, and the column that names it
}

// Link goes from a column of this table to a row of another one that names the person.
type Link struct{ Column, Table, Key, Person string }

// ID is "main.person".
func (s Store) ID() string { return string(s.Place) + "." + s.Name }

func (s Store) personal() bool { return s.Person != "" || s.Via.Table != "" }

// Stores is the register, children before parents: rows go in this order.
var Stores = slices.Concat(healthStores, peopleStores, serviceStores, keyStores, fileStores, memoryStores, jobStores)

// Tables gives the declared tables of a database.
func Tables(p Place) (out []Store) {
	for _, s := range Stores {
		if s.Place == p {
			out = append(out, s)
		}
	}
	return out
}

// BlobPrefixes are the prefixes under which files may be put.
func BlobPrefixes() (out []string) {
	for _, s := range Tables(Blob) {
		out = append(out, s.Name)
	}
	return out
}
