package checkup

import (
	"context"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
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
	header, preamble, err := HeaderOf(f)
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

// ColumnChoice says where one column goes: a target of Targets, or "" for nowhere.
type ColumnChoice struct{ Header, Target string }

// MappingView is what the screen for correcting a mapping shows.
type MappingView struct {
	Import  ids.Import
	Version int // 0: a guess not yet saved
	Body    string
	Columns []MappedColumn
	Targets []Target
}

// MappedColumn is one column of the file.
type MappedColumn struct {
	Header, Target, TargetName string
	Coded                      bool
}

// Target is one place that a column can go to.
type Target struct{ Key, Name, Group string }

// Targets lists where a column can go.
func Targets() []Target {
	var out []Target
	for _, i := range identity {
		out = append(out, Target{i.target, i.name, "本人・健診"})
	}
	for _, it := range catalogue {
		if it.Kind != Joint {
			out = append(out, Target{it.Key, it.Name, it.Group})
		}
	}
	return out
}

// Columns shows how the columns of an upload are read.
func (s *Service) Columns(ctx context.Context, a actor.Actor, id ids.Import) (*MappingView, error) {
	if err := access.Require(a, access.MappingEdit); err != nil {
		return nil, err
	}
	b, err := s.batch(ctx, a.Tenant, id, false)
	if err != nil {
		return nil, err
	}
	m := Guess(b.about.Header)
	if b.mapping != "" {
		if m, err = s.mappingByID(ctx, a.Tenant, b.mapping); err != nil {
			return nil, err
		}
	}
	v := &MappingView{Import: id, Version: m.Version, Body: m.Body, Targets: Targets()}
	for _, c := range m.Columns {
		v.Columns = append(v.Columns, MappedColumn{c.Header, c.Target, TargetName(c.Target), c.Coded})
	}
	return v, nil
}

// Remap saves a corrected mapping as a new version and has the upload read again with it.
func (s *Service) Remap(ctx context.Context, a actor.Actor, id ids.Import, columns []ColumnChoice, body string) error {
	if err := s.require(ctx, a, access.MappingEdit, "checkup.mapping"); err != nil {
		return err
	}
	b, err := s.batch(ctx, a.Tenant, id, true)
	if err != nil {
		return err
	}
	if b.state != Preview && b.state != Failed || len(b.about.Header) == 0 {
		return fault.New(fault.Conflict, "checkup.not_in_preview")
	}
	m := &Mapping{Body: clip(body)}
	for _, c := range columns {
		m.Columns = append(m.Columns, Column{Header: c.Header, Target: c.Target, Coded: guessColumn(c.Header).Coded})
	}
	if err := m.Validate(); err != nil {
		return err
	}
	if _, err := bind(m, b.about.Header); err != nil {
		return err
	}
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		latest, err := db.All(tx, qMappingLatest, scanMapping(k), a.Tenant, fingerprint(k, b.about.Header))
		if err != nil {
			return err
		}
		m.Version = 1
		if len(latest) > 0 {
			m.Version = latest[0].Version + 1
		}
		mapping, err := s.addMapping(tx, k, b, m, a.Account)
		if err != nil {
			return err
		}
		n, err := tx.Exec(qBatchReread, a.Tenant, id, mapping)
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "checkup.not_in_preview")
		}
		if _, err := s.audit.Append(tx, audit.Event{Verb: "checkup.mapping", Actor: a, Kind: "checkup.mapping",
			Detail: map[string]any{"import": id, "mapping": mapping, "version": m.Version}}); err != nil {
			return err
		}
		_, err = s.jobs.Enqueue(tx, a.Tenant, jobRead, []byte(id), job.EnqueueOptions{})
		return err
	})
}
