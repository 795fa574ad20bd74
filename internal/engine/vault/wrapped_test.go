package vault

import (
	"bytes"
	"path/filepath"
	"testing"
)

func TestWrappedKeysNeedTheirRootAndPurpose(t *testing.T) {
	ctx := t.Context()
	root, err := FileRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	k, wrapped, err := NewWrapped(ctx, root, "backup")
	if err != nil {
		t.Fatal(err)
	}
	at := Loc{"t", "1", "c"}
	sealed := k.Seal(at, []byte("content"))
	again, err := OpenWrapped(ctx, root, "backup", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(at, sealed); err != nil || !bytes.Equal(got, []byte("content")) {
		t.Fatalf("%q %v", got, err)
	}
	if _, err := OpenWrapped(ctx, root, "another", wrapped); err == nil {
		t.Error("opened for another purpose")
	}
	other, err := FileRoot(filepath.Join(t.TempDir(), "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWrapped(ctx, other, "backup", wrapped); err == nil {
		t.Error("opened under another root key")
	}
	for i := range wrapped {
		wrapped[i] ^= 1
		if _, err := OpenWrapped(ctx, root, "backup", wrapped); err == nil {
			t.Errorf("byte %d changed: still opens", i)
		}
		wrapped[i] ^= 1
	}
}
