package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
)

// Keys gives out tenant keys; the vault fills it.
type Keys interface {
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Recorder writes an audit event in the caller's transaction.
type Recorder interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
}

// TenantInfo is what signing in needs to know of a tenant.
type TenantInfo struct {
	ID     ids.Tenant
	Code   string
	Name   string
	Closed bool
	Probe  bool // of the service's own probes
	// Association: the tenant of those who run the service; only there may its roles be given.
	Association bool
}

// Tenants finds tenants; an unknown one is fault.Missing. Package tenant fills it.
type Tenants interface {
	TenantByCode(ctx context.Context, code string) (TenantInfo, error)
	TenantByID(ctx context.Context, t ids.Tenant) (TenantInfo, error)
	Associations(ctx context.Context) ([]ids.Tenant, error) // of those who run the service
}

// Guard refuses an actor without a permission; package access fills it.
type Guard func(a actor.Actor, permission string) error

// What administrators need.
const (
	permManage = "account.manage"
	permUnlock = "account.unlock"

	permSeal       = "sealed.seal"
	permSealRead   = "sealed.read"
	permSealReview = "sealed.review"
	permEmergency  = "emergency.act"
)

// Options are what the service is made of. All are needed.
type Options struct {
	DB      *db.DB
	Keys    Keys
	Log     Recorder
	Mail    mail.Sender
	Tenants Tenants
	Guard   Guard
	// Apart refuses what one person must not hold together: roles, and personnel authority as stated. Package access
	// fills it. nil: no such pairs.
	Apart func(roles []actor.Role, say actor.Personnel) error
	// Rules names the roles by which one decides and asks under a rule for two people; package access fills it.
	Rules func(rule string) (decides, asks []actor.Role, oneWay, ok bool)
	// RoleName is how a role is called in a mail; nil: its own word.
	RoleName func(actor.Role) string
	Policy   Policy
	Site     string // address of the service as people type it, for mails
	Returns  string // address to which mails that can't be delivered come back; empty: nobody reads them
	Sandbox  bool   // a sabotaged policy is refused without it
}

// Service signs people in and keeps their accounts. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	keys    Keys
	log     Recorder
	mail    mail.Sender
	tenants Tenants
	guard   Guard
	apart   func([]actor.Role, actor.Personnel) error
	named   func(actor.Role) string
	rules   func(string) (decides, asks []actor.Role, oneWay, ok bool)
	policy  Policy
	site    string
	returns string

	gate     *gate
	unusable string // the hash of a password that nobody knows
	dummy    hashed // hashed against when there is no account, so that it costs the same
	touch    *touches
	first    audit.First // of rows that do not verify

	ending  context.Context // ended by Close
	end     context.CancelFunc
	notices sync.WaitGroup
}

// New checks the policy and makes the service. Close it before the database.
func New(o Options) (*Service, error) {
	if o.Policy.Sabotaged() && !o.Sandbox {
		return nil, fault.New(fault.Internal, "identity.sabotaged")
	}
	if err := o.Policy.Check(); err != nil && !o.Sandbox {
		return nil, err
	}
	unusable := hashPassword(o.Policy.Hash, randomToken())
	dummy, err := parseHash(unusable)
	if err != nil {
		return nil, err
	}
	s := &Service{
		db: o.DB, keys: o.Keys, log: o.Log, mail: o.Mail, tenants: o.Tenants, guard: o.Guard, apart: o.Apart, named: o.RoleName, rules: o.Rules, policy: o.Policy, site: o.Site, returns: o.Returns,
		gate: newGate(o.Policy.HashSlots, o.Policy.HashQueue), dummy: dummy, unusable: unusable,
	}
	s.touch = newTouches(s.writeTouches)
	s.ending, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Close writes down the last activity and waits a little for notices on their way.
func (s *Service) Close() error {
	err := s.touch.close()
	stop := time.AfterFunc(5*time.Second, s.end)
	s.notices.Wait()
	stop.Stop()
	s.end()
	return err
}

// Policy returns the figures in force, for pages and sentences.
func (s *Service) Policy() Policy { return s.policy }

// randomToken is 256 random bits for a cookie.
func randomToken() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// tokenHash is what is stored of a cookie: a token of 256 random bits needs no slow hash.
func tokenHash(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

func at(table, id, column string) vault.Loc { return vault.Loc{Table: table, ID: id, Column: column} }

const accountsTable = "identity_accounts"

func (s *Service) loginIndex(k *vault.Key, login string) []byte {
	return k.Index("identity.login", NormalLogin(login))
}

// throttleID names the row of an account name and a network. It is keyed, so that the table tells nobody
// which names have been tried from where.
func throttleID(system *vault.Key, tenant, login, addr string) string {
	return hex.EncodeToString(system.MAC("identity.throttle", []byte(NormalLogin(tenant)), []byte(NormalLogin(login)), []byte(Network(addr))))
}

// visitor is the actor of an attempt that has not proven who it is.
func visitor(t ids.Tenant, a ids.Account, v Visit) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: t, Account: a, Addr: v.Addr, Request: v.Request, Purpose: "sign-in"}
}

// record appends an event of this package.
func (s *Service) record(tx *db.Tx, verb string, a actor.Actor, result string, detail map[string]any) error {
	_, err := s.log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "account", Result: result, Detail: detail})
	return err
}

// transact runs fn in a transaction that sees the tenant and the service's own rows.
func (s *Service) transact(ctx context.Context, fn func(*db.Tx) error) error {
	return s.db.Tx(ctx, db.Global, fn)
}
