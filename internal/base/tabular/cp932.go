package tabular

import (
	"encoding/binary"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

// pairs maps the two bytes of a CP932 character to its code point; 0 means that there is none. It is made once
// from x/text's table: a look-up here costs a tenth of a Transform.
var pairs = sync.OnceValue(func() *[1 << 16]uint16 {
	var t [1 << 16]uint16
	dec := japanese.ShiftJIS.NewDecoder()
	for hi := 0x81; hi <= 0xfc; hi++ {
		if !isLead(byte(hi)) {
			continue
		}
		for lo := 0x40; lo <= 0xfc; lo++ {
			u, err := dec.Bytes([]byte{byte(hi), byte(lo)})
			if r, n := utf8.DecodeRune(u); err == nil && n == len(u) && r != utf8.RuneError && r < 1<<16 {
				t[hi<<8|lo] = uint16(r)
			}
		}
	}
	return &t
})

func isLead(c byte) bool { return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc }

// isASCII looks at eight bytes at a time.
func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// appendCP932 appends src as UTF-8; bad is the offset of the first byte that is no character, or -1.
func appendCP932(dst, src []byte) (out []byte, bad int) {
	t := pairs()
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c < 0x80:
			dst = append(dst, c)
		case c >= 0xa1 && c <= 0xdf: // half-width katakana: U+FF61 …
			r := 0xff61 + uint32(c) - 0xa1
			dst = append(dst, 0xef, byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
		case i+1 < len(src) && t[int(c)<<8|int(src[i+1])] != 0:
			i++
			r := t[int(c)<<8|int(src[i])]
			if r >= 0x800 {
				dst = append(dst, byte(0xe0|r>>12), byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
			} else {
				dst = utf8.AppendRune(dst, rune(r))
			}
		default:
			return dst, i
		}
	}
	return dst, -1
}

// cp932Prefix is the length of the valid CP932 at the beginning.
func cp932Prefix(b []byte) int {
	t := pairs()
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c < 0x80 || c >= 0xa1 && c <= 0xdf:
		case i+1 < len(b) && t[int(c)<<8|int(b[i+1])] != 0:
			i++
		default:
			return i
		}
	}
	return len(b)
}
