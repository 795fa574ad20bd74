package org

import (
	"context"
	"io"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

// maxFile bounds a roster file, in bytes; a hundred thousand people take about 12 MB.
const maxFile = 256 << 20

// StartImport keeps the file sealed and has a job read it. The answer comes when the file has arrived.
func (s *Service) StartImport(ctx context.Context, a actor.Actor, filename string, r io.Reader) (ids.Import, error) {
	return s.start(ctx, a, filename, r, false)
}

func (s *Service) start(ctx context.Context, a actor.Actor, filename string, r io.Reader, full bool) (ids.Import, error) {
	if err := s.guard.Require(a, permImport); err != nil {
		return "", err
	}
	if s.jobs == nil {
		return "", fault.New(fault.Internal, "org.no_queue")
	}
	return s.receive(ctx, a, filename, r, false, full)
}

// ImportNow reads a file and, if confirm is set and the file could be read, applies it before it returns,
// without the queue: for the command line and for seeding. Without confirm nothing stays but the record
// that it was tried. What is wrong with the file as a whole is the error.
func (s *Service) ImportNow(ctx context.Context, a actor.Actor, filename string, r io.Reader, confirm bool) (ImportView, error) {
	return s.importNow(ctx, a, filename, r, confirm, false)
}

func (s *Service) importNow(ctx context.Context, a actor.Actor, filename string, r io.Reader, confirm, full bool) (ImportView, error) {
	if err := s.guard.Require(a, permImport); err != nil {
		return ImportView{}, err
	}
	id, err := s.receive(ctx, a, filename, r, true, full)
	if err != nil {
		return ImportView{}, err
	}
	for range 3 { // once more when somebody else changed the people meanwhile
		if err = s.read(ctx, a.Tenant, id); err != nil {
			break
		}
		view, verr := s.view(ctx, a.Tenant, id)
		if verr != nil {
			return view, verr
		}
		if view.State != Preview { // the file could not be read
			return view, view.FailureFault()
		}
		if !confirm {
			if err := s.showAbsent(ctx, a, &view); err != nil {
				return view, err
			}
			return view, s.Withdraw(ctx, a, id)
		}
		if err = s.Confirm(ctx, a, id); err == nil {
			err = s.apply(ctx, a.Tenant, id)
		}
		if fault.Of(err) == nil || fault.Of(err).Code != "org.import_stale" {
			break
		}
	}
	if err != nil {
		_ = s.end(context.WithoutCancel(ctx), a.Tenant, id, Failed, fault.Of(err))
		return ImportView{}, err
	}
	return s.shown(ctx, a, id)
}

// shown is an import with the people whom a full list does not name.
func (s *Service) shown(ctx context.Context, a actor.Actor, id ids.Import) (ImportView, error) {
	v, err := s.view(ctx, a.Tenant, id)
	if err == nil {
		err = s.showAbsent(ctx, a, &v)
	}
	return v, err
}

// receive makes the import's row, stores the file and has it read.
func (s *Service) receive(ctx context.Context, a actor.Actor, filename string, r io.Reader, attended, full bool) (ids.Import, error) {
	id := ids.New[ids.Import]()
	tk, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return "", err
	}
	by := a
	by.Session = ""
	sealed, err := sealJSON(tk, headAt(string(id)), head{File: clean(glyph.Visible(filename)), By: by, Full: full})
	if err != nil {
		return "", err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qImportAdd, a.Tenant, id, flag(attended), db.Micros(time.Now()), sealed, []byte{})
		return err
	})
	if err != nil {
		return "", err
	}
	s.step("received")
	size, err := s.blobs.Put(ctx, a.Tenant, blobKey(id), &bounded{r: r, left: maxFile})
	if err == nil {
		s.step("stored")
		err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
			if err := s.append(tx, a, "roster.upload", nil, map[string]any{"import": id, "bytes": size}); err != nil {
				return err
			}
			return s.move(tx, a.Tenant, id, receiving, Reading, int(size), 1, attended)
		})
	}
	if err != nil { // the connection dropped, the disk is full, the file too large: as if it had never come
		_ = s.end(context.WithoutCancel(ctx), a.Tenant, id, Withdrawn, nil)
		return "", err
	}
	return id, nil
}

// move takes an import from one state to the next and hands it to the job of that state.
func (s *Service) move(tx *db.Tx, t ids.Tenant, id ids.Import, from, to State, total, round int, attended bool) error {
	n, err := tx.Exec(qImportMove, t, id, string(from), string(to), db.Micros(time.Now()), total)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "org.import_state")
	}
	if attended {
		return nil
	}
	kind := jobRead
	if to == Applying {
		kind = jobApply
	}
	_, err = s.jobs.Enqueue(tx, t, kind, []byte(id), job.EnqueueOptions{Slot: kind + ":" + string(id) + ":" + strconv.Itoa(round)})
	return err
}

// Import shows one import.
func (s *Service) Import(ctx context.Context, a actor.Actor, id ids.Import) (ImportView, error) {
	if _, err := s.Progress(ctx, a, id); err != nil {
		return ImportView{}, err
	}
	return s.shown(ctx, a, id)
}

