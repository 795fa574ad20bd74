package webtest

import (
	"context"
	"os"
	"sync"
	"testing"

	"rakudos/internal/testkit/outside"
)

var binDir string

// built builds the program once for the tests that run it as a process of its own.
var built = sync.OnceValues(func() (string, error) {
	var err error
	if binDir, err = os.MkdirTemp("", "rkbuilt"); err != nil {
		return "", err
	}
	return outside.Build(context.Background(), binDir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if binDir != "" {
		_ = os.RemoveAll(binDir)
	}
	os.Exit(code)
}
