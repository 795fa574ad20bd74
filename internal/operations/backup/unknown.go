package backup

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
)

const verbDropped = "backup.dropped"

// verifyUnknown names sets that lie there although the service removed them: somebody kept a copy and put it back, and
// with a copy of the key store the keys that have been destroyed since. Other sets that the database does not know are
// told of: those from before a restore, or somebody else's.
func (s *Service) verifyUnknown(ctx context.Context, r *Report, known []Generation, found map[string]string) error {
	unknown := map[string]bool{}
	for id := range found {
		if !slices.ContainsFunc(known, func(g Generation) bool { return g.ID == id }) {
			unknown[id] = true
		}
	}
	f := audit.Filter{Verb: verbDropped, Limit: 500}
	for len(unknown) > 0 {
		all, err := s.o.Log.Find(ctx, actor.System(ids.System, "verify"), f)
		if err != nil {
			return err
		}
		for _, e := range all {
			sets, _ := e.Detail["sets"].([]any)
			for _, x := range sets {
				if id, _ := x.(string); unknown[id] {
					delete(unknown, id)
					r.Bad = append(r.Bad, Finding{Set: id, What: jst.Stamp(e.At) + " に消したバックアップが、また置かれています。"})
				}
			}
			f.Before = e.Seq
		}
		if len(all) < f.Limit {
			break
		}
	}
	for id := range unknown {
		r.Notes = append(r.Notes, id+": このサービスの一覧にないバックアップです（復元より前に取ったものか、ほかから置かれたものです）。")
	}
	slices.Sort(r.Notes)
	return nil
}
