package checkup

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

// ConsentOptional is a person's consent that the industrial-health staff see items beyond the law, such as
// smoking (health.md §2.3, class 3).
const ConsentOptional = "checkup.optional"

var (
	qConsentAdd = db.Q("checkup.consent_add", `insert into consent (tenant_id, id, person_id, kind, given, by_account, at) values ($1, $2, $3, $4, $5, $6, $7)`)
	qConsent    = db.Q("checkup.consent", `select given from consent where tenant_id = $1 and person_id = $2 and kind = $3 order by at desc, id desc limit 1`)
)

// consents tells whether the newest word of a person is yes. No word is no.
func (s *Service) consents(ctx context.Context, t ids.Tenant, p ids.Person, kind string) (bool, error) {
	var given []int
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		given, err = db.Column[int](tx, qConsent, t, p, kind)
		return err
	})
	return len(given) > 0 && given[0] == 1, err
}

// SetConsent records a person's own consent or its withdrawal, which holds at once. Nobody can give it for
// somebody else.
func (s *Service) SetConsent(ctx context.Context, a actor.Actor, p ids.Person, given bool) error {
	if err := s.require(ctx, a, access.ConsentSelf, "consent.set"); err != nil {
		return err
	}
	if a.Person == "" || a.Person != p {
		return missing("checkup.person_missing")
	}
	return s.consent(ctx, a, []ids.Person{p}, given)
}

// GiveConsents is for demo data: the service itself notes the consent of people who do not exist.
func (s *Service) GiveConsents(ctx context.Context, a actor.Actor, people []ids.Person) error {
	if a.Kind != actor.Machine {
		return fault.New(fault.Denied, "access.denied", "permission", "consent.seed")
	}
	return s.consent(ctx, a, people, true)
}

func (s *Service) consent(ctx context.Context, a actor.Actor, people []ids.Person, given bool) error {
	yes := 0
	if given {
		yes = 1
	}
	now := db.Micros(time.Now())
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		for _, p := range people {
			if _, err := tx.Exec(qConsentAdd, a.Tenant, ids.New[string](), p, ConsentOptional, yes, a.Account, now); err != nil {
				return err
			}
		}
		_, err := s.audit.Append(tx, audit.Event{Verb: "consent.set", Actor: a, Kind: "consent", Subjects: people, Detail: map[string]any{"consent": ConsentOptional, "given": given}})
		return err
	})
}
