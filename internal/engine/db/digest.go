package db

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"math/bits"
)

// Digest is what a table held: how many rows, and a sum over them that does not depend on their order or
// on the engine.
type Digest struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Sum   string `json:"sum"` // 32 bytes in hexadecimal
}

// summer adds up the SHA-256 of each row, modulo 2^256. Rows of a table differ by their primary key, so
// nothing cancels out; leaving out, adding or changing a row changes the sum.
type summer struct {
	rows int64
	sum  [4]uint64
	h    hash.Hash
	buf  []byte
	out  [sha256.Size]byte
}

func newSummer() *summer { return &summer{h: sha256.New()} }

// Kinds of a value in the canonical form of a row: kind, length, bytes.
const (
	kindNull = iota
	kindInt
	kindText
	kindBlob
	kindReal
)

func (s *summer) begin() { s.buf = s.buf[:0] }

func (s *summer) field(kind byte, b []byte) {
	s.buf = append(s.buf, kind)
	s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(len(b)))
	s.buf = append(s.buf, b...)
}

func (s *summer) number(kind byte, n uint64) {
	s.buf = append(s.buf, kind, 0, 0, 0, 0, 0, 0, 0, 8)
	s.buf = binary.BigEndian.AppendUint64(s.buf, n)
}

// cell hands a scanned column to the sum without a copy; columns are scanned in their order.
type cell struct{ sum *summer }

// Scan implements sql.Scanner.
func (c cell) Scan(v any) error { return c.sum.value(v) }

// value appends what the SQLite driver returns.
func (s *summer) value(v any) error {
	switch v := v.(type) {
	case nil:
		s.field(kindNull, nil)
	case int64:
		s.number(kindInt, uint64(v))
	case bool:
		s.number(kindInt, map[bool]uint64{true: 1}[v])
	case float64:
		s.number(kindReal, math.Float64bits(v))
	case string:
		s.buf = append(s.buf, kindText)
		s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(len(v)))
		s.buf = append(s.buf, v...)
	case []byte:
		s.field(kindBlob, v)
	default:
		return fmt.Errorf("db: digest: a value of type %T", v)
	}
	return nil
}

func (s *summer) end() {
	s.h.Reset()
	s.h.Write(s.buf)
	s.h.Sum(s.out[:0])
	var carry uint64
	for i := range s.sum {
		s.sum[i], carry = bits.Add64(s.sum[i], binary.LittleEndian.Uint64(s.out[8*i:]), carry)
	}
	s.rows++
}

func (s *summer) digest(table string) Digest {
	var b []byte
	for _, n := range s.sum {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return Digest{table, s.rows, hex.EncodeToString(b)}
}
