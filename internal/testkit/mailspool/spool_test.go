package mailspool

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestReadsTheNewestCodeOfTheRightPerson(t *testing.T) {
	s := Spool{Dir: t.TempDir()}
	put := func(name, mail string) {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(mail), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("1.eml", "To: <a@x.example>\r\nSubject: s\r\n\r\n11111111\r\n")
	mark, since := s.Mark(), time.Now()
	put("2.eml", "To: <a@x.example>\r\nContent-Transfer-Encoding: base64\r\n\r\n5o6h55So44Kz44O844OJIDIyMjIyMjIyCg==\r\n")
	put("3.eml", "To: <b@x.example>\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncode =3D 33333333\r\n")
	put("4.tmp", "not a mail")
	if text, err := s.Newest(t.Context(), "a@x.example", since); err != nil || eight.FindStringSubmatch(text)[1] != "22222222" {
		t.Errorf("a: %q, %v", text, err)
	}
	if text, err := s.Newest(t.Context(), "b@x.example", since); err != nil || eight.FindStringSubmatch(text)[1] != "33333333" {
		t.Errorf("b: %q, %v", text, err)
	}
	if code, err := s.Code(t.Context(), mark); err != nil || code == "11111111" {
		t.Errorf("since the mark: %q, %v", code, err)
	}
}
