package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
