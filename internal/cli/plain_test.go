package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/audit"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/backup"
)

// TestAGroupListsItsOwnVerbsAlone with their lines.
func TestAGroupListsItsOwnVerbsAlone(t *testing.T) {
	for _, g := range []string{"backup", "erasure", "keys", "audit", "certificate", "asset"} {
		_, out, _ := call(t, House{}, "help", g)
		for _, c := range commands() {
			own := strings.HasPrefix(c.name, g+" ")
			if strings.Contains(out, "  "+c.name+" ") != own || own && !strings.Contains(out, c.says) {
				t.Errorf("help %s, %s:\n%s", g, c.name, out)
			}
		}
	}
}

// TestVerbsOnAStoppedServiceSaySo: each verb of these groups works on a stopped service's data, but for the one that
// needs a file alone.
func TestVerbsOnAStoppedServiceSaySo(t *testing.T) {
	for _, c := range commands() {
		g, _, _ := strings.Cut(c.name, " ")
		if !strings.Contains(" backup erasure keys audit certificate asset ", " "+g+" ") || c.name == "certificate verify" {
			continue
		}
		if !strings.Contains(c.says, "サービスを止めた状態で") {
			t.Errorf("%s does not say that the service must be stopped: %s", c.name, c.says)
		}
	}
}

// TestTimesInJSONAreInJapan whatever zone they came in.
func TestTimesInJSONAreInJapan(t *testing.T) {
	at := time.Date(2026, 12, 31, 15, 0, 0, 120000, time.UTC)
	var b bytes.Buffer
	if err := writeJSON(&b, map[string]any{
		"a": at, "b": at.In(time.FixedZone("", -3600)), "list": []time.Time{at}, "none": time.Time{},
		"says": `at "2026-12-31T15:00:00Z" and 2026-12-31T15:00:00Z`, "pair": map[string]string{"jst": "2027-01-01T00:00:00+09:00", "utc": "2026-12-31T15:00:00Z"},
	}); err != nil {
		t.Fatal(err)
	}
	const want = "2027-01-01T00:00:00.00012+09:00"
	out := b.String()
	for _, part := range []string{`"a": "` + want + `"`, `"b": "` + want + `"`, `"` + want + `"` + "\n ]", `"none": null`, `\"2026-12-31T15:00:00Z\" and 2026-12-31T15:00:00Z"`, `"utc": "2026-12-31T15:00:00Z"`} {
		if !strings.Contains(out, part) {
			t.Errorf("no %s in\n%s", part, out)
		}
	}
}

var english = regexp.MustCompile(`[a-z]{4,}`)

// TestWhatPeopleReadIsJapanese: kinds, steps and reasons of each list.
func TestWhatPeopleReadIsJapanese(t *testing.T) {
	var b bytes.Buffer
	for _, step := range erasure.Steps {
		for _, k := range []erasure.Kind{erasure.Persons, erasure.Tenant, erasure.Records} {
			tellRuns(&b, []erasure.Record{{ID: "R", Kind: k, State: erasure.Running, Step: step}})
		}
	}
	tellGenerations(&b, []backup.Generation{{ID: "B", Kind: backup.Data, Why: []string{"daily", "weekly", "monthly"}}})
	for _, code := range []string{audit.EventAltered, audit.EventRemoved, audit.EventForged, audit.EventUnlogged, audit.HeadAltered, audit.HeadRemoved, audit.PersonAltered, audit.SealAltered,
		audit.SealRemoved, audit.IndexAltered, audit.LogMissing, audit.LogBehind, audit.FileAltered, audit.FileMissing, audit.FileExtra, audit.SignatureBad, audit.KeyMissing, audit.KeyChanged, audit.Empty} {
		if badWords[code] == "" {
			t.Errorf("%s has no words", code)
		}
	}
	for _, k := range []asset.Kind{asset.Process, asset.Listener, asset.Database, asset.Store, asset.Bucket, asset.Key, asset.Certificate, asset.Disk} {
		if assetKinds[k] == "" {
			t.Errorf("%s has no words", k)
		}
	}
	if m := english.FindAllString(b.String(), -1); m != nil || strings.Contains(b.String(), "（）") {
		t.Errorf("%v in\n%s", m, b.String())
	}
	for err, want := range map[error]string{
		&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}: "x がありません。", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}: "x を使う権限がありません。", errors.New("other"): "other",
	} {
		if got := cause(err); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}
