package checkup

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/people/access"
)

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
	b, err := s.batchFor(ctx, a, access.MappingEdit, id, false)
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
	b, err := s.batchFor(ctx, a, access.MappingEdit, id, false)
	if err != nil {
		return err
	}
	if b.startedBy != a.Account && !access.ReachOf(a, access.CheckupValues).Contains(b.reach()) {
		return fault.New(fault.Denied, "checkup.mapping_foreign") // what a column is taken for tells about its values
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
