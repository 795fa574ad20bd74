package db

import (
	"context"
	"fmt"
)

// Count reads every table of the state and returns how many tables and rows it has.
func (s *Snapshot) Count(ctx context.Context) (tables int, rows int64, err error) {
	all, err := tablesOf(ctx, s.conns[0], s.engine)
	if err != nil {
		return 0, 0, fmt.Errorf("db: count: %w", err)
	}
	for _, t := range all {
		var n int64
		if err := s.conns[0].QueryRowContext(ctx, "select count(*) from "+quoted(t.Name)).Scan(&n); err != nil {
			return 0, 0, fmt.Errorf("db: count %s: %w", t.Name, err)
		}
		rows += n
	}
	return len(all), rows, nil
}
