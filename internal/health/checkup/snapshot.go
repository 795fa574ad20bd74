package checkup

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/org"
)

var (
	qYear = db.Q("checkup.year", `select r.id, r.person_id, r.exam_day, r.batch_id, b.applied_seq, j.seq, j.brief
		from checkup_result r
		join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		join checkup_judgement j on j.tenant_id = r.tenant_id and j.result_id = r.id
		where r.tenant_id = $1 and r.year = $2 and b.state = 'applied'`)
	qYears = db.Q("checkup.years", `select distinct r.year from checkup_result r
		join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		where r.tenant_id = $1 and b.state = 'applied' order by r.year desc`)
	qOpinionsYear = db.Q("checkup.opinions_year", `select `+opinionColumns+` from work_opinion where tenant_id = $1 and year = $2 order by decided_at, id`)
)

// exam is one person's newest result of a year, as lists need it.
type exam struct {
	result ids.Result
	person ids.Person
	batch  ids.Import
	day    jst.Date
	Brief
	opinion *Opinion // the newest about this result
}

// line is one person of the list, examined or not.
type line struct {
	org.Person
	site, dept string
	key        string // number, name and kana folded, for the search
	*exam
}

// snapshot is a year of one tenant, decrypted in memory. It never changes.
type snapshot struct {
	revision, people int64
	year             int
	built            jst.Date
	lines            []line // by employee number
	byID             map[ids.Person]int32
	years            []int
	opinions         []*Opinion // every person's newest of the year
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

// year gives the snapshot of a fiscal year, built anew when results, opinions or people have changed.
func (s *Service) year(ctx context.Context, t ids.Tenant, year int) (*snapshot, error) {
	dir, err := s.people.Directory(ctx, t)
	if err != nil {
		return nil, err
	}
	var revision int64
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		revision, err = db.Value[int64](tx, qRevision, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	slot := s.snaps.slot(snapshotKey{t, year})
	slot.mu.Lock()
	defer slot.mu.Unlock()
	today := jst.Of(time.Now())
	if n := slot.snap; n != nil && n.revision >= revision && n.people == dir.Revision() && n.built == today {
		return n, nil
	}
	n, err := s.build(ctx, t, year, dir, today)
	if err != nil {
		return nil, err
	}
	slot.snap = n
	return n, nil
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

func (s *Service) build(ctx context.Context, t ids.Tenant, year int, dir *org.Directory, today jst.Date) (*snapshot, error) {
	n := &snapshot{people: dir.Revision(), year: year, built: today}
	newest := map[ids.Person]*sealedExam{}
	var opinions []sealedOpinion
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		clear(newest)
		if n.revision, err = db.Value[int64](tx, qRevision, t); err != nil {
			return err
		}
		if n.years, err = db.Column[int](tx, qYears, t); err != nil {
			return err
		}
		if opinions, err = db.All(tx, qOpinionsYear, scanOpinion, t, year); err != nil {
			return err
		}
		return db.Each(tx, qYear, func(sc db.Scanner) error {
			x := &sealedExam{}
			var day string
			if err := sc.Scan(&x.result, &x.person, &day, &x.batch, &x.applied, &x.seq, &x.brief); err != nil {
				return err
			}
			if x.day, err = jst.ParseDate(day); err != nil {
				return err
			}
			if o := newest[x.person]; o == nil || x.newer(o) {
				newest[x.person] = x
			}
			return nil
		}, t, year)
	})
	if err != nil {
		return nil, err
	}
	people := make([]ids.Person, 0, len(newest)+len(opinions))
	for p := range newest {
		people = append(people, p)
	}
	for _, o := range opinions {
		people = append(people, o.Person)
	}
	keys, err := s.vault.Persons(ctx, t, people)
	if err != nil {
		return nil, err
	}
	if err := n.open(newest, opinions, keys); err != nil {
		return nil, err
	}
	n.join(newest, dir, today)
	return n, nil
}

// open decrypts; whoever's key is gone is gone from the list as well.
func (n *snapshot) open(newest map[ids.Person]*sealedExam, opinions []sealedOpinion, keys map[ids.Person]*vault.Key) error {
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
	last := map[ids.Person]*Opinion{}
	for i := range opinions {
		k := keys[opinions[i].Person]
		if k == nil {
			continue
		}
		o, err := opinions[i].open(k)
		if err != nil {
			return err
		}
		last[o.Person] = o
		if x := newest[o.Person]; x != nil && x.result == o.Result {
			x.opinion = o
		}
	}
	for _, o := range last {
		n.opinions = append(n.opinions, o)
	}
	return nil
}

// join puts people and results together: everybody who was examined in the year, and everybody else who
// still works there (or did at the end of the year) and so should have been.
func (n *snapshot) join(newest map[ids.Person]*sealedExam, dir *org.Directory, today jst.Date) {
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
		x := newest[p.ID]
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
