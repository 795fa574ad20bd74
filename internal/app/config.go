package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/statement"
)

// Config is everything an operator may set. Secrets are named by file, never written here.
type Config struct {
	Listen   string   `yaml:"listen"`   // host:port of the TLS listener
	Data     string   `yaml:"data"`     // directory for everything that is stored
	Demo     bool     `yaml:"demo"`     // demo tenants and demo pages
	Names    []string `yaml:"names"`    // host names of the server certificate beside localhost
	Service  Service  `yaml:"service"`  // what the service and its provider are called
	Database Database `yaml:"database"` // SQLite in the data directory, or PostgreSQL
	Mail     Mail     `yaml:"mail"`     // how codes and notices leave
	Backup   Backup   `yaml:"backup"`   // where backups lie
	Identity Identity `yaml:"identity"` // passwords and signing in
	SSO      SSO      `yaml:"sso"`      // how the tenants' identity providers are reached
	Erasure  Erasure  `yaml:"erasure"`  // the erasure ledger
	Keys     Keys     `yaml:"keys"`     // where the root key is

	still    bool                                    // nothing is probed unasked; see Still
	sweep    time.Duration                           // between looks for what another node erased; 0 is sweepMemory
	socket   func(addr string) (net.Listener, error) // opens what is listened on; nil is net.Listen
	sabotage map[string]bool                         // sandboxes of the probes only; not reachable from a file or the environment
}

// Still keeps the service from probing its promises by itself: each is unverified (未確認) until somebody asks. It is for
// tests that look at something else, and cannot be set in a file or the environment.
func (c *Config) Still() { c.still = true }

// Service names the service and its provider on every page.
type Service struct {
	Name        string `yaml:"name"`
	Association string `yaml:"association"`
	HomePage    string `yaml:"home_page"`
	ContactMail string `yaml:"contact_mail"`
	ContactForm string `yaml:"contact_form"`
}

// Database chooses the engine. The key store is a database of its own.
type Database struct {
	Engine       db.Engine `yaml:"engine"`         // sqlite or postgres
	DSNFile      string    `yaml:"dsn_file"`       // file with the service role's DSN
	OwnerDSNFile string    `yaml:"owner_dsn_file"` // file with the migrating role's DSN
	Schema       string    `yaml:"schema"`
	KeysDSNFile  string    `yaml:"keys_dsn_file"` // key store; must be another database or schema
	KeysOwnerDSN string    `yaml:"keys_owner_dsn_file"`
	KeysSchema   string    `yaml:"keys_schema"`
}

// passwords is the policy under the names that the service and its provider go by here: none may stand in a password.
func (c *Config) passwords() identity.Policy {
	p := identity.DefaultPolicy()
	for _, w := range identity.NameWords(c.Service.Name) {
		if utf8.RuneCountInString(w) >= p.ContextLeast {
			p.ServiceNames = append(p.ServiceNames, w)
		}
	}
	return p
}

// Identity changes signing in where the clauses leave room.
type Identity struct {
	BlocklistFile string `yaml:"blocklist_file"` // passwords or SHA-1 hashes to refuse beside the built-in list, one a line
}

// SSO says where the identity providers of the tenants may be. A tenant can't widen it.
type SSO struct {
	AllowPrivate bool   `yaml:"allow_private"` // providers at addresses of private networks
	RootsFile    string `yaml:"roots_file"`    // PEM of further certificate authorities of providers
}

// Erasure says where the second copy of the erasure ledger is kept; empty: there is none.
type Erasure struct {
	Copy string `yaml:"copy"` // folder on another disk or machine
}

// Mail chooses the way out: a spool folder in the data directory, or an SMTP server.
type Mail struct {
	Mode         string `yaml:"mode"` // spool or smtp
	From         string `yaml:"from"`
	Host         string `yaml:"host"`
	Port         int    `yaml:"port"`
	User         string `yaml:"user"`
	PasswordFile string `yaml:"password_file"`
	Return       string `yaml:"return"`  // address to which mails come back that can't be delivered; each mail gets a token of its own behind a +
	Bounces      string `yaml:"bounces"` // Maildir into which the mail server puts what came to that address
}

