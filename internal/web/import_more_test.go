package web

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// TestWhatIsOnlyCountedIsSaid on the page and in the file; a list that is whole says nothing.
func TestWhatIsOnlyCountedIsSaid(t *testing.T) {
	doc := &importDoc{More: 5100, ReasonsMore: 70, Refused: []refusedLine{{9, "収縮期血圧", "範囲の外です。", false}, {2, "", "名簿にいません。", true}}}
	var file bytes.Buffer
	if err := writeRefused(&file, doc); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(file.String()), "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[1], "2,本人が決まらない") || !strings.HasPrefix(lines[2], "9,誤り") || !strings.Contains(lines[3], "5,100行") || !strings.Contains(lines[3], "70件の理由") {
		t.Errorf("the file:\n%s", &file)
	}
	view := newImportView(doc, httptest.NewRequest("GET", "/imports/x", nil))
	if !strings.Contains(view.More, "5,100行") || len(view.Shown) != 2 || doc.Refused != nil {
		t.Errorf("the page: %q, %d lines shown, %d held", view.More, len(view.Shown), len(doc.Refused))
	}
	file.Reset()
	if err := writeRefused(&file, &importDoc{}); err != nil || strings.Count(file.String(), "\n") != 1 {
		t.Errorf("a list without anything: %v\n%s", err, &file)
	}
}

// TestOnlyAFewOpenTheLines: whoever comes while the turns are taken waits as long as the own request lives, and a
// failure gives the turn back.
func TestOnlyAFewOpenTheLines(t *testing.T) {
	s, v := &server{lists: newTurns(1)}, &Visitor{}
	r := httptest.NewRequest("GET", "/imports/x", nil)
	r.SetPathValue("id", "no id")
	for range 3 {
		if _, _, err := s.findImport(r, v); !fault.Is(err, fault.Missing) {
			t.Fatalf("no such import: %v", err)
		}
	}
	if _, err := s.lists.take(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.SetPathValue("id", string(ids.New[ids.Import]()))
	if _, _, err := s.findImport(r.WithContext(ctx), v); !errors.Is(err, context.Canceled) {
		t.Errorf("while the turns are taken: %v", err)
	}
}
