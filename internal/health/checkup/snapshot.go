package checkup

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/org"
)

var (
	qYear = db.Q("checkup.year", `select r.id, r.person_id, r.exam_day, b.applied_seq, j.seq, j.brief
		from checkup_result r
		join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		join checkup_judgement j on j.tenant_id = r.tenant_id and j.result_id = r.id
		where r.tenant_id = $1 and r.year = $2 and b.state = 'applied'`)
	qYears = db.Q("checkup.years", `select distinct y.year from import_batch_year y
		join import_batch b on b.tenant_id = y.tenant_id and b.id = y.batch_id
		where y.tenant_id = $1 and b.state = 'applied' order by y.year desc`)
	qOpinionsYear = db.Q("checkup.opinions_year", `select `+opinionColumns+` from work_opinion where tenant_id = $1 and year = $2 and decided_at > $3 order by decided_at, id`)
)

// exam is one person's newest result of a year, as lists need it.
type exam struct {
	result ids.Result
	person ids.Person
	day    jst.Date
	Brief
}

// line is one person of the list, examined or not.
type line struct {
	org.Person
	site, dept string
	key        string // number, name and kana folded, for the search
	*exam
}

// snapshot is a year of one tenant, decrypted in memory. It never changes; a new one takes over what it
// can of the old one: results, opinions and people move by counters of their own.
type snapshot struct {
	results, decided int64 // revisions
	people           int64
	year             int
	built            jst.Date
	lines            []line // by employee number
	byID             map[ids.Person]int32
	years            []int
	newest           map[ids.Person]*sealedExam
	opinions         map[ids.Result]*Opinion // the newest about each result
	lastDecision     int64
}

// opinion is the newest one about the result that a line shows.
func (n *snapshot) opinion(l *line) *Opinion {
	if l.exam == nil {
		return nil
	}
	return n.opinions[l.result]
}

// waits tells whether the law asks for a physician's opinion that is not there yet.
func (n *snapshot) waits(l *line) bool {
	return l.exam != nil && l.Overall.Worse(B) && n.opinion(l) == nil
}

// of finds the line of a person.
func (n *snapshot) of(p ids.Person) *line {
	if i, ok := n.byID[p]; ok {
		return &n.lines[i]
	}
	return nil
}

// maxSnapshots bounds how many years of tenants stay in memory.
const maxSnapshots = 12

type snapshots struct {
	mu sync.Mutex
	m  map[snapshotKey]*snapshotSlot
}

type snapshotKey struct {
	tenant ids.Tenant
	year   int
}

type snapshotSlot struct {
	mu   sync.Mutex // held while it is built, so that it is built once
	snap *snapshot
	used time.Time
}

func (c *snapshots) slot(k snapshotKey) *snapshotSlot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[snapshotKey]*snapshotSlot{}
	}
	s := c.m[k]
	if s == nil {
		for len(c.m) >= maxSnapshots {
			oldest := snapshotKey{}
			for key, x := range c.m {
				if o := c.m[oldest]; o == nil || x.used.Before(o.used) {
					oldest = key
				}
			}
			delete(c.m, oldest)
		}
		s = &snapshotSlot{}
		c.m[k] = s
	}
	s.used = time.Now()
	return s
}

// year gives the snapshot of a fiscal year, renewed as far as results, opinions or people have changed.
func (s *Service) year(ctx context.Context, t ids.Tenant, year int) (*snapshot, error) {
	dir, err := s.people.Directory(ctx, t)
	if err != nil {
		return nil, err
	}
	slot := s.snaps.slot(snapshotKey{t, year})
	slot.mu.Lock()
	defer slot.mu.Unlock()
	n := snapshot{year: year}
	if slot.snap != nil {
		n = *slot.snap
	}
	results, decided, err := s.revisions(ctx, t)
	if err != nil {
		return nil, err
	}
	stale := slot.snap == nil || n.results != results
	if stale {
		if err := s.readResults(ctx, t, &n); err != nil {
			return nil, err
		}
	}
	if n.opinions == nil || n.decided != decided {
		if err := s.readOpinions(ctx, t, &n); err != nil {
			return nil, err
		}
	}
	if today := jst.Of(time.Now()); stale || n.people != dir.Revision() || n.built != today {
		n.join(dir, today)
	}
	slot.snap = &n
	return &n, nil
}

func (s *Service) revisions(ctx context.Context, t ids.Tenant) (results, decided int64, err error) {
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		results, decided, err = revisionsIn(tx, t)
		return err
	})
	return results, decided, err
}

func revisionsIn(tx *db.Tx, t ids.Tenant) (results, decided int64, err error) {
	err = db.Each(tx, qRevision, func(sc db.Scanner) error { return sc.Scan(&results, &decided) }, t)
	return results, decided, err
}

