// Package azurite runs the emulator of Azure Blob Storage for tests: it checks signatures, keeps blocks and blobs on
// disk and answers with the service's codes. It knows neither versions nor immutability; those are played by Worm,
// which stands before it. What only the real service proves: the versions of the API newer than the emulator's
// (it is told not to refuse them), identities of the cloud, throttling, and everything that Worm plays.
// It must never listen beyond the loopback address, nor outlive its test.
package azurite

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"rakudos/internal/engine/blob/bucket"
)

const name = "acct" // of the account

var listens = regexp.MustCompile(`listens on (http://127\.0\.0\.1:\d+)`)

// Start runs the emulator with one account and one container, and says how to reach it.
func Start(t testing.TB) bucket.Config {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	main := filepath.Join(filepath.Dir(here), "node_modules", "azurite", "dist", "src", "blob", "main.js")
	if _, err := os.Stat(main); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("azurite: %v", err)
		}
		t.Skipf("\n*** NOT TESTED AGAINST AZURE BLOB STORAGE: %v\n*** `make test` installs it; in CI this is a failure.", err)
	}
	key := make([]byte, 64)
	_, _ = rand.Read(key)
	text := base64.StdEncoding.EncodeToString(key)
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "node", main, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", t.TempDir(),
		"--skipApiVersionCheck", "--disableTelemetry", "--silent")
	cmd.Env = append(os.Environ(), "AZURITE_ACCOUNTS="+name+":"+text)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	c := bucket.Config{URL: "azblob://copies/rk", Endpoint: address(t, bufio.NewScanner(out)) + "/" + name, CredentialsFile: secret}
	cred, err := container.NewSharedKeyCredential(name, text)
	if err != nil {
		t.Fatal(err)
	}
	cl, err := container.NewClientWithSharedKeyCredential(c.Endpoint+"/copies", cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cl.Create(ctx, nil); err != nil {
		t.Fatalf("azurite: %v", err)
	}
	return c
}

// address reads where the emulator listens from what it says, and goes on reading, so that it never waits for us.
func address(t testing.TB, said *bufio.Scanner) string {
	found := make(chan string, 1)
	go func() {
		for said.Scan() {
			if m := listens.FindStringSubmatch(said.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	select {
	case a := <-found:
		return a
	case <-time.After(time.Minute):
		t.Fatal("azurite: does not say where it listens")
	}
	return ""
}
