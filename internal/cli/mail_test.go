package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/mail"
)

func mailHouse() House {
	one := mail.Mail{File: "id-1", To: "a@example.jp", Subject: "確認コード", Text: "12345678\n", Date: time.Unix(0, 0)}
	return House{Mails: Mails{
		List: func(_ context.Context, o Options) ([]mail.Mail, error) {
			if o.Data == "empty" {
				return nil, nil
			}
			m := one
			m.Text = ""
			return []mail.Mail{m}, nil
		},
		Show: func(_ context.Context, _ Options, id string) (mail.Mail, error) {
			if id != one.File {
				return mail.Mail{}, fault.New(fault.Missing, "mail.no_message", "id", id)
			}
			return one, nil
		},
	}}
}

func TestSealedMailIsReadOnTheHost(t *testing.T) {
	code, out, _ := call(t, mailHouse(), "mail", "list")
	if code != Done || !strings.Contains(out, "id-1") || !strings.Contains(out, "1970-01-01") || strings.Contains(out, "12345678") {
		t.Errorf("code %d\n%s", code, out)
	}
	if code, out, _ = call(t, mailHouse(), "mail", "list", "--data", "empty"); code != Done || !strings.Contains(out, "ありません") {
		t.Errorf("code %d\n%s", code, out)
	}
	if code, out, _ = call(t, mailHouse(), "mail", "list", "--data", "empty", "--json"); code != Done || strings.TrimSpace(out) != "[]" {
		t.Errorf("code %d\n%s", code, out)
	}
	if code, out, _ = call(t, mailHouse(), "mail", "show", "--id", "id-1"); code != Done || !strings.Contains(out, "12345678") || !strings.Contains(out, "宛先: a@example.jp") {
		t.Errorf("code %d\n%s", code, out)
	}
	var l letter
	code, out, _ = call(t, mailHouse(), "mail", "show", "--id", "id-1", "--json")
	if err := json.Unmarshal([]byte(out), &l); err != nil || code != Done || l.Subject != "確認コード" {
		t.Errorf("code %d, %v\n%s", code, err, out)
	}
	if code, _, errs := call(t, mailHouse(), "mail", "show", "--id", "nobody"); code != Failed || errs == "" {
		t.Errorf("code %d\n%s", code, errs)
	}
	if code, _, errs := call(t, mailHouse(), "mail", "show"); code != Usage || !strings.Contains(errs, "--id") {
		t.Errorf("code %d\n%s", code, errs)
	}
}
