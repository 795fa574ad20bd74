package pg

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// Files writes everything in memory to the disk and tells where a database's own files lie, and the server's log of
// changes (WAL), which all databases share.
func Files(ctx context.Context, dsn string) (base, wal string, err error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", "", err
	}
	err = admin(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "checkpoint"); err != nil {
			return err
		}
		var dir string
		var oid uint32
		if err := conn.QueryRow(ctx, "show data_directory").Scan(&dir); err != nil {
			return err
		}
		if err := conn.QueryRow(ctx, "select oid from pg_database where datname = $1", c.Database).Scan(&oid); err != nil {
			return err
		}
		base, wal = filepath.Join(dir, "base", fmt.Sprint(oid)), filepath.Join(dir, "pg_wal")
		return nil
	})
	return base, wal, err
}
