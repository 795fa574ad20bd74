package db

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/stdlib"

	"rakudos/internal/base/pack"
)

// dumped is the first entry of a FormCopy dump; an entry for each table follows, in this order.
type dumped struct {
	Version int64   `json:"version"`
	Tables  []table `json:"tables"`
}

const tablesPostgresText = `select c.table_name, c.column_name, c.data_type
		from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
		where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.table_name <> $1
		order by c.table_name collate "C", c.column_name collate "C"`

const dumpHead = "schema.json"

// dumpPostgres streams every table in the binary COPY format and adds up the rows as they pass. It needs
// no tool on the host and no right but to read, so it works as the service's own role.
func (s *Snapshot) dumpPostgres(ctx context.Context, w io.Writer) ([]Digest, error) {
	c := s.conns[0]
	tables, err := tablesOf(ctx, c, Postgres)
	if err != nil {
		return nil, err
	}
	p := pack.NewWriter(w)
	head, err := json.Marshal(dumped{s.Version, tables})
	if err != nil {
		return nil, err
	}
	if err := p.File(dumpHead, bytes.NewReader(head)); err != nil {
		return nil, err
	}
	var out []Digest
	for _, t := range tables {
		e, err := p.Entry(t.Name)
		if err != nil {
			return nil, err
		}
		d, err := t.copyOut(ctx, c, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		if err := e.Close(); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, p.Close()
}

// copyOut writes one table to w while a second reader of the same bytes adds up the rows.
func (t table) copyOut(ctx context.Context, c *sql.Conn, w io.Writer) (Digest, error) {
	pr, pw := io.Pipe()
	sum, summed := newSummer(), make(chan error, 1)
	go func() {
		err := eachTuple(pr, t.Columns, func(fields [][]byte) error { return sum.tuple(t.Columns, fields) })
		_ = pr.CloseWithError(err)
		summed <- err
	}()
	buffer := bufio.NewWriterSize(pw, 1<<20) // few hand-overs between goroutines
	err := c.Raw(func(driver any) error {
		conn := driver.(*stdlib.Conn).Conn().PgConn()
		_, err := conn.CopyTo(ctx, io.MultiWriter(w, buffer), "copy (select "+t.columns()+" from "+quoted(t.Name)+") to stdout (format binary)")
		return err
	})
	if err == nil {
		err = buffer.Flush()
	}
	_ = pw.CloseWithError(err)
	if e := <-summed; err == nil {
		err = e
	}
	return sum.digest(t.Name), err
}

// copySignature begins every binary COPY; flags and the length of an extension follow.
var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

const maxField = 1 << 30

// eachTuple reads the binary COPY format: a field is nil for null. The fields are reused between calls.
func eachTuple(r io.Reader, columns []column, fn func([][]byte) error) error {
	b := bufio.NewReaderSize(r, 1<<16)
	head := make([]byte, len(copySignature)+8)
	if _, err := io.ReadFull(b, head); err != nil {
		return cutShort(err)
	}
	if !bytes.HasPrefix(head, copySignature) || binary.BigEndian.Uint64(head[len(copySignature):]) != 0 {
		return errors.New("db: not PostgreSQL's binary COPY format")
	}
	fields, space := make([][]byte, len(columns)), make([][]byte, len(columns))
	var n [4]byte
	for {
		if _, err := io.ReadFull(b, n[:2]); err != nil {
			return cutShort(err)
		}
		count := int16(binary.BigEndian.Uint16(n[:2]))
		if count == -1 {
			if _, err := b.ReadByte(); !errors.Is(err, io.EOF) {
				return errors.New("db: data after the end of a table")
			}
			return nil
		}
		if int(count) != len(columns) {
			return fmt.Errorf("db: a row of %d columns instead of %d", count, len(columns))
		}
		for i := range fields {
			if _, err := io.ReadFull(b, n[:]); err != nil {
				return cutShort(err)
			}
			size := int32(binary.BigEndian.Uint32(n[:]))
			if size == -1 {
				fields[i] = nil
				continue
			}
			if size < 0 || size > maxField {
				return errors.New("db: a field of impossible length")
			}
			if cap(space[i]) < int(size) || space[i] == nil {
				space[i] = make([]byte, size)
			}
			fields[i] = space[i][:size]
			if _, err := io.ReadFull(b, fields[i]); err != nil {
				return cutShort(err)
			}
		}
		if err := fn(fields); err != nil {
			return err
		}
	}
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *summer) tuple(columns []column, fields [][]byte) error {
	s.begin()
	for i, f := range fields {
		if f == nil {
			s.field(kindNull, nil)
			continue
		}
		switch columns[i].Type {
		case "text", "character varying":
			s.field(kindText, f)
		case "bytea":
			s.field(kindBlob, f)
		default:
			n, err := number(columns[i].Type, f)
			if err != nil {
				return err
			}
			kind := byte(kindInt)
			if columns[i].Type == "double precision" {
				kind = kindReal
			}
			s.number(kind, uint64(n))
		}
	}
	s.end()
	return nil
}

// number reads the fixed-size types that the migrations use; a double comes as its bits.
func number(kind string, f []byte) (int64, error) {
	switch {
	case (kind == "bigint" || kind == "double precision") && len(f) == 8:
		return int64(binary.BigEndian.Uint64(f)), nil
	case kind == "integer" && len(f) == 4:
		return int64(int32(binary.BigEndian.Uint32(f))), nil
	case kind == "smallint" && len(f) == 2:
		return int64(int16(binary.BigEndian.Uint16(f))), nil
	case kind == "boolean" && len(f) == 1:
		return int64(f[0]), nil
	}
	return 0, fmt.Errorf("db: a column of type %q cannot be copied", kind)
}
