package handover

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"rakudos/internal/engine/vault"
)

// spool keeps the rows of one table from their one reading until every format is written. The file has no name and is
// sealed with a key that stands nowhere, so a process that dies leaves nothing of it.
type spool struct {
	file    *os.File
	key     *vault.Key
	columns int
	size    int64 // bytes, sealed
}

var spoolAt = vault.Loc{Table: "handover", ID: "spool", Column: "rows"}

// read reads a table into a spool in the folder temp, which is made where it is not there. The caller closes it.
func read(ctx context.Context, temp string, t Table) (*spool, error) {
	if temp != "" {
		if err := os.MkdirAll(temp, 0o700); err != nil {
			return nil, fmt.Errorf("handover: spool: %w", err)
		}
	}
	f, err := os.CreateTemp(temp, "handover-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("handover: spool: %w", err)
	}
	s := &spool{file: f, key: vault.NewPassing(), columns: len(t.Columns)}
	if err := errors.Join(os.Remove(f.Name()), s.fill(ctx, t)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// fill writes each cell after its length in bytes.
func (s *spool) fill(ctx context.Context, t Table) error {
	sealed, err := s.key.SealWriter(s.file, spoolAt)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(sealed, 32<<10)
	var head []byte
	err = t.Rows(ctx, func(row []string) error {
		if len(row) != s.columns {
			return fmt.Errorf("handover: a row of %d cells in %d columns", len(row), s.columns)
		}
		for _, cell := range row {
			head = binary.AppendUvarint(head[:0], uint64(len(cell)))
			_, _ = w.Write(head)
			_, _ = w.WriteString(cell) // bufio keeps the first error
		}
		return ctx.Err()
	})
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	if err := sealed.Close(); err != nil {
		return err
	}
	s.size, err = s.file.Seek(0, io.SeekCurrent)
	return err
}

// each gives every row, as often as it is called.
func (s *spool) each(ctx context.Context, row func([]string) error) error {
	opened, err := s.key.OpenReader(io.NewSectionReader(s.file, 0, s.size), spoolAt)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(opened, 32<<10)
	for {
		cells := make([]string, s.columns)
		for i := range cells {
			n, err := binary.ReadUvarint(r)
			if errors.Is(err, io.EOF) && i == 0 {
				return nil
			}
			if err != nil {
				return err
			}
			b := make([]byte, n)
			if _, err := io.ReadFull(r, b); err != nil {
				return err
			}
			cells[i] = string(b)
		}
		if err := errors.Join(ctx.Err(), row(cells)); err != nil {
			return err
		}
	}
}

func (s *spool) Close() error { return s.file.Close() }
