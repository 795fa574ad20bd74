package accessreview

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"
)

// field writes a length and the bytes, so that no two different lines give the same input.
func field(h hash.Hash, parts ...string) {
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
}

// SnapshotHash is over what was frozen when the campaign opened, in the order of the lines. Addenda are not
// in it: each stands in the audit log by itself.
func SnapshotHash(campaign string, lines []Line) string {
	h := sha256.New()
	field(h, "rakudos access review snapshot 1", campaign)
	for _, l := range lines {
		if !l.Addendum {
			field(h, l.frozen()...)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (l *Line) frozen() []string {
	return []string{itoa(int64(l.No)), string(l.Kind), l.Subject, l.Role, string(l.Site), string(l.Dept), l.flags, string(l.seal)}
}

// LinesHash is over the lines with what was decided about them; it is written down when the campaign closes.
func LinesHash(campaign string, lines []Line) string {
	h := sha256.New()
	field(h, "rakudos access review report 1", campaign)
	for _, l := range lines {
		field(h, l.frozen()...)
		field(h, string(l.Decision), string(l.ToSite), string(l.DecidedBy), itoa(l.DecidedAt.UnixMicro()), itoa(int64(l.Took)), l.ReadBack)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
