package tabular

import (
	"bytes"
	"unicode/utf8"

	"rakudos/internal/base/fault"
)

// magics begin files that are no tables.
var magics = []string{
	"%PDF-", "\x89PNG", "\xff\xd8\xff", "GIF8", "\x1f\x8b", "BM\x00", "II*\x00", "MM\x00*", "7z\xbc\xaf", "Rar!",
	"\x7fELF", "MZ\x90", "\xfd7zXZ", "SQLite format 3\x00", "OggS", "RIFF", "ID3",
}

// Detect tells the encoding from the beginning of a file. A character cut by the end of the sample does no harm.
// Faults: "tabular.empty", "tabular.binary", "tabular.old_excel" (or protected by a password), and
// "tabular.encoding" with the line of the first unreadable character.
func Detect(sample []byte) (Encoding, error) {
	has := func(prefix string) bool { return bytes.HasPrefix(sample, []byte(prefix)) }
	switch {
	case len(sample) == 0:
		return "", fault.New(fault.Invalid, "tabular.empty")
	case has("\xef\xbb\xbf"):
		return UTF8BOM, nil
	case has("\xff\xfe"):
		return UTF16LE, nil
	case has("\xfe\xff"):
		return UTF16BE, nil
	case has("PK\x03\x04"):
		return XLSX, nil
	case has("\xd0\xcf\x11\xe0"):
		return "", fault.New(fault.Invalid, "tabular.old_excel")
	case isBinary(sample):
		return "", fault.New(fault.Invalid, "tabular.binary")
	case bytes.IndexByte(sample, 0x1b) >= 0: // ISO-2022-JP, or a terminal's colours
		return "", broken("tabular.encoding", lineAt(sample, bytes.IndexByte(sample, 0x1b)))
	case isASCII(sample):
		return ASCII, nil
	}
	u, s := utf8Prefix(sample), cp932Prefix(sample)
	switch {
	case len(sample)-u < utf8.UTFMax && !utf8.FullRune(sample[u:]) || u == len(sample):
		return UTF8, nil
	case len(sample)-s > 1 || s < len(sample) && !isLead(sample[s]):
		return "", broken("tabular.encoding", lineAt(sample, max(u, s)))
	case isEUC(sample):
		return "", broken("tabular.encoding", lineAt(sample, u))
	}
	return CP932, nil
}

// isBinary: a known beginning, or control characters that no text file has.
func isBinary(b []byte) bool {
	for _, m := range magics {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	for _, c := range b {
		if c < 9 || c > 13 && c < 0x1a || c > 0x1b && c < 0x20 {
			return true
		}
	}
	return false
}

// utf8Prefix is the length of the valid UTF-8 at the beginning.
func utf8Prefix(b []byte) int {
	i := 0
	for i < len(b) {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return i
}

// isEUC tells EUC-JP, which is often well-formed CP932 by accident. Only half-width katakana throughout is CP932.
func isEUC(b []byte) bool {
	kana := true
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < 0x80 {
			continue
		}
		kana = kana && c >= 0xa1 && c <= 0xdf
		n := 1
		switch {
		case c == 0x8f:
			n = 2
		case c != 0x8e && (c < 0xa1 || c == 0xff):
			return false
		}
		for ; n > 0; n-- {
			if i++; i < len(b) && (b[i] < 0xa1 || b[i] == 0xff) {
				return false
			}
			kana = kana && (i >= len(b) || b[i] <= 0xdf)
		}
	}
	return !kana
}

// lineAt is the physical line, from 1, of an offset.
func lineAt(b []byte, at int) int { return 1 + bytes.Count(b[:min(at, len(b))], []byte{'\n'}) }
