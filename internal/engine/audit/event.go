package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Event is what happened. Nothing in it may be a name, a health value or a secret.
type Event struct {
	Verb     string         // "checkup.view": what was done
	Actor    actor.Actor    // who, from where, in which request
	Subjects []ids.Person   // whom the data is about
	Kind     string         // which kind of record, e.g. "checkup.values"
	Purpose  string         // why; empty: the actor's purpose
	Result   string         // "ok", "denied" or "failed"; empty: "ok"
	Detail   map[string]any // counts, hashes, identifiers
}

// Ref names one event.
type Ref struct {
	Tenant ids.Tenant
	Seq    int64
	ID     string
}

// Who is the actor as the log keeps it.
type Who struct {
	Kind    actor.Kind   `json:"kind"`
	Account ids.Account  `json:"account,omitempty"`
	Person  ids.Person   `json:"person,omitempty"`
	Session ids.Session  `json:"session,omitempty"`
	Roles   []actor.Role `json:"roles,omitempty"`
	Addr    string       `json:"addr,omitempty"`
	Request string       `json:"request,omitempty"`
	Ticket  string       `json:"ticket,omitempty"` // of the support access that the actor came by
}

// body is the part of an event that only the tenant's key opens.
type body struct {
	Actor    Who            `json:"actor"`
	Subjects []ids.Person   `json:"subjects,omitempty"`
	Kind     string         `json:"kind,omitempty"`
	Purpose  string         `json:"purpose,omitempty"`
	Result   string         `json:"result"`
	Detail   map[string]any `json:"detail,omitempty"`
}

// Entry is an event as Find returns it. When the tenant's key was destroyed, Readable is false and only
// the reference, the time and the verb are left.
type Entry struct {
	Ref
	At       time.Time
	Verb     string
	Actor    Who
	Subjects []ids.Person
	Kind     string
	Purpose  string
	Result   string
	Detail   map[string]any
	LogIndex int64 // -1 while the event is not yet in the transparency log
	Readable bool
}

const saltSize = 16

// salted makes the body: the salt keeps a commitment from being guessed once the key is gone.
func (e Event) salted() ([]byte, error) {
	a := e.Actor
	b := body{
		Actor:    Who{a.Kind, a.Account, a.Person, a.Session, a.Roles, a.Addr, a.Request, a.Ticket},
		Subjects: e.Subjects, Kind: e.Kind, Purpose: e.Purpose, Result: e.Result, Detail: e.Detail,
	}
	if b.Purpose == "" {
		b.Purpose = a.Purpose
	}
	if b.Result == "" {
		b.Result = "ok"
	}
	text, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("audit: %s: %w", e.Verb, err)
	}
	out := make([]byte, saltSize, saltSize+len(text))
	rand.Read(out)
	return append(out, text...), nil
}

func readBody(salted []byte) (body, error) {
	var b body
	if len(salted) < saltSize {
		return b, errors.New("audit: body is too short")
	}
	return b, json.Unmarshal(salted[saltSize:], &b)
}

func commit(salted []byte) []byte {
	h := sha256.New()
	h.Write([]byte("rakudos audit body 1\x00"))
	h.Write(salted)
	return h.Sum(nil)
}

// row is an event as it is stored.
type row struct {
	tenant     ids.Tenant
	seq        int64
	id         string
	at         int64
	verb       string
	commitment []byte
	prev       []byte
	hash       []byte
	sealed     []byte
	index      *int64
}

// link computes the event's hash over everything of it that is readable without a key.
func (r *row) link() []byte {
	b := make([]byte, 0, 256)
	b = append(b, "rakudos audit event 1\x00"...)
	b = appendField(b, r.prev)
	b = appendField(b, []byte(r.tenant))
	b = binary.BigEndian.AppendUint64(b, uint64(r.seq))
	b = appendField(b, []byte(r.id))
	b = binary.BigEndian.AppendUint64(b, uint64(r.at))
	b = appendField(b, []byte(r.verb))
	b = appendField(b, r.commitment)
	sum := sha256.Sum256(b)
	return sum[:]
}

// place binds the sealed body to every clear column of its event, so that none can be exchanged even
// before the event has reached the transparency log.
func (r *row) place() string {
	return r.id + "|" + strconv.FormatInt(r.seq, 10) + "|" + strconv.FormatInt(r.at, 10) + "|" + r.verb
}

func appendField(b, f []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
}

// leaf is what the transparency log holds of an event. Tenant and number stand in the clear so that a
// removed record can still be named; neither says anything about a person.
type leaf struct {
	tenant ids.Tenant
	seq    int64
	hash   [32]byte
}

func (r *row) leaf() leaf { return leaf{r.tenant, r.seq, [32]byte(r.hash)} }

const leafFormat = 1

func (l leaf) bytes() []byte {
	b := append(make([]byte, 0, 48+len(l.tenant)), leafFormat)
	b = appendField(b, []byte(l.tenant))
	b = binary.BigEndian.AppendUint64(b, uint64(l.seq))
	return append(b, l.hash[:]...)
}

func readLeaf(b []byte) (l leaf, err error) {
	bad := errors.New("audit: not a leaf of this log")
	if len(b) < 5 || b[0] != leafFormat {
		return l, bad
	}
	n := binary.BigEndian.Uint32(b[1:5])
	b = b[5:]
	if uint64(len(b)) != uint64(n)+8+32 {
		return l, bad
	}
	l.tenant, l.seq = ids.Tenant(b[:n]), int64(binary.BigEndian.Uint64(b[n:]))
	copy(l.hash[:], b[n+8:])
	return l, nil
}

func (r *row) entry(b *body) Entry {
	e := Entry{Ref: Ref{r.tenant, r.seq, r.id}, At: db.Time(r.at), Verb: r.verb, LogIndex: -1}
	if r.index != nil {
		e.LogIndex = *r.index
	}
	if b != nil {
		e.Readable = true
		e.Actor, e.Subjects, e.Kind, e.Purpose, e.Result, e.Detail = b.Actor, b.Subjects, b.Kind, b.Purpose, b.Result, b.Detail
	}
	return e
}

// people returns the distinct subjects in order.
func people(all []ids.Person) []ids.Person {
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}