// DefaultConfig is a service on this machine alone, named as in the source document.
func DefaultConfig() Config {
	f := statement.DefaultFigures()
	return Config{
		Listen:   "localhost:8443",
		Data:     "data",
		Service:  Service{Name: f.Service, Association: f.Association, HomePage: f.HomePage, ContactMail: f.Mail, ContactForm: f.Form},
		Database: Database{Engine: db.SQLite},
		Mail:     Mail{Mode: "spool", From: "no-reply@rakudos.example", Port: 587},
		Keys:     Keys{Root: RootKey{Driver: "file"}},
	}
}

// environment variables that change the configuration; any other RAKUDOS_* is refused so that a
// misspelt one is noticed.
var environment = map[string]func(*Config, string){
	"RAKUDOS_LISTEN": func(c *Config, v string) { c.Listen = v },
	"RAKUDOS_DATA":   func(c *Config, v string) { c.Data = v },
	"RAKUDOS_CONFIG": func(*Config, string) {}, // read by the command line
}

// LoadConfig reads defaults, then the YAML file (may be empty), then the environment, and checks the result.
func LoadConfig(file string, env []string) (Config, error) {
	c := DefaultConfig()
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return c, fmt.Errorf("config: %w", err)
		}
		d := yaml.NewDecoder(bytes.NewReader(b))
		d.KnownFields(true)
		if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return c, fmt.Errorf("config: %s: %w", file, err)
		}
	}
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(k, "RAKUDOS_") || strings.HasPrefix(k, "RAKUDOS_TEST_") {
			continue
		}
		set, ok := environment[k]
		if !ok {
			return c, fmt.Errorf("config: environment variable %s is not known", k)
		}
		set(&c, v)
	}
	return c, c.Check()
}

// Check finds everything that is wrong with the configuration, not just the first thing.
func (c *Config) Check() error {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf("config: "+format, a...)) }
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		bad("listen %q is not host:port", c.Listen)
	}
	if c.Demo && !loopback(host) {
		bad("demo shows its mail and passwords on this machine, so it listens on loopback only, not on %q", host)
	}
	if c.Data == "" {
		bad("data is empty")
	}
	c.checkPlaces(bad)
	switch c.Database.Engine {
	case db.SQLite:
	case db.Postgres:
		if c.Database.DSNFile == "" || c.Database.KeysDSNFile == "" {
			bad("postgres needs database.dsn_file and database.keys_dsn_file")
		}
	default:
		bad("database.engine %q is neither sqlite nor postgres", c.Database.Engine)
	}
	switch c.Mail.Mode {
	case "spool":
	case "smtp":
		if c.Mail.Host == "" {
			bad("mail.mode smtp needs mail.host")
		}
	default:
		bad("mail.mode %q is neither spool nor smtp", c.Mail.Mode)
	}
	if _, err := mail.ParseAddress(c.Mail.From); err != nil {
		bad("mail.from %q is not an address", c.Mail.From)
	}
	c.Keys.Root.check(bad)
	local, _, _ := strings.Cut(c.Mail.Return, "@")
	if a, err := mail.ParseAddress(c.Mail.Return); c.Mail.Return != "" && (err != nil || a.Address != c.Mail.Return || len(local) > identity.MaxReturnLocal || strings.Contains(local, "+")) {
		bad("mail.return %q is not an address with at most %d letters and no + before the @", c.Mail.Return, identity.MaxReturnLocal)
	}
	if c.Mail.Bounces != "" && c.Mail.Return == "" {
		bad("mail.bounces needs mail.return: without it nobody knows whose mail came back")
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c *Config) path(parts ...string) string {
	return filepath.Join(append([]string{c.Data}, parts...)...)
}

// secret reads a one-line secret file that nobody else may read.
func secret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	st, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("config: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("config: %s is readable by others (mode %04o); chmod 600 it", file, st.Mode().Perm())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("config: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
