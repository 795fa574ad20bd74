package retention

import (
	"context"
	"crypto/hmac"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// MostYears is the longest period that a contract may ask for.
const MostYears = 100

var (
	qRuleSet = db.Q("retention.rule_set", `insert into retention_rule (tenant_id, class, years, sealed, set_by, set_at, mac) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (tenant_id, class) do update set years = excluded.years, sealed = excluded.sealed, set_by = excluded.set_by, set_at = excluded.set_at, mac = excluded.mac`)
	qRulesWhole = db.Q("retention.rules_whole", `select class, years, set_by, set_at, mac, sealed from retention_rule where tenant_id = $1 order by class`)
)

// Lengthened is a contract's longer period.
type Lengthened struct {
	Class  Class
	Years  int
	Source string // where the contract says so
	By     ids.Account
	At     time.Time
	Forged bool // not as the service has written it: its records are kept until somebody sets it anew
	Gone   bool // the log tells of it, and its row is gone or an older one: it is kept as the log says
}

// Lengthen sets how many years a tenant's contract keeps a class, never fewer than the law's.
func (s *Service) Lengthen(ctx context.Context, a actor.Actor, t ids.Tenant, class string, years int, source string) error {
	if err := s.desk(ctx, a, t); err != nil {
		return err
	}
	c, err := ByName(class)
	if err != nil {
		return err
	}
	if years < c.Years || years > MostYears {
		return fault.New(fault.Invalid, "retention.shorter", "years", itoa(c.Years))
	}
	if source, err = glyph.Reason(source, 500, "retention.source", "契約の定め"); err != nil {
		return err
	}
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	r := rule{class: c.Name, years: years, by: string(a.Account), at: db.Micros(time.Now())}
	return s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		sealed := k.Seal(ruleAt(c.Name), []byte(source))
		if _, err := tx.Exec(qRuleSet, t, r.class, r.years, sealed, r.by, r.at, r.sum(k, t)); err != nil {
			return err
		}
		return s.event(tx, a, t, verbLengthened, nil, map[string]any{"class": c.Name, "years": years, "set_at": strconv.FormatInt(r.at, 10)})
	})
}

// Lengthened lists the longer periods of the actor's own tenant.
func (s *Service) Lengthened(ctx context.Context, a actor.Actor) ([]Lengthened, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	return s.lengthened(ctx, a.Tenant)
}

// LengthenedOf lists those of one tenant for the desk.
func (s *Service) LengthenedOf(ctx context.Context, a actor.Actor, t ids.Tenant) ([]Lengthened, error) {
	if err := s.desk(ctx, a, t); err != nil {
		return nil, err
	}
	return s.lengthened(ctx, t)
}

func (s *Service) lengthened(ctx context.Context, t ids.Tenant) (out []Lengthened, err error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil && fault.Is(err, fault.Missing) && fault.Of(err).Code == "vault.key_destroyed" {
		return nil, nil // its periods went with its records
	}
	if err != nil {
		return nil, err
	}
	told, err := s.told(ctx, t)
	if err != nil {
		return nil, err
	}
	var rules []rule
	err = s.DB.View(ctx, t, func(tx *db.Tx) error {
		return db.Each(tx, qRulesWhole, func(row db.Scanner) error {
			var r rule
			var sealed []byte
			if err := row.Scan(&r.class, &r.years, &r.by, &r.at, &r.mac, &sealed); err != nil {
				return err
			}
			l := Lengthened{Years: r.years, By: ids.Account(r.by), At: db.Time(r.at), Forged: !hmac.Equal(r.mac, r.sum(k, t))}
			var err error
			if l.Class, err = ByName(r.class); err != nil { // a row that somebody else has written
				l.Class, l.Forged = Class{Name: r.class}, true
			}
			source, err := k.Open(ruleAt(r.class), sealed)
			if l.Source = string(source); err != nil {
				l.Forged = true
			}
			if rules = append(rules, r); !told[r.class].overrules(r) {
				out = append(out, l)
			}
			return nil
		}, t)
	})
	for _, class := range missed(told, rules) {
		p := told[class]
		l := Lengthened{Class: Class{Name: class}, Years: p.years, By: p.by, At: p.at, Gone: true}
		if c, err := ByName(class); err == nil {
			l.Class = c
		}
		out = append(out, l)
	}
	return out, err
}

// Customer is a tenant within the desk's reach.
type Customer struct {
	Tenant  ids.Tenant
	Waiting int // candidates that wait for an approval or are being erased
}

// Customers lists every tenant within the desk's reach, those with candidates first.
func (s *Service) Customers(ctx context.Context, a actor.Actor) (out []Customer, err error) {
	if err := s.Guard(a, permDesk); err != nil {
		return nil, err
	}
	waiting := map[ids.Tenant]int{}
	err = s.DB.View(ctx, db.Global, func(tx *db.Tx) error {
		return db.Each(tx, qWaitCount, func(row db.Scanner) error {
			var t ids.Tenant
			var n int
			err := row.Scan(&t, &n)
			waiting[t] = n
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	all, err := s.tenants(ctx, qTenants)
	var rest []Customer
	for _, t := range all {
		if s.Reach(ctx, a, t) != nil {
			continue
		}
		if waiting[t] > 0 {
			out = append(out, Customer{t, waiting[t]})
		} else {
			rest = append(rest, Customer{t, 0})
		}
	}
	return append(out, rest...), err
}

var qWaitCount = db.GlobalQ("retention.wait_count", `select tenant_id, count(*) from retention_candidate where state in ('open', 'approved', 'erasing') group by tenant_id`)
