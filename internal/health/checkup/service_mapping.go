package checkup

import (
	"context"
	"strings"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qMappingLatest = db.Q("checkup.mapping_latest", `select id, mapping from checkup_mapping where tenant_id = $1 and fingerprint = $2 order by version desc limit 1`)
	qMapping       = db.Q("checkup.mapping", `select id, mapping from checkup_mapping where tenant_id = $1 and id = $2`)
	qMappingAdd    = db.Q("checkup.mapping_add", `insert into checkup_mapping (tenant_id, id, fingerprint, version, mapping, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)`)
)

func locMapping(id string) vault.Loc {
	return vault.Loc{Table: "checkup_mapping", ID: id, Column: "mapping"}
}

func scanMapping(k *vault.Key) func(db.Scanner) (*savedMapping, error) {
	return func(s db.Scanner) (*savedMapping, error) {
		m := &savedMapping{}
		var sealed []byte
		if err := s.Scan(&m.id, &sealed); err != nil {
			return nil, err
		}
		return m, openJSON(k, locMapping(m.id), sealed, &m.Mapping)
	}
}

type savedMapping struct {
	id string
	Mapping
}

// fingerprint tells one body's header row from another's.
func fingerprint(k *vault.Key, header []string) []byte {
	return k.MAC("checkup.header", []byte(strings.Join(header, "\x00")))[:16]
}

// mappingFor chooses how to read a batch's file: the mapping chosen for it, the newest saved one for the
// same header row, or nil for a guess. It notes the header, so that a person can correct the mapping even
// if the file cannot be read with it.
func (s *Service) mappingFor(ctx context.Context, b *batch) (*Mapping, error) {
	f, err := s.blobs.Open(ctx, b.tenant, b.blob)
	if err != nil {
		return nil, err
	}
	header, preamble, err := HeaderOf(ctx, f)
	_ = f.Close()
	if err != nil {
		if b.mapping != "" { // a header that only the chosen mapping knows
			return s.mappingByID(ctx, b.tenant, b.mapping)
		}
		return nil, err
	}
	b.about.Header, b.about.Body = header, bodyOf(preamble)
	if b.mapping != "" {
		return s.mappingByID(ctx, b.tenant, b.mapping)
	}
	k, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	var found []*savedMapping
	err = s.db.View(ctx, b.tenant, func(tx *db.Tx) (err error) {
		found, err = db.All(tx, qMappingLatest, scanMapping(k), b.tenant, fingerprint(k, header))
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	b.mapping = found[0].id
	return &found[0].Mapping, nil
}

func (s *Service) mappingByID(ctx context.Context, t ids.Tenant, id string) (*Mapping, error) {
	k, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var m *savedMapping
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		m, err = db.One(tx, qMapping, scanMapping(k), t, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &m.Mapping, nil
}

// saveMapping keeps a guess as the first version of its header row; a mapping that is saved already keeps
// its id.
func (s *Service) saveMapping(tx *db.Tx, k *vault.Key, b *batch, m *Mapping, by ids.Account) (string, error) {
	if b.mapping != "" {
		return b.mapping, nil
	}
	latest, err := db.All(tx, qMappingLatest, scanMapping(k), b.tenant, fingerprint(k, b.about.Header))
	if err != nil {
		return "", err
	}
	if len(latest) > 0 {
		return latest[0].id, nil
	}
	c := *m
	c.Version = 1
	return s.addMapping(tx, k, b, &c, by)
}

func (s *Service) addMapping(tx *db.Tx, k *vault.Key, b *batch, m *Mapping, by ids.Account) (string, error) {
	id := ids.New[string]()
	sealed, err := sealJSON(k, locMapping(id), m)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(qMappingAdd, b.tenant, id, fingerprint(k, b.about.Header), m.Version, sealed, by, db.Micros(time.Now()))
	return id, err
}
