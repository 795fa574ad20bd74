package db

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// Principal is somebody who can reach the rows without the program: a role of the server, or the owner of
// the file.
type Principal struct {
	Name       string
	Holds      string // in Japanese: what it may do here
	Privileged string // why it passes by the program's walls; empty when it does not
}

// roles of the server that may sign in and see or own anything of this schema.
const rolesOf = `
select r.rolname,
       r.rolsuper or exists (select 1 from pg_auth_members m join pg_roles p on p.oid = m.roleid where m.member = r.oid and p.rolsuper),
       r.rolbypassrls, r.rolcreaterole,
       exists (select 1 from pg_namespace n where n.nspname = current_schema() and n.nspowner = r.oid)
         or exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() and c.relkind = 'r' and c.relowner = r.oid),
       exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() and c.relkind = 'r'
         and has_schema_privilege(r.oid, n.oid, 'usage') and has_table_privilege(r.oid, c.oid, 'select')),
       exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = current_schema() and c.relkind = 'r'
         and has_schema_privilege(r.oid, n.oid, 'usage') and has_table_privilege(r.oid, c.oid, 'insert,update,delete'))
from pg_roles r where r.rolcanlogin order by r.rolname`

// Principals reads them from the server's catalogue; of a file it is the owner, with the file's mode.
func (d *DB) Principals(ctx context.Context) ([]Principal, error) {
	if d.cfg.Engine == SQLite {
		return fileOwner(d.cfg.Path)
	}
	rows, err := d.read.QueryContext(ctx, rolesOf)
	if err != nil {
		return nil, d.wrap("principals", err)
	}
	defer rows.Close() //nolint:errcheck // read only; rows.Err is looked at
	var out []Principal
	for rows.Next() {
		var p Principal
		var super, bypass, creates, owns, reads, writes bool
		if err := rows.Scan(&p.Name, &super, &bypass, &creates, &owns, &reads, &writes); err != nil {
			return nil, d.wrap("principals", err)
		}
		if super || bypass || owns || reads || writes {
			p.describe(super, bypass, creates, owns, writes)
			out = append(out, p)
		}
	}
	return out, d.wrap("principals", rows.Err())
}

func (p *Principal) describe(super, bypass, creates, owns, writes bool) {
	switch {
	case super:
		p.Holds, p.Privileged = "サーバー全体の管理（スーパーユーザー）", "データベースの管理者で、行ごとの保護を受けません"
	case bypass:
		p.Holds, p.Privileged = "行ごとの保護を受けない読み書き", "行ごとの保護を受けません"
	case owns:
		p.Holds, p.Privileged = "テーブルの所有（定義の変更）", "テーブルの定義を変えられます"
	case writes:
		p.Holds = "行の読み書き"
	default:
		p.Holds = "行の読み取り"
	}
	if creates && p.Privileged == "" {
		p.Privileged = "データベースの役割を作れます"
	}
}

func fileOwner(path string) ([]Principal, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	p := Principal{Name: "ファイルの所有者", Holds: fmt.Sprintf("ファイルの読み書き（モード%04o）", st.Mode().Perm()), Privileged: "ファイルをそのまま読み書きできます"}
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		p.Name = fmt.Sprintf("uid %d", s.Uid)
	}
	if st.Mode().Perm()&0o077 != 0 {
		p.Privileged = "所有者以外もファイルに触れられるモードです"
	}
	return []Principal{p}, nil
}
