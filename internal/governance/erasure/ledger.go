package erasure

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
)

// Entry is one line of the erasure ledger: what is about to be erased, by opaque identifiers only.
type Entry struct {
	N       int64        `json:"n"` // from 1, without a gap
	At      time.Time    `json:"at"`
	Run     string       `json:"run"`
	Kind    Kind         `json:"kind"`
	Tenant  ids.Tenant   `json:"tenant"`
	People  []ids.Person `json:"people,omitempty"`  // of Persons
	Records []string     `json:"records,omitempty"` // of Records: "table id"
	Prev    string       `json:"prev"`              // hash of the entry before
	MAC     string       `json:"mac,omitempty"`     // with the service's own key, over everything else
}

// Signer makes the entries' MACs and remembers the head in the key store; *vault.Vault is one.
type Signer interface {
	MAC(ctx context.Context, purpose string, parts ...[]byte) ([]byte, error)
	KeepHead(ctx context.Context, h vault.Head) error
	LedgerHead(ctx context.Context) (vault.Head, error)
}

const purpose = "erasure ledger"

// Ledger is a file that only grows, outside of the databases and their backups, with a second copy where one
// is configured. An entry is on the disk before Append returns.
type Ledger struct {
	files []string // the ledger, then its copy if there is one
	mu    sync.Mutex
}

const ledgerName = "ledger"

// NewLedger keeps the ledger in a folder, and a copy in another unless that is empty.
func NewLedger(dir, copyDir string) *Ledger {
	l := &Ledger{files: []string{filepath.Join(dir, ledgerName)}}
	if copyDir != "" {
		l.files = append(l.files, filepath.Join(copyDir, ledgerName))
	}
	return l
}

// genesis is what the first entry continues.
var genesis = hex.EncodeToString(make([]byte, sha256.Size))

// Read gives every entry after it has checked numbers, chain and MACs, and that the ledger reaches at least
// to the head that the key store remembers. Faults: "erasure.ledger_missing", "_short", "_altered".
func (l *Ledger) Read(ctx context.Context, s Signer) ([]Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.read(ctx, s)
}

func (l *Ledger) read(ctx context.Context, s Signer) ([]Entry, error) {
	head, err := s.LedgerHead(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(l.files[0])
	if errors.Is(err, fs.ErrNotExist) {
		if head.N > 0 {
			return nil, fault.New(fault.Conflict, "erasure.ledger_missing", "file", l.files[0])
		}
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "erasure.ledger_unreadable", "file", l.files[0]).Because(err)
	}
	all, _, err := parse(ctx, s, raw)
	if err != nil {
		return nil, err
	}
	if int64(len(all)) < head.N {
		return nil, fault.New(fault.Conflict, "erasure.ledger_short", "have", itoa(int64(len(all))), "want", itoa(head.N))
	}
	if head.N > 0 && all[head.N-1].hash() != hex.EncodeToString(head.Hash) {
		return nil, altered(head.N)
	}
	return all, nil
}

// parse checks a ledger's text. What follows the last line end is an entry whose writing was broken off
// before anything was destroyed; good is how many bytes are whole.
func parse(ctx context.Context, s Signer, raw []byte) (all []Entry, good int, err error) {
	prev := genesis
	for good < len(raw) {
		end := bytes.IndexByte(raw[good:], '\n')
		if end < 0 {
			break
		}
		var e Entry
		line := raw[good : good+end]
		n := int64(len(all) + 1)
		if json.Unmarshal(line, &e) != nil || e.N != n || e.Prev != prev || !bytes.Equal(e.bytes(), line) {
			return nil, 0, altered(n)
		}
		mac, err := e.mac(ctx, s)
		if err != nil {
			return nil, 0, err
		}
		if got, err := hex.DecodeString(e.MAC); err != nil || !hmac.Equal(got, mac) {
			return nil, 0, altered(n)
		}
		all, prev, good = append(all, e), e.hash(), good+end+1
	}
	return all, good, nil
}

func altered(n int64) error {
	return fault.New(fault.Conflict, "erasure.ledger_altered", "entry", itoa(n))
}

func (e Entry) bytes() []byte {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings, numbers and a time
	}
	return b
}

func (e Entry) hash() string {
	h := sha256.Sum256(e.bytes())
	return hex.EncodeToString(h[:])
}

func (e Entry) mac(ctx context.Context, s Signer) ([]byte, error) {
	e.MAC = ""
	return s.MAC(ctx, purpose, e.bytes())
}

// Append writes an entry to the ledger and its copy, to the disk, and remembers it in the key store. A run
// that is in the ledger already keeps its entry.
func (l *Ledger) Append(ctx context.Context, s Signer, e Entry) (Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all, err := l.read(ctx, s)
	if err != nil {
		return e, err
	}
	for _, old := range all {
		if old.Run == e.Run {
			return old, l.finish(ctx, s, all, old)
		}
	}
	e.N, e.Prev, e.At = int64(len(all)+1), genesis, e.At.UTC().Truncate(time.Microsecond)
	if len(all) > 0 {
		e.Prev = all[len(all)-1].hash()
	}
	mac, err := e.mac(ctx, s)
	if err != nil {
		return e, err
	}
	e.MAC = hex.EncodeToString(mac)
	return e, l.finish(ctx, s, append(all, e), e)
}

// finish brings every file to the same state, the copy too, and then moves the head.
func (l *Ledger) finish(ctx context.Context, s Signer, all []Entry, e Entry) error {
	for _, file := range l.files {
		if err := extend(ctx, s, file, all); err != nil {
			return err
		}
	}
	last := all[len(all)-1]
	hash, err := hex.DecodeString(last.hash())
	if err != nil {
		return err
	}
	return s.KeepHead(ctx, vault.Head{N: last.N, Hash: hash})
}

// extend appends to a file what it lacks of all. A file that says something else is left alone and refused.
func extend(ctx context.Context, s Signer, file string, all []Entry) error {
	unwritable := func(err error) error {
		return fault.New(fault.Busy, "erasure.ledger_unwritable", "file", file).Because(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return unwritable(err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return unwritable(err)
	}
	defer f.Close() //nolint:errcheck // synced below
	raw, err := os.ReadFile(file)
	if err != nil {
		return unwritable(err)
	}
	have, good, err := parse(ctx, s, raw)
	if err != nil {
		return err
	}
	if len(have) > len(all) || len(have) > 0 && have[len(have)-1].hash() != all[len(have)-1].hash() {
		return altered(int64(len(have)))
	}
	var b bytes.Buffer
	for _, e := range all[len(have):] {
		b.Write(e.bytes())
		b.WriteByte('\n')
	}
	if err := f.Truncate(int64(good)); err != nil {
		return unwritable(err)
	}
	if _, err := f.WriteAt(b.Bytes(), int64(good)); err != nil {
		return unwritable(err)
	}
	return errors.Join(f.Sync(), syncDir(filepath.Dir(file)))
}

// Exists tells whether the file is there.
func (l *Ledger) Exists() bool {
	_, err := os.Stat(l.files[0])
	return err == nil
}

// CopyTo puts the ledger into another folder, for data that was restored there. A ledger that does not exist is no error:
// a restore that needed it was refused before.
func (l *Ledger) CopyTo(dir string) error {
	raw, err := os.ReadFile(l.files[0])
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ledgerName), raw, 0o600)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
