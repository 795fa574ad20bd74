package pg

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// AppRole is the role that owns nothing, so that row-level security binds it.
const (
	OwnerRole = "rakudos_owner"
	AppRole   = "rakudos_app"
)

// shared is the cluster of this process: an outer one's, or its own. The value is held for as long as the
// process lives: a collected Cluster would close its pipe, and the guard would stop the server.
var shared = sync.OnceValues(func() (*Cluster, error) {
	c := &Cluster{DSN: os.Getenv(EnvDSN)}
	if c.DSN == "" {
		var err error
		if c, err = Start(context.Background()); err != nil {
			return nil, err
		}
	}
	return c, roles(c.DSN)
})

var serial atomic.Int64

// Admin returns the superuser's DSN of the shared cluster, starting one for this process when no outer
// process has.
func Admin() (string, error) {
	c, err := shared()
	if err != nil {
		return "", err
	}
	return c.DSN, nil
}

// Database is one throw-away database.
type Database struct{ Name, OwnerDSN, AppDSN string }

// Template makes the database name once per cluster (other test processes wait) and lets fill build it.
// fill must close every connection it opens.
func Template(ctx context.Context, name string, fill func(Database) error) error {
	return admin(ctx, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "select pg_advisory_lock(7201)"); err != nil {
			return err
		}
		var there bool
		if err := c.QueryRow(ctx, "select exists (select from pg_database where datname = $1 and datistemplate)", name).Scan(&there); err != nil || there {
			return err
		}
		if _, err := c.Exec(ctx, "drop database if exists "+name); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "create database "+name+" owner "+OwnerRole); err != nil {
			return err
		}
		d, err := named(name)
		if err != nil {
			return err
		}
		if err := fill(d); err != nil {
			return fmt.Errorf("pg: template %s: %w", name, err)
		}
		_, err = c.Exec(ctx, "alter database "+name+" is_template true")
		return err
	})
}

// Clone makes a fresh database, a copy of template ("template0" for an empty one).
func Clone(ctx context.Context, template string) (Database, error) {
	name := fmt.Sprintf("t_%d_%d", os.Getpid(), serial.Add(1))
	err := admin(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "create database "+name+" template "+template+" owner "+OwnerRole)
		return err
	})
	if err != nil {
		return Database{}, fmt.Errorf("pg: clone: %w", err)
	}
	return named(name)
}

// Drop removes it, ending connections that are still open.
func (d Database) Drop(ctx context.Context) error {
	return admin(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "drop database if exists "+d.Name+" with (force)")
		return err
	})
}

func named(name string) (Database, error) {
	dsn, err := Admin()
	if err != nil {
		return Database{}, err
	}
	// the last key of a keyword DSN wins
	return Database{
		Name:     name,
		OwnerDSN: dsn + " user=" + OwnerRole + " dbname=" + name,
		AppDSN:   dsn + " user=" + AppRole + " dbname=" + name,
	}, nil
}

func admin(ctx context.Context, fn func(*pgx.Conn) error) error {
	dsn, err := Admin()
	if err != nil {
		return err
	}
	c, err := pgx.Connect(ctx, dsn+" dbname=postgres")
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	return fn(c)
}

// roles makes the two roles once per cluster.
func roles(dsn string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn+" dbname=postgres")
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, `do $$ begin
 perform pg_advisory_xact_lock(7202); -- until the roles are there for everybody
 if not exists (select from pg_roles where rolname = '`+OwnerRole+`') then
  create role `+OwnerRole+` login nosuperuser nobypassrls;
  create role `+AppRole+` login nosuperuser nobypassrls;
 end if;
end $$`)
	return err
}

// Create makes an empty database in a cluster of a test's own.
func (c *Cluster) Create(ctx context.Context, name string) (Database, error) {
	err := c.Exec(ctx, "create database "+name+" owner "+OwnerRole)
	return Database{Name: name, OwnerDSN: c.DSN + " user=" + OwnerRole + " dbname=" + name, AppDSN: c.DSN + " user=" + AppRole + " dbname=" + name}, err
}

// Exec runs one statement as the cluster's superuser.
func (c *Cluster) Exec(ctx context.Context, statement string) error {
	return c.ExecIn(ctx, "postgres", statement)
}

// ExecIn is Exec in one of the cluster's databases.
func (c *Cluster) ExecIn(ctx context.Context, database, statement string) error {
	conn, err := pgx.Connect(ctx, c.DSN+" dbname="+database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
