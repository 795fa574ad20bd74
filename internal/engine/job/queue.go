package job

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Queue hands jobs of a database to the handlers of this process.
type Queue struct {
	db      *db.DB
	log     *slog.Logger
	node    string // stable name of this place
	process string // this Queue and no other
	poll    time.Duration

	kinds     map[string]*kind
	schedules []*schedule
	wake      chan struct{}

	working sync.WaitGroup
	mu      sync.Mutex // guards the busy counters of kinds
}

type kind struct {
	name   string
	handle Handler
	opt    Options
	busy   int
}

// Option of a Queue.
type Option func(*Queue)

// WithNode names the place that this process runs in. Jobs that an earlier process of the same place
// held are taken back at start without waiting for their leases. Default: a name that no other process has.
func WithNode(name string) Option { return func(q *Queue) { q.node = name } }

// WithPoll sets how often to look for jobs that nobody announced (those of another node); at least 1 s.
func WithPoll(d time.Duration) Option { return func(q *Queue) { q.poll = max(d, time.Second) } }

// WithLog sets where failures are told.
func WithLog(l *slog.Logger) Option { return func(q *Queue) { q.log = l } }

// New makes a queue; nothing runs before Run or Drain.
func New(d *db.DB, opts ...Option) *Queue {
	q := &Queue{
		db: d, log: slog.Default(), process: ids.New[string](), poll: 2 * time.Second,
		kinds: map[string]*kind{}, wake: make(chan struct{}, 1),
	}
	q.node = q.process
	for _, o := range opts {
		o(q)
	}
	return q
}

// Handle registers the handler of a kind, before Run. Jobs of kinds without a handler wait.
func (q *Queue) Handle(name string, h Handler, o Options) {
	if q.kinds[name] != nil {
		panic("job: two handlers for " + name)
	}
	q.kinds[name] = &kind{name: name, handle: h, opt: o.filled()}
}

// maxPayload bounds what a job carries: the number of the thing to work on. What is said about people lies sealed
// where it belongs, and never waits here.
const maxPayload = 64

func strange(b byte) bool {
	return !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_' || b == '.' || b == ':')
}

// Kinds lists what has a handler, sorted.
func (q *Queue) Kinds() []string { return slices.Sorted(maps.Keys(q.kinds)) }

// Enqueue adds a job in the caller's transaction: it exists if and only if the transaction commits. A
// slot that is taken already gives the id of the job that holds it, in whatever state.
func (q *Queue) Enqueue(tx *db.Tx, t ids.Tenant, kind string, payload []byte, o EnqueueOptions) (ids.Job, error) {
	now := time.Now()
	runAt := o.RunAt
	if runAt.IsZero() {
		runAt = now
	}
	if payload == nil {
		payload = []byte{}
	}
	if len(payload) > maxPayload || slices.ContainsFunc(payload, strange) {
		return "", fault.New(fault.Internal, "job.payload", "kind", kind)
	}
	id := ids.New[ids.Job]()
	n, err := tx.Exec(qInsert, t, id, kind, o.Slot, payload, db.Micros(runAt), db.Micros(now))
	if err != nil {
		return "", err
	}
	if n == 0 {
		return db.Value[ids.Job](tx, qBySlot, t, o.Slot)
	}
	tx.OnCommit(q.Wake)
	return id, nil
}

// Wake makes Run look for work at once.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// free is how many more jobs of a kind may begin.
func (q *Queue) free(k *kind) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return k.opt.Concurrency - k.busy
}

func (q *Queue) occupy(k *kind, by int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	k.busy += by
}
