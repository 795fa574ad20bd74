package checkup

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/org"
)

const (
	chunkRows   = 512     // rows handed on, sealed and written together
	workers     = 2       // seal and judge
	maxLines    = 20_000  // refused lines that are kept; beyond, they are counted
	maxReasons  = 60_000  // refused lines keep every reason up to here; beyond, one a line
	maxWrong    = 100_000 // refused lines after which a file is not worth reading on
	progressing = 2000    // rows between two looks at the progress
)

// intake is one pass over a file: parse → match → (seal, judge) → write. Without a writer it is the
// preview; both passes take the same decisions.
type intake struct {
	s        *Service
	b        *batch
	key      *vault.Key // the tenant's
	dir      *org.Directory
	criteria *Criteria
	write    bool
	now      time.Time

	seen    map[personDay]int32
	known   map[int]map[personDay][16]byte // fiscal year → digests of what is visible
	reasons int
	done    atomic.Int64

	mu        sync.Mutex
	out       outcome
	firstErr  error
	cancel    context.CancelFunc
	writeTurn chan struct{}
}

// outcome is what a pass found.
type outcome struct {
	info                Info
	accepted, unchanged int
	mac                 [32]byte // over the accepted lines, whatever their order
	detail              detail
	years               map[int]bool // fiscal, of the accepted lines
}

// run reads the file once. open gives the upload from its beginning.
func (s *Service) run(ctx context.Context, b *batch, m *Mapping, write bool, open func() (io.ReadCloser, error)) (*outcome, error) {
	key, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	dir, err := s.people.Directory(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	c, err := s.activeCriteria(ctx, b.tenant)
	if err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // opened for reading
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := &intake{
		s: s, b: b, key: key, dir: dir, criteria: c, write: write, now: time.Now(), cancel: cancel,
		seen: map[personDay]int32{}, known: map[int]map[personDay][16]byte{}, writeTurn: make(chan struct{}, 1),
		out: outcome{years: map[int]bool{}},
	}
	chunks := make(chan []parsed, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for rows := range chunks {
				in.fail(in.safely(ctx, rows))
			}
		})
	}
	var rows []parsed
	info, perr := Parse(ctx, f, m, jst.Of(in.now), func(r *Row) error {
		if err := in.take(ctx, r, &rows); err != nil {
			return err
		}
		if len(rows) >= chunkRows {
			select {
			case chunks <- rows:
			case <-ctx.Done():
				return ctx.Err()
			}
			rows = make([]parsed, 0, chunkRows)
		}
		return nil
	})
	if perr == nil && len(rows) > 0 {
		chunks <- rows
	}
	close(chunks)
	wg.Wait()
	in.out.info = info
	if in.firstErr != nil {
		return &in.out, in.firstErr
	}
	if perr != nil {
		return &in.out, perr
	}
	in.out.detail.Ignored = info.Ignored
	slices.SortFunc(in.out.detail.Unmatched, func(x, y Unmatched) int { return cmp.Compare(x.Line, y.Line) })
	return &in.out, nil
}

// safely is work whose panic ends this import alone.
func (in *intake) safely(ctx context.Context, rows []parsed) (err error) {
	defer fault.Caught(&err)
	return in.work(ctx, rows)
}

func (in *intake) fail(err error) {
	if err == nil {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.firstErr == nil {
		in.firstErr = err
	}
	in.cancel()
}
