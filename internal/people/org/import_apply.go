package org

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// apply puts a confirmed import into effect: rows are sealed and staged in chunks that no reader sees,
// then published in one short transaction. Stopped anywhere, it leaves the people exactly as before, and
// may be called again.
func (s *Service) apply(ctx context.Context, t ids.Tenant, id ids.Import) error {
	r, err := s.get(ctx, t, id)
	if err != nil || r.state != Applying {
		return err
	}
	tk, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return err
	}
	h, err := r.openHead(tk)
	if err != nil {
		return err
	}
	dir, err := s.Directory(ctx, t)
	if err != nil {
		return err
	}
	if dir.Revision() != r.base {
		return s.stale(ctx, t, &r)
	}
	if err := s.clearStage(ctx, t, id); err != nil { // of an interrupted run
		return err
	}
	g := &stager{s: s, ctx: ctx, tenant: t, id: id, tk: tk}
	got, err := s.pass(ctx, t, &r, dir, tk, s.guard.Reach(h.By, permImport), func(int64) error { return nil }, g.add)
	if err == nil {
		err = g.flush()
	}
	if err != nil {
		return err
	}
	s.step("staged")
	if got.counts != r.counts { // the file is sealed and the people are the same: it cannot be
		return fault.New(fault.Internal, "org.import_differs")
	}
	if err := s.publish(ctx, t, &r, tk, acting(h.Confirmer, t), got); err != nil {
		if fault.Of(err).Code == "org.import_stale" {
			return s.stale(ctx, t, &r)
		}
		return err
	}
	s.step("published")
	if !r.attended { // so that the next reader does not wait for it
		if _, err := s.Directory(ctx, t); err != nil {
			return err
		}
	}
	_ = s.tidy(context.WithoutCancel(ctx), t, id) // what stays is swept later
	return nil
}

// publish is the one moment in which the import takes effect.
func (s *Service) publish(ctx context.Context, t ids.Tenant, r *record, tk *vault.Key, by actor.Actor, got *tally) error {
	return s.db.Tx(ctx, t, func(tx *db.Tx) error {
		now := db.Micros(time.Now())
		if _, err := tx.Exec(qRevisionInit, t); err != nil {
			return err
		}
		if n, err := tx.Exec(qRevisionUpFrom, t, r.base); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.Conflict, "org.import_stale")
		}
		if err := putUnits(tx, t, tk, got); err != nil {
			return err
		}
		if _, err := tx.Exec(qPublish, t, r.id, now); err != nil {
			return err
		}
		if err := tx.Replan(); err != nil { // every event looks up its person
			return err
		}
		if _, err := tx.Exec(qPublishEvents, t, r.id, string(by.Account), now); err != nil {
			return err
		}
		if n, err := tx.Exec(qImportApplied, t, r.id, now); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.Conflict, "org.import_state")
		}
		s.step("publishing")
		return s.append(tx, by, "roster.apply", nil, map[string]any{"import": r.id, "added": r.added, "changed": r.changed})
	})
}

func putUnits(tx *db.Tx, t ids.Tenant, tk *vault.Key, got *tally) error {
	for _, x := range got.sites {
		sealed, err := sealJSON(tk, siteAt(string(x.ID)), unitText{x.Code, x.Name})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qSitePut, t, x.ID, siteIndex(tk, x.Site), sealed); err != nil {
			return err
		}
	}
	for _, x := range got.depts {
		sealed, err := sealJSON(tk, deptAt(string(x.ID)), unitText{Name: x.Name})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qDeptPut, t, x.ID, deptIndex(tk, x), sealed); err != nil {
			return err
		}
	}
	return nil
}

// stale sends an import whose people have changed back to be read again.
func (s *Service) stale(ctx context.Context, t ids.Tenant, r *record) error {
	err := s.db.Tx(ctx, t, func(tx *db.Tx) error {
		return s.move(tx, t, r.id, Applying, Reading, r.total, r.round+1, r.attended)
	})
	if err == nil && r.attended {
		err = fault.New(fault.Conflict, "org.import_stale")
	}
	return err
}
