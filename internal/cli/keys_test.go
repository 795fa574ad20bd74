package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/vault"
	"rakudos/internal/operations/keys"
)

// ringHouse is a house whose keys answer with what a test prepared.
func ringHouse(inv *keys.Inventory, asked *RotateRequest) House {
	return House{Keys: KeyRing{
		List: func(context.Context, Options) (*keys.Inventory, error) { return inv, nil },
		Rotate: func(_ context.Context, _ Options, r RotateRequest, tell func(*keys.Work)) (*keys.Work, error) {
			*asked = r
			tell(&keys.Work{Step: "wrap", Done: 3, Total: 9})
			return &keys.Work{ID: "w", Kind: r.Level, State: keys.Done, Step: "done", From: "1"}, nil
		},
		MoveRoot: func(_ context.Context, _ Options, to, reason string, tell vault.Tell) (string, string, error) {
			tell(1, 2)
			return "file:a", "transit:" + to, nil
		},
	}}
}

func TestTheInventoryIsAnExitCode(t *testing.T) {
	inv := &keys.Inventory{Lines: []keys.Line{
		{Kind: keys.Root, Name: "file:ab", Count: 1, Versions: 1, Made: time.Unix(0, 0), Limit: time.Unix(1, 0)},
		{Kind: keys.Tenant, Code: "midori", Name: "v2", Count: 1, Versions: 2, Over: true, Limit: time.Unix(1, 0)},
		{Kind: keys.Person, Code: "midori", Name: "v1", Count: 320, Versions: 1},
	}, Copies: []keys.Copy{{ID: "copy-1"}}, Destroyed: 4}
	code, out, errs := call(t, ringHouse(inv, nil), "keys", "list")
	if code != Done || errs != "" {
		t.Fatalf("code %d: %s", code, errs)
	}
	for _, w := range []string{"ルート鍵", "会社の鍵", "320本", "midori", "期限切れ", "期限なし", "copy-1", "破棄した鍵 4本"} {
		if !strings.Contains(out, w) {
			t.Errorf("%q is missing:\n%s", w, out)
		}
	}
	inv.Alerts = []keys.Alert{{Code: "age"}}
	code, out, _ = call(t, ringHouse(inv, nil), "keys", "list")
	if code != Failed || !strings.Contains(out, "1年を過ぎた鍵") {
		t.Errorf("an old key: code %d\n%s", code, out)
	}
	code, out, _ = call(t, ringHouse(inv, nil), "keys", "list", "--json")
	var v keys.Inventory
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != Failed || len(v.Lines) != 3 {
		t.Errorf("code %d, %v\n%s", code, err, out)
	}
}

func TestKeysAreRotatedByLevel(t *testing.T) {
	for args, want := range map[string]string{
		"rotate":                              "--level",
		"rotate --level tenant":               "--tenant",
		"rotate --level person --tenant a":    "--person",
		"rotate --level root":                 "--reason",
		"rotate --level planet --reason x":    "--level は root",
		"rewrap":                              "--reason",
		"move-root --reason x":                "--to",
		"move-root --to x.yaml":               "--reason",
		"rotate --level tenant --reason year": "--tenant",
	} {
		var asked RotateRequest
		code, _, errs := call(t, ringHouse(nil, &asked), append([]string{"keys"}, strings.Fields(args)...)...)
		if code != Usage || !strings.Contains(errs, want) || asked.Level != "" {
			t.Errorf("%s: code %d\n%s", args, code, errs)
		}
	}
	for args, want := range map[string]RotateRequest{
		"rotate --level root --reason year":                         {Level: keys.Root, Reason: "year"},
		"rotate --level tenant --tenant a --reason year":            {Level: keys.Tenant, Tenant: "a", Reason: "year"},
		"rotate --level person --tenant a --person p --reason lost": {Level: keys.Person, Tenant: "a", Person: "p", Reason: "lost"},
		"rewrap --tenant a --reason kms":                            {Level: keys.Rewrap, Tenant: "a", Reason: "kms"},
	} {
		var asked RotateRequest
		code, out, errs := call(t, ringHouse(nil, &asked), append([]string{"keys"}, strings.Fields(args)...)...)
		if code != Done || asked != want || !strings.Contains(out, "新しくしました") || !strings.Contains(errs, "3/9") {
			t.Errorf("%s: code %d, %+v\n%s%s", args, code, asked, out, errs)
		}
	}
	code, out, _ := call(t, ringHouse(nil, nil), "keys", "move-root", "--to", "new.yaml", "--reason", "kms", "--json")
	var v map[string]string
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != Done || v["to"] != "transit:new.yaml" {
		t.Errorf("code %d, %v\n%s", code, err, out)
	}
}