// theirs refuses, as if there were none, the import of somebody who reaches further: it may be about people who do
// not exist for the actor.
func (s *Service) theirs(a actor.Actor, r *record, tk *vault.Key) error {
	h, err := r.openHead(tk)
	if err == nil && !s.guard.Reach(a, permImport).Contains(s.guard.Reach(h.By, permImport)) {
		err = fault.New(fault.Missing, "org.import_missing")
	}
	return err
}

// Progress is Import without the lines: cheap enough to be asked again and again while it runs.
func (s *Service) Progress(ctx context.Context, a actor.Actor, id ids.Import) (ImportView, error) {
	if err := s.guard.Require(a, permImport); err != nil {
		return ImportView{}, err
	}
	r, err := s.get(ctx, a.Tenant, id)
	if err != nil {
		return ImportView{}, err
	}
	tk, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return ImportView{}, err
	}
	if err := s.theirs(a, &r, tk); err != nil {
		return ImportView{}, err
	}
	return r.view(tk, false)
}

func (s *Service) view(ctx context.Context, t ids.Tenant, id ids.Import) (ImportView, error) {
	r, err := s.get(ctx, t, id)
	if err != nil {
		return ImportView{}, err
	}
	tk, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return ImportView{}, err
	}
	return r.view(tk, true)
}

func (s *Service) get(ctx context.Context, t ids.Tenant, id ids.Import) (r record, err error) {
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		r, err = getIn(tx, t, id)
		return err
	})
	return r, err
}

func getIn(tx *db.Tx, t ids.Tenant, id ids.Import) (record, error) {
	r, err := db.One(tx, qImportGet, scanRecord, t, id)
	if fault.Is(err, fault.Missing) {
		err = fault.New(fault.Missing, "org.import_missing")
	}
	return r, err
}

// Imports lists the newest imports without their lines.
func (s *Service) Imports(ctx context.Context, a actor.Actor, limit int) ([]ImportView, error) {
	if err := s.guard.Require(a, permImport); err != nil {
		return nil, err
	}
	tk, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []record
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qImportList, scanRecord, a.Tenant, min(max(limit, 1), 200))
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]ImportView, 0, len(rows))
	for i := range rows {
		if err := s.theirs(a, &rows[i], tk); fault.Is(err, fault.Missing) {
			continue
		}
		v, err := rows[i].view(tk, false)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Confirm has a previewed import applied. If the people have changed since, it is read again instead and
// the fault is "org.import_stale".
func (s *Service) Confirm(ctx context.Context, a actor.Actor, id ids.Import) error {
	if err := s.guard.Require(a, permImport); err != nil {
		return err
	}
	tk, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	stale := false
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		r, err := getIn(tx, a.Tenant, id)
		if err == nil {
			err = s.theirs(a, &r, tk)
		}
		if err != nil {
			return err
		}
		if r.state != Preview {
			return fault.New(fault.Conflict, "org.import_state")
		}
		now, err := revisionIn(tx, a.Tenant)
		if err != nil {
			return err
		}
		if stale = now != r.base; stale {
			return s.move(tx, a.Tenant, id, Preview, Reading, r.total, r.round+1, r.attended)
		}
		h, err := r.openHead(tk)
		if err != nil {
			return err
		}
		h.Confirmer = a
		h.Confirmer.Session = ""
		sealed, err := sealJSON(tk, headAt(string(id)), h)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qImportHead, a.Tenant, id, sealed); err != nil {
			return err
		}
		if err := s.append(tx, a, "roster.confirm", nil, map[string]any{"import": id, "accepted": r.accepted}); err != nil {
			return err
		}
		return s.move(tx, a.Tenant, id, Preview, Applying, r.accepted, r.round+1, r.attended)
	})
	if err == nil && stale {
		err = fault.New(fault.Conflict, "org.import_stale")
	}
	return err
}

// Withdraw ends an import that was not applied, and removes its file.
func (s *Service) Withdraw(ctx context.Context, a actor.Actor, id ids.Import) error {
	if err := s.guard.Require(a, permImport); err != nil {
		return err
	}
	tk, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		r, err := getIn(tx, a.Tenant, id)
		if err == nil {
			err = s.theirs(a, &r, tk)
		}
		if err != nil {
			return err
		}
		now := db.Micros(time.Now())
		switch r.state {
		case Failed:
			_, err = tx.Exec(qImportFailedAway, a.Tenant, id, now)
		case Preview, Reading, receiving:
			_, err = tx.Exec(qImportEnd, a.Tenant, id, string(Withdrawn), "", now, r.report)
		default:
			return fault.New(fault.Conflict, "org.import_state")
		}
		if err != nil {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "roster.withdraw", Actor: a, Kind: "person", Result: "ok", Detail: map[string]any{"import": id}})
		return err
	})
	if err != nil {
		return err
	}
	_ = s.tidy(context.WithoutCancel(ctx), a.Tenant, id) // what stays is swept later
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func blobKey(id ids.Import) string { return "roster/" + string(id) }

// bounded refuses what is longer than left.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fault.New(fault.TooLarge, "org.file_size", "limit", strconv.Itoa(maxFile>>20)+" MB")
	}
	return n, err
}