// Warm builds the snapshot of a year before the first reader asks for it.
func (s *Service) Warm(ctx context.Context, t ids.Tenant, year int) error {
	_, err := s.year(ctx, t, year)
	return err
}

// sealedExam is a candidate for a person's newest result.
type sealedExam struct {
	exam
	applied int64
	seq     int
	brief   []byte
}

// newer: a later day, a later batch of that day, a later judgement of that result.
func (x *sealedExam) newer(o *sealedExam) bool {
	return cmp.Or(x.day.Compare(o.day), cmp.Compare(x.applied, o.applied), strings.Compare(string(x.result), string(o.result)), cmp.Compare(x.seq, o.seq)) > 0
}

// readResults finds and decrypts the newest result of everybody; whoever's key is gone is gone from the
// list as well.
func (s *Service) readResults(ctx context.Context, t ids.Tenant, n *snapshot) error {
	newest := map[ids.Person]*sealedExam{}
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		clear(newest)
		if n.results, _, err = revisionsIn(tx, t); err != nil {
			return err
		}
		if n.years, err = db.Column[int](tx, qYears, t); err != nil {
			return err
		}
		return db.Each(tx, qYear, func(sc db.Scanner) error {
			x := &sealedExam{}
			var day string
			if err := sc.Scan(&x.result, &x.person, &day, &x.applied, &x.seq, &x.brief); err != nil {
				return err
			}
			if x.day, err = jst.ParseDate(day); err != nil {
				return err
			}
			if o := newest[x.person]; o == nil || x.newer(o) {
				newest[x.person] = x
			}
			return nil
		}, t, n.year)
	})
	if err != nil {
		return err
	}
	keys, err := s.vault.Persons(ctx, t, slices.Collect(maps.Keys(newest)))
	if err != nil {
		return err
	}
	for p, x := range newest {
		k := keys[p]
		if k == nil {
			delete(newest, p)
			continue
		}
		plain, err := k.Open(locJudgement(x.result, x.seq, "brief"), x.brief)
		if err == nil {
			x.Brief, err = decodeBrief(plain)
		}
		if err != nil {
			return err
		}
		x.brief = nil
	}
	n.newest = newest
	return nil
}

// overlap is how far behind the newest opinion known one is looked for: transactions may be committed in
// another order than they were stamped.
const overlap = 10 * time.Minute

// readOpinions adds the opinions taken since the last look.
func (s *Service) readOpinions(ctx context.Context, t ids.Tenant, n *snapshot) error {
	var sealed []sealedOpinion
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		if _, n.decided, err = revisionsIn(tx, t); err != nil {
			return err
		}
		sealed, err = db.All(tx, qOpinionsYear, scanOpinion, t, n.year, n.lastDecision-overlap.Microseconds())
		return err
	})
	if err != nil {
		return err
	}
	keys, err := s.vault.Persons(ctx, t, subjects(sealed))
	if err != nil {
		return err
	}
	opinions := maps.Clone(n.opinions)
	if opinions == nil {
		opinions = map[ids.Result]*Opinion{}
	}
	for i := range sealed {
		x := &sealed[i]
		n.lastDecision = max(n.lastDecision, db.Micros(x.At))
		if k := keys[x.Person]; k != nil {
			if opinions[x.Result], err = x.open(k); err != nil {
				return err
			}
		}
	}
	n.opinions = opinions
	return nil
}

func subjects(all []sealedOpinion) []ids.Person {
	out := make([]ids.Person, len(all))
	for i := range all {
		out[i] = all[i].Person
	}
	return out
}

// join puts people and results together: everybody who was examined in the year, and everybody else who
// still works there (or did at the end of the year) and so should have been.
func (n *snapshot) join(dir *org.Directory, today jst.Date) {
	n.people, n.built = dir.Revision(), today
	first, last := jst.FiscalStart(n.year), jst.FiscalEnd(n.year)
	if today.Before(last) && !today.Before(first) {
		last = today
	}
	sites, depts := map[ids.Site]string{}, map[ids.Dept]string{}
	for _, x := range dir.Sites() {
		sites[x.ID] = x.Name
	}
	for _, x := range dir.Depts() {
		depts[x.ID] = x.Name
	}
	n.lines, n.byID = make([]line, 0, dir.Len()), make(map[ids.Person]int32, dir.Len())
	for p := range dir.All() {
		x := n.newest[p.ID]
		if x == nil && (p.LeftBy(last) || p.Hired.After(last)) {
			continue
		}
		l := line{Person: p, site: sites[p.Site], dept: depts[p.Dept], key: foldHeader(p.Number) + "\x00" + foldHeader(p.Name) + "\x00" + org.FoldKana(p.Kana)}
		if x != nil {
			l.exam = &x.exam
		}
		n.byID[p.ID] = int32(len(n.lines))
		n.lines = append(n.lines, l)
	}
	n.lines = slices.Clip(n.lines)
}
