package app

import (
	"context"

	"rakudos/internal/operations/jobs"
)

// openWork lets operators see the work that was given up, and have it done again.
func (a *App) openWork(context.Context) error {
	a.Work = jobs.New(jobs.Options{DB: a.DB, Log: a.Audit, Queue: a.Jobs, Guard: a.inHouse})
	return nil
}
