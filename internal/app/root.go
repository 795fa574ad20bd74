package app

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/engine/vault/kms"
)

// Keys says where the root key is.
type Keys struct {
	Root RootKey `yaml:"root"`
}

// RootKey chooses the driver of the root key. Secrets are named by file.
type RootKey struct {
	Driver         string      `yaml:"driver"`          // file, azure or transit
	Path           string      `yaml:"path"`            // file: default root.key in the data directory
	PassphraseFile string      `yaml:"passphrase_file"` // file: seals the file of the root key
	Azure          AzureRoot   `yaml:"azure"`
	Transit        TransitRoot `yaml:"transit"`
}

// AzureRoot is a key of an Azure Key Vault or Managed HSM.
type AzureRoot struct {
	Vault            string `yaml:"vault"`     // https://NAME.vault.azure.net
	Key              string `yaml:"key"`       // its newest version wraps
	Algorithm        string `yaml:"algorithm"` // RSA-OAEP-256, or A256KW in a Managed HSM
	TenantID         string `yaml:"tenant_id"` // with client_id and client_secret_file: a registered application
	ClientID         string `yaml:"client_id"` // alone: a user-assigned managed identity; empty: the system-assigned one
	ClientSecretFile string `yaml:"client_secret_file"`
}

// TransitRoot is a key of the transit engine of OpenBao or HashiCorp Vault.
type TransitRoot struct {
	Address   string `yaml:"address"` // https://HOST:PORT
	Mount     string `yaml:"mount"`   // empty: transit
	Key       string `yaml:"key"`
	Namespace string `yaml:"namespace"`
	TokenFile string `yaml:"token_file"`
	CAFile    string `yaml:"ca_file"`
}

func (r *RootKey) check(bad func(format string, a ...any)) {
	switch r.Driver {
	case "file":
		if r.Azure != (AzureRoot{}) || r.Transit != (TransitRoot{}) {
			bad("keys.root.driver is file, but azure or transit is filled in")
		}
	case "azure":
		if err := r.azure("").Check(); err != nil {
			bad("keys.root.azure: %v", err)
		}
		if r.Azure.ClientSecretFile != "" && (r.Azure.TenantID == "" || r.Azure.ClientID == "") {
			bad("keys.root.azure.client_secret_file needs tenant_id and client_id")
		}
	case "transit":
		if err := r.transit().Check(); err != nil {
			bad("keys.root.transit: %v", err)
		}
	default:
		bad("keys.root.driver %q is neither file nor azure nor transit", r.Driver)
	}
	if r.Driver != "file" && (r.Path != "" || r.PassphraseFile != "") {
		bad("keys.root.path and passphrase_file belong to the driver file")
	}
}

func (r *RootKey) azure(secret string) kms.AzureOptions {
	a := r.Azure
	return kms.AzureOptions{Vault: a.Vault, Key: a.Key, Algorithm: a.Algorithm, TenantID: a.TenantID, ClientID: a.ClientID, Secret: secret}
}

func (r *RootKey) transit() kms.TransitOptions {
	t := r.Transit
	if t.Mount == "" {
		t.Mount = "transit"
	}
	return kms.TransitOptions{Address: t.Address, Mount: t.Mount, Key: t.Key, Namespace: t.Namespace, TokenFile: t.TokenFile, CAFile: t.CAFile}
}

// rootPath is the file of the root key when there is one.
func (c *Config) rootPath() string {
	if c.Keys.Root.Path != "" {
		return c.Keys.Root.Path
	}
	return c.path("root.key")
}

// openRoot opens the root key that the configuration names. Sandboxes have a file of their own: what they
// try must not ask a key service for anything. A missing file is made for a key store that holds nothing yet (or is
// nil: one that is to be wrapped anew); beside one in use it is fault.Missing "vault.root_missing", for a new key
// opens nothing and looks like the right one.
func (c *Config) openRoot(ctx context.Context, keys *db.DB) (vault.Root, error) {
	r := &c.Keys.Root
	switch r.Driver {
	case "azure":
		s, err := secret(r.Azure.ClientSecretFile)
		if err != nil {
			return nil, err
		}
		return kms.Azure(r.azure(s))
	case "transit":
		return kms.Transit(r.transit())
	}
	pass, err := secret(r.PassphraseFile)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.rootPath()); keys != nil && errors.Is(err, fs.ErrNotExist) {
		used, err := vault.Used(ctx, keys)
		if err != nil {
			return nil, err
		}
		if used {
			return nil, fault.New(fault.Missing, "vault.root_missing", "path", c.rootPath())
		}
	}
	return vault.SealedFileRoot(c.rootPath(), []byte(pass))
}

// rootForRestore opens the root key of a restore: the file that is named, else what the configuration says.
// raw is the file as it lies there; nil when a key service has the key.
func (c *Config) rootForRestore(ctx context.Context, file string) (root vault.Root, raw []byte, err error) {
	if file == "" && c.Keys.Root.Driver != "file" {
		root, err = c.openRoot(ctx, nil)
		return root, nil, err
	}
	if file == "" {
		file = c.rootPath()
	}
	if raw, err = os.ReadFile(file); err != nil { // asked first: opening a root key that is not there would make one
		return nil, nil, fault.New(fault.Missing, "backup.no_root_key", "path", file).Because(err)
	}
	pass, err := secret(c.Keys.Root.PassphraseFile)
	if err != nil {
		return nil, nil, err
	}
	root, err = vault.SealedFileRoot(file, []byte(pass))
	return root, raw, err
}
