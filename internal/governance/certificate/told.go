package certificate

import (
	"context"
	"maps"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// A revocation stands in the audit log, and a public key is the one of the private key that is sealed beside it: whoever
// writes into the records takes no revocation back, and has no key of their own published (ADR 21).

// told is what the log said of revocations a short while ago: the public page asks often, and the log is long.
type told struct {
	mu      sync.Mutex
	at      time.Time
	revoked map[string]time.Time
	refused sync.Map
}

const toldFor = 10 * time.Minute

func (t *told) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = time.Time{}
}

// toldRevoked are the digests whose revocation the log tells of, and when.
func (s *Service) toldRevoked(ctx context.Context) (map[string]time.Time, error) {
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	if !s.told.at.IsZero() && time.Since(s.told.at) < toldFor {
		return s.told.revoked, nil
	}
	out := map[string]time.Time{}
	f := audit.Filter{Verb: VerbRevoked, Limit: 1000}
	for {
		found, err := s.Log.Find(ctx, actor.System(ids.System, "certificate"), f)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			f.Before = e.Seq
			if d, _ := e.Detail["digest"].(string); d != "" {
				out[d] = e.At.Truncate(time.Second)
				if told, _ := e.Detail["revoked_at"].(string); told != "" { // put back after a restore
					if at, err := time.Parse(time.RFC3339, told); err == nil && at.Before(out[d]) {
						out[d] = at
					}
				}
			}
		}
		if len(found) < f.Limit {
			break
		}
	}
	s.told.revoked, s.told.at = out, time.Now()
	return maps.Clone(out), nil
}

const keyPrefix = "rakudos certificate key 1\n"

// own leaves the keys whose public half belongs to the private half that the service has sealed.
func (s *Service) own(ctx context.Context, system *vault.Key, keys []signingKey) (out []signingKey, err error) {
	for _, k := range keys {
		if v, err := note.NewVerifier(k.public); err == nil && v.Name() == k.name() {
			message := []byte(keyPrefix + k.public)
			if sig, err := k.sign(system, message); err == nil && v.Verify(message, sig) {
				out = append(out, k)
				continue
			}
		}
		if err := s.refused(ctx, "certificate_key", k.id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// refused tells the log once of a row that does not verify.
func (s *Service) refused(ctx context.Context, table, id string) error {
	if _, again := s.told.refused.LoadOrStore(table+"/"+id, true); again {
		return nil
	}
	return s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := s.Log.Append(tx, audit.Event{Verb: "integrity.row_refused", Actor: actor.System(ids.System, "certificate"), Kind: "row", Result: "denied",
			Detail: map[string]any{"table": table, "row": id}})
		return err
	})
}
