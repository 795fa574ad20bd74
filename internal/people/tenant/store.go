package tenant

import "rakudos/internal/engine/db"

var (
	qInsert = db.GlobalQ("tenant.insert", `insert into tenant (tenant_id, code, kind, name, created_at, mac) values ($1, $2, $3, $4, $5, $6)`)
	qByCode = db.GlobalQ("tenant.by_code", `select tenant_id, code, kind, name, created_at, closed_at, mac from tenant where code = $1`)
	qByID   = db.GlobalQ("tenant.by_id", `select tenant_id, code, kind, name, created_at, closed_at, mac from tenant where tenant_id = $1`)
	qAll    = db.GlobalQ("tenant.all", `select tenant_id, code, kind, name, created_at, closed_at, mac from tenant order by code`)
	qAdopt  = db.Q("tenant.adopt", `update tenant set mac = $2 where tenant_id = $1 and mac is null`)
)

type row struct {
	Tenant
	sealed []byte
	mac    []byte
}

func scan(s db.Scanner) (row, error) {
	var r row
	var created, closed int64
	err := s.Scan(&r.ID, &r.Code, &r.Kind, &r.sealed, &created, &closed, &r.mac)
	r.CreatedAt, r.Closed = db.Time(created), closed != 0
	return r, err
}
