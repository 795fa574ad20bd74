package org

import (
	"encoding/binary"
	"errors"

	"rakudos/internal/base/jst"
)

// The sealed part of a person is one blob: format, sex, birth, hired, then number, name, kana and e-mail,
// each after its length. Offsets of the fixed part:
const (
	personFormat = 1
	atSex        = 1
	atBirth      = 2
	atHired      = 6
	atTexts      = 10
)

var errPerson = errors.New("org: a person's record is malformed")

// packDate makes an ordered number of a day, 20260401; the zero day is 0.
func packDate(d jst.Date) int32 { return int32(d.Y*10000 + d.M*100 + d.D) }

func unpackDate(n int32) jst.Date {
	return jst.Date{Y: int(n) / 10000, M: int(n) / 100 % 100, D: int(n) % 100}
}

// appendPerson encodes what is sealed; identifier, site, department and leaving stand in columns.
func appendPerson(b []byte, p *Person) []byte {
	b = append(b, personFormat, byte(p.Sex))
	b = binary.BigEndian.AppendUint32(b, uint32(packDate(p.Birth)))
	b = binary.BigEndian.AppendUint32(b, uint32(packDate(p.Hired)))
	for _, s := range [...]string{p.Number, p.Name, p.Kana, p.Email} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// checkPerson makes sure that decodePerson will not run out of the blob.
func checkPerson(b []byte) error {
	if len(b) < atTexts || b[0] != personFormat {
		return errPerson
	}
	rest := b[atTexts:]
	for range 4 {
		n, w := binary.Uvarint(rest)
		if w <= 0 || uint64(len(rest)-w) < n {
			return errPerson
		}
		rest = rest[w+int(n):]
	}
	if len(rest) != 0 {
		return errPerson
	}
	return nil
}

// decodePerson reads a checked blob; the texts are parts of it, so b must not change any more.
func decodePerson(b string, p *Person) {
	p.Sex = Sex(b[atSex])
	p.Birth, p.Hired = dateAt(b, atBirth), dateAt(b, atHired)
	rest := b[atTexts:]
	p.Number, rest = cutText(rest)
	p.Name, rest = cutText(rest)
	p.Kana, rest = cutText(rest)
	p.Email, _ = cutText(rest)
}

func dateAt(b string, i int) jst.Date {
	return unpackDate(int32(uint32(b[i])<<24 | uint32(b[i+1])<<16 | uint32(b[i+2])<<8 | uint32(b[i+3])))
}

func cutText(s string) (text, rest string) {
	n, w := 0, 0
	for shift := 0; ; shift += 7 {
		c := s[w]
		w++
		n |= int(c&0x7f) << shift
		if c < 0x80 {
			break
		}
	}
	return s[w : w+n], s[w+n:]
}

// numberOf reads the employee number alone.
func numberOf(b string) string {
	s, _ := cutText(b[atTexts:])
	return s
}
