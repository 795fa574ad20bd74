package checkup

import (
	"context"
	"slices"
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
	followUps        map[ids.Result]*FollowUp // likewise
	lastNote         int64
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

// year gives the snapshot of a fiscal year, renewed as far as results, opinions or people have changed.
func (s *Service) year(ctx context.Context, t ids.Tenant, year int) (*snapshot, error) {
	dir, err := s.people.Directory(ctx, t)
	if err != nil {
		return nil, err
	}
	if years, ok, err := s.lists(ctx, t, year); !ok || err != nil {
		return &snapshot{year: year, years: years}, err
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
		if err := s.readFollowUps(ctx, t, &n); err != nil {
			return nil, err
		}
	}
	if today := jst.Of(time.Now()); stale || n.people != dir.Revision() || n.built != today {
		n.join(dir, today)
	}
	slot.snap = &n
	return &n, nil
}

// lists tells whether a year has a list: the present one, the next, and those with results. Any other is
// empty and takes nobody's place in memory.
func (s *Service) lists(ctx context.Context, t ids.Tenant, year int) (years []int, ok bool, err error) {
	if now := jst.FiscalYear(jst.Of(time.Now())); year == now || year == now+1 {
		return nil, true, nil
	}
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		years, err = db.Column[int](tx, qYears, t)
		return err
	})
	return years, slices.Contains(years, year), err
}

// Warm builds the snapshot of a year before the first reader asks for it.
func (s *Service) Warm(ctx context.Context, t ids.Tenant, year int) error {
	_, err := s.year(ctx, t, year)
	return err
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
