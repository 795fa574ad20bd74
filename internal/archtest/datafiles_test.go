package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/governance/erasure"
)

var (
	dataPath  = regexp.MustCompile(`\.path\(([\w.]+|"[^"]*")`)
	dataByOwn = regexp.MustCompile(`(?:Join|MkdirTemp|CreateTemp)\((?:\w+\.)*Data, *"`)
	textConst = regexp.MustCompile(`(?m)^(?:const)?\s*(\w+)\s*=\s*"([^"]*)"`)
)

// namedElsewhere are the names that come from another package's constant.
var namedElsewhere = map[string]string{"asset.CanaryFiles": "canary-asset-*"}

// TestEveryFileOfTheDataFolderIsDeclared: the wiring names files of the data folder in one way, and each name stands in
// the register of erasure. What a running service has really written is looked at in internal/app.
func TestEveryFileOfTheDataFolderIsDeclared(t *testing.T) {
	var declared, used []string
	for _, s := range erasure.Tables(erasure.File) {
		declared = append(declared, s.Name)
	}
	constants := map[string]string{}
	for _, f := range load(t) {
		if f.test || f.pkg != "internal/app" {
			continue
		}
		for _, m := range textConst.FindAllSubmatch(f.text, -1) {
			constants[string(m[1])] = string(m[2])
		}
		for _, m := range dataPath.FindAllSubmatch(f.text, -1) {
			used = append(used, string(m[1]))
		}
		if dataByOwn.Match(f.text) {
			t.Errorf("%s makes a name in the data folder by hand: use Config.path, which this test reads", f.path)
		}
	}
	for _, name := range used {
		if strings.HasPrefix(name, `"`) {
			name = strings.Trim(name, `"`)
		} else if namedElsewhere[name] != "" {
			name = namedElsewhere[name]
		} else {
			name = constants[name]
		}
		if !slices.Contains(declared, name) {
			t.Errorf("%q lies in the data folder and is not declared in internal/governance/erasure/stores_service.go", name)
		}
	}
	if len(used) < 20 {
		t.Errorf("only %d names were found", len(used))
	}
}
