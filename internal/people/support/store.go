package support

import (
	"context"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const (
	table   = "support_accesses"
	columns = `tenant_id, access_id, home_id, account_id, asker, scope, person, reason, ticket, minutes, asked_at, state, decided_by, decider, decided_at, ends_at, session_id, person_id, entered_at, ended_at, end_reason, mac`
)

var (
	qInsert = db.Q("support.insert", `insert into support_accesses (tenant_id, access_id, home_id, account_id, asker, scope, person, reason, ticket, minutes, asked_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	qOpen = db.GlobalQ("support.open", `select count(*) from support_accesses where home_id = $1 and account_id = $2 and (state = 'asked' and asked_at > $3 or state = 'approved' and ends_at > $4)`)
	qOne  = db.GlobalQ("support.one", `select `+columns+` from support_accesses where access_id = $1 and home_id = $2`)
	qHome = db.GlobalQ("support.home", `select `+columns+` from support_accesses where home_id = $1 order by asked_at desc limit 200`)
	qMine = db.Q("support.tenant", `select `+columns+` from support_accesses where tenant_id = $1 and (state <> 'asked' and decided_at > 0) order by asked_at desc limit 200`)
	qRuns = db.Q("support.running", `select `+columns+` from support_accesses where tenant_id = $1 and state = 'approved' and ends_at > $2 order by asked_at`)
	qIn   = db.GlobalQ("support.inside", `select `+columns+` from support_accesses where session_id = $1 and home_id = $2 and account_id = $3 and state = 'approved' and ends_at > $4`)
	qUsed = db.Q("support.of_tenant", `select `+columns+` from support_accesses where tenant_id = $1 and access_id = $2`)

	qAmend = db.Q("support.amend", `update support_accesses set state = $3, decided_by = $4, decider = $5, decided_at = $6, ends_at = $7, session_id = $8, person_id = $9, entered_at = $10, ended_at = $11, end_reason = $12, mac = $13
		where tenant_id = $1 and access_id = $2 and mac = $14`)
	qDue = db.GlobalQ("support.due", `select `+columns+` from support_accesses where state = 'approved' and ends_at <= $1 or state = 'asked' and asked_at <= $2 order by asked_at limit 100`)
)

type row struct {
	Access
	asker, person, reason, decider, mac []byte
}

func scan(s db.Scanner) (row, error) {
	var r row
	var asked, decided, ends, entered, ended int64
	err := s.Scan(&r.Tenant, &r.ID, &r.Home, &r.Asker, &r.asker, &r.Scope, &r.person, &r.reason, &r.Ticket, &r.Minutes, &asked, &r.State,
		&r.Decider, &r.decider, &decided, &ends, &r.session, &r.Access.Person, &entered, &ended, &r.EndReason, &r.mac)
	r.AskedAt, r.DecidedAt, r.EndsAt, r.EnteredAt, r.EndedAt = db.Time(asked), db.Time(decided), db.Time(ends), db.Time(entered), db.Time(ended)
	return r, err
}

func at(id, column string) vault.Loc { return vault.Loc{Table: table, ID: id, Column: column} }

// open unseals a row with its tenant's key. One that does not verify is missing.
func (s *Service) open(ctx context.Context, r row) (Access, error) {
	k, err := s.keys.Tenant(ctx, r.Tenant)
	if err != nil {
		return r.Access, err
	}
	if !r.genuine(k) {
		s.forged(ctx, &r)
		return Access{}, missing()
	}
	for _, f := range []struct {
		column string
		sealed []byte
		to     *string
	}{{"asker", r.asker, &r.AskerName}, {"person", r.person, &r.Number}, {"reason", r.reason, &r.Reason}, {"decider", r.decider, &r.DeciderBy}} {
		if len(f.sealed) == 0 {
			continue
		}
		plain, err := k.Open(at(r.ID, f.column), f.sealed)
		if err != nil {
			return r.Access, err
		}
		*f.to = string(plain)
	}
	return r.Access, nil
}

func (s *Service) all(ctx context.Context, scope ids.Tenant, q db.Query, args ...any) ([]Access, error) {
	var rows []row
	err := s.db.View(ctx, scope, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, q, scan, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Access, 0, len(rows))
	for _, r := range rows {
		a, err := s.open(ctx, r)
		if f := fault.Of(err); f != nil && f.Code == "support.missing" {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
