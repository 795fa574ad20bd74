package main

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"strings"
	"testing/fstest"
	"time"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var (
	qPlainResult = db.Q("bench.result", `insert into plain_result (tenant_id, id, person, year, exam_day, content) values ($1, $2, $3, $4, $5, $6)`)
	qPlainValue  = db.Q("bench.value", `insert into plain_value (tenant_id, result_id, item, value) values ($1, $2, $3, $4)`)
	qPlainJudged = db.Q("bench.judgement", `insert into plain_judgement (tenant_id, result_id, seq, brief, content) values ($1, $2, 1, $3, $4)`)
)

// plainInserts reads the same file and writes it with the same durability: no sealing, no audit, no judging.
// As rows it writes the same two rows for each person as the service does; as values, a row for each value.
func plainInserts(ctx context.Context, path, file string, values bool) (time.Duration, error) {
	d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: path})
	if err != nil {
		return 0, err
	}
	defer d.Close() //nolint:errcheck // thrown away
	schema := fstest.MapFS{"0001_plain.sql": {Data: []byte(`-- +goose Up
create table plain_result (tenant_id text not null, id text not null, person text not null, year @int not null, exam_day text not null, content text not null, primary key (tenant_id, id)) @strict;
create index plain_result_person on plain_result (tenant_id, person);
create index plain_result_year on plain_result (tenant_id, year);
create table plain_value (tenant_id text not null, result_id text not null, item @int not null, value text not null, primary key (tenant_id, result_id, item)) @strict;
create table plain_judgement (tenant_id text not null, result_id text not null, seq @int not null, brief text not null, content text not null, primary key (tenant_id, result_id, seq)) @strict;
`)}}
	if _, err := d.Migrate(ctx, schema); err != nil {
		return 0, err
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	start := time.Now()
	rows := csv.NewReader(transform.NewReader(f, japanese.ShiftJIS.NewDecoder()))
	if _, err := rows.Read(); err != nil {
		return 0, err
	}
	const chunk = 2000
	for more := true; more; {
		var batch [][]string
		for len(batch) < chunk {
			r, err := rows.Read()
			if errors.Is(err, io.EOF) {
				more = false
				break
			}
			if err != nil {
				return 0, err
			}
			batch = append(batch, r)
		}
		err := d.Tx(ctx, ids.System, func(tx *db.Tx) error {
			for _, r := range batch {
				id := ids.New[ids.Result]()
				content := strings.Join(r[7:], "\x1f")
				if values {
					for n, v := range r[7:] {
						if _, err := tx.Exec(qPlainValue, ids.System, id, n, v); err != nil {
							return err
						}
					}
					content = ""
				}
				if _, err := tx.Exec(qPlainResult, ids.System, id, r[0], 2026, r[5], content); err != nil {
					return err
				}
				if _, err := tx.Exec(qPlainJudged, ids.System, id, "C12", strings.Repeat("A", 29)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}
