package app

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/cli"
	"rakudos/internal/engine/db"
)

func TestLoadConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	for _, c := range []struct{ name, yaml, env, want string }{
		{"defaults", "", "", ""},
		{"file and environment", "listen: 127.0.0.1:1\n", "RAKUDOS_LISTEN=127.0.0.1:2", ""},
		{"unknown key", "lisen: x\n", "", "lisen"},
		{"unknown variable", "", "RAKUDOS_LISTN=x", "RAKUDOS_LISTN"},
		{"bad address", "listen: nonsense\n", "", "host:port"},
		{"demo outside loopback", "listen: 0.0.0.0:1\ndemo: true\n", "", "loopback"},
		{"engine", "database: {engine: oracle}\n", "", "oracle"},
		{"postgres without dsn", "database: {engine: postgres}\n", "", "dsn_file"},
		{"a return address too long for its tokens", "mail: {return: undelivered-mail@rakudos.example}\n", "", "mail.return"},
		{"a return address with a plus", "mail: {return: a+b@rakudos.example}\n", "", "mail.return"},
		{"returns that nobody asks for", "mail: {bounces: /var/mail/x}\n", "", "mail.bounces needs"},
		{"returns", "mail: {return: bounces@rakudos.example, bounces: /var/mail/x}\n", "", ""},
		{"two faults at once", "listen: x\nmail: {mode: pigeon}\n", "", "pigeon"},
	} {
		if err := os.WriteFile(file, []byte(c.yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadConfig(file, []string{c.env, "PATH=/bin"})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got error %v, want %q", c.name, err, c.want)
		}
		if c.name == "file and environment" && got.Listen != "127.0.0.1:2" {
			t.Errorf("the environment does not win: %q", got.Listen)
		}
	}
}

func TestSecretFileMustBePrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(file, []byte("dsn\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := secret(file); err == nil {
		t.Error("a file that others may read was accepted")
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := secret(file); err != nil || s != "dsn" {
		t.Errorf("got %q, %v", s, err)
	}
}

func TestPublicURL(t *testing.T) {
	for _, c := range []struct{ asked, bound, want string }{
		{"localhost:8443", "127.0.0.1:8443", "https://localhost:8443"},
		{"localhost:0", "127.0.0.1:40001", "https://localhost:40001"},
		{"health.example:443", "10.0.0.1:443", "https://health.example:443"},
		{"[::1]:8443", "[::1]:8443", "https://[::1]:8443"},
		{"0.0.0.0:8443", "0.0.0.0:8443", "https://0.0.0.0:8443"},
		{":8443", "[::]:8443", "https://[::]:8443"},
	} {
		bound, err := net.ResolveTCPAddr("tcp", c.bound)
		if err != nil {
			t.Fatal(err)
		}
		if got := publicURL(c.asked, bound); got != c.want {
			t.Errorf("%s bound as %s: %s, want %s", c.asked, c.bound, got, c.want)
		}
	}
}

// TestKeysStandApartFromRecords: the key store never shares a schema with the records, and no secret is
// taken from a file that others may read.
func TestKeysStandApartFromRecords(t *testing.T) {
	dir := t.TempDir()
	secretFile := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two := secretFile("one", "postgres://a\n", 0o600), secretFile("two", "postgres://b\n", 0o600)
	open := secretFile("open", "postgres://c\n", 0o644)
	for _, c := range []struct {
		what string
		d    Database
		want string
	}{
		{"two databases", Database{DSNFile: one, KeysDSNFile: two}, ""},
		{"two schemas", Database{DSNFile: one, Schema: "records", KeysDSNFile: one, KeysSchema: "keys"}, ""},
		{"the same schema", Database{DSNFile: one, Schema: "x", KeysDSNFile: one, KeysSchema: "x"}, "must not share"},
		{"the same default schema", Database{DSNFile: one, KeysDSNFile: one}, "must not share"},
		{"readable by others", Database{DSNFile: open, KeysDSNFile: two}, "chmod 600"},
		{"no such file", Database{DSNFile: one, KeysDSNFile: filepath.Join(dir, "none")}, "no such file"},
	} {
		c.d.Engine = db.Postgres
		main, keys, err := databases(Config{Database: c.d})
		if c.want == "" && (err != nil || main.DSN == keys.DSN && main.Schema == keys.Schema) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	main, keys, err := databases(DefaultConfig())
	if err != nil || main.Path == keys.Path || filepath.Base(main.Path) != "main.db" || filepath.Base(keys.Path) != "keys.db" {
		t.Errorf("%+v, %+v, %v", main, keys, err)
	}
}

// TestTheCommandLineOverrulesTheFile: defaults, file, environment, flags, in this order.
func TestTheCommandLineOverrulesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("data: from-file\nlisten: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"RAKUDOS_DATA=from-env"}
	for _, c := range []struct {
		o            cli.Options
		data, listen string
		wrong        bool
	}{
		{cli.Options{}, "data", "localhost:8443", false},
		{cli.Options{Config: file}, "from-file", "127.0.0.1:1", false},
		{cli.Options{Config: file, Env: env}, "from-env", "127.0.0.1:1", false},
		{cli.Options{Config: file, Env: env, Data: "from-flag", Listen: "127.0.0.1:2"}, "from-flag", "127.0.0.1:2", false},
		{cli.Options{Listen: "0.0.0.0:1", Demo: true}, "", "", true}, // a flag is checked like the file
		{cli.Options{Config: file + ".none"}, "", "", true},
	} {
		got, err := configure(c.o)
		if (err != nil) != c.wrong || err == nil && (got.Data != c.data || got.Listen != c.listen) {
			t.Errorf("%+v: data %s, listen %s, %v", c.o, got.Data, got.Listen, err)
		}
	}
	text, err := houseConfig(cli.Options{Config: file})
	if err != nil || !strings.Contains(text, "data: from-file") || strings.Contains(text, "sabotage") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestVerbsOnDataThatIsNotThere make nothing.
func TestVerbsOnDataThatIsNotThere(t *testing.T) {
	o := cli.Options{Data: filepath.Join(t.TempDir(), "none")}
	_, errVerify := houseVerify(t.Context(), o)
	_, errStatement := houseStatement(t.Context(), o)
	_, errTenants := houseTenants().List(t.Context(), o)
	_, errUser := houseUserAct(t.Context(), o, "midori", "hr", "unlock", "test")
	for what, err := range map[string]error{"audit verify": errVerify, "statement": errStatement, "tenant list": errTenants, "user unlock": errUser} {
		if f := fault.Of(err); f == nil || f.Code != "app.no_data" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if HasData(o.Data) {
		t.Error("a data directory was made")
	}
	if _, err := os.Stat(o.Data); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}

func TestHosts(t *testing.T) {
	for listen, want := range map[string]string{
		"localhost:8443": "a.example", "127.0.0.1:0": "a.example", "[::]:443": "a.example", ":443": "a.example", "kenshin.example.jp:443": "kenshin.example.jp a.example",
	} {
		c := Config{Listen: listen, Names: []string{"a.example"}}
		if got := strings.Join(c.hosts(), " "); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}
