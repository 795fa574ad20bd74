package checkup

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

// ConsentOptional is a person's consent that the industrial-health staff see items beyond the law, such as
// smoking (health.md §2.3, class 3).
const ConsentOptional = "checkup.optional"

var (
	qConsentAdd = db.Q("checkup.consent_add", `insert into consent (tenant_id, id, person_id, kind, given, by_account, at, mac) values ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qConsent    = db.Q("checkup.consent", `select id, given, by_account, at, mac from consent where tenant_id = $1 and person_id = $2 and kind = $3 order by at desc, id desc limit 1`)
)

// consentMAC binds everything that a row of consent says.
func consentMAC(k *vault.Key, id string, p ids.Person, kind string, given int, by string, at int64) string {
	n := binary.BigEndian.AppendUint64(nil, uint64(at))
	return hex.EncodeToString(k.MAC("checkup.consent", []byte(id), []byte(p), []byte(kind), []byte{byte(given)}, []byte(by), n))
}

// consents tells whether the newest word of a person is yes. No word is no, and so is one that the service
// has not written itself.
func (s *Service) consents(ctx context.Context, t ids.Tenant, p ids.Person, kind string) (bool, error) {
	k, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return false, err
	}
	yes := false
	err = s.db.View(ctx, t, func(tx *db.Tx) error {
		yes = false
		return db.Each(tx, qConsent, func(sc db.Scanner) error {
			var id, by, mac string
			var given int
			var at int64
			if err := sc.Scan(&id, &given, &by, &at, &mac); err != nil {
				return err
			}
			yes = given == 1 && subtle.ConstantTimeCompare([]byte(mac), []byte(consentMAC(k, id, p, kind, given, by, at))) == 1
			return nil
		}, t, p, kind)
	})
	return yes, err
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
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	now := db.Micros(time.Now())
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		for _, p := range people {
			id := ids.New[string]()
			mac := consentMAC(k, id, p, ConsentOptional, yes, string(a.Account), now)
			if _, err := tx.Exec(qConsentAdd, a.Tenant, id, p, ConsentOptional, yes, a.Account, now, mac); err != nil {
				return err
			}
		}
		_, err := s.audit.Append(tx, audit.Event{Verb: "consent.set", Actor: a, Kind: "consent", Subjects: people, Detail: map[string]any{"consent": ConsentOptional, "given": given}})
		return err
	})
}
