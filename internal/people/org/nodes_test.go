package org

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/job"
	"rakudos/internal/testkit/testdb"
)

// node is one more process on the same data.
func (b *bed) node(name string) (*Service, *job.Queue) {
	q := job.New(b.e.DB, job.WithNode(name), job.WithPoll(time.Second), job.WithLog(slog.New(slog.NewTextHandler(io.Discard, nil))))
	return New(Config{DB: b.e.DB, Vault: b.vault, Audit: b.log, Jobs: q, Blobs: b.blobs, Guard: roles{}}), q
}

// TestTwoNodesWorkOffImports: two queues share the work of both tenants; nothing is applied twice, and of
// two imports planned on the same state the later one is planned anew.
func TestTwoNodesWorkOffImports(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		one, q1 := b.node("one")
		two, q2 := b.node("two")
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, q := range []*job.Queue{q1, q2} {
			running.Go(func() { _ = q.Run(ctx) })
		}
		t.Cleanup(func() { stop(); running.Wait() })

		var imports []ids.Import
		for i, s := range []*Service{one, two, one, two} {
			who := b.hr
			if i == 3 {
				who = b.hr2
			}
			file := header([]string{
				"1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,本社,総務部,,,,",
				"1002,鈴木 陽子,スズキ ヨウコ,女,1990-05-02,S01,本社,総務部,,,,",
				"1003,渡邊 誠,ワタナベ マコト,男,1975-06-03,S02,伏見工場,製造一課,,,,",
				"1001,林 恵,ハヤシ メグミ,女,1995-01-01,S09,隣の本社,総務部,,,,",
			}[i])
			id, err := s.StartImport(t.Context(), who, "x", strings.NewReader(file))
			b.must(err)
			imports = append(imports, id)
		}
		settle := func(i int) State {
			who := b.hr
			if i == 3 {
				who = b.hr2
			}
			v, err := two.Import(t.Context(), who, imports[i])
			b.must(err)
			if v.State == Preview {
				if err := one.Confirm(t.Context(), who, imports[i]); err != nil && !fault.Is(err, fault.Conflict) {
					t.Fatal(err)
				}
			}
			return v.State
		}
		for range 400 {
			done := 0
			for i := range imports {
				if settle(i) == Applied {
					done++
				}
			}
			if done == len(imports) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if d := b.dir(b.ours); d.Len() != 3 || len(d.Sites()) != 2 || len(d.Depts()) != 2 {
			t.Fatalf("%d people, %v, %v", d.Len(), d.Sites(), d.Depts())
		}
		if d := b.dir(b.neighbour); d.Len() != 1 || d.Sites()[0].Name != "隣の本社" {
			t.Fatalf("%d people, %v", d.Len(), d.Sites())
		}
		applied := 0
		for _, v := range b.log.verbs() {
			if v == "roster.apply" {
				applied++
			}
		}
		if applied != 4 {
			t.Errorf("applied %d times: %v", applied, b.log.verbs())
		}
		for _, s := range []*Service{one, two} { // each has its own snapshots
			d, err := s.Directory(t.Context(), b.ours)
			if err != nil || d.Len() != 3 {
				t.Errorf("%v %v", d, err)
			}
		}
	})
}

// TestDirectoryUnderChange: readers at any moment see a state that existed.
func TestDirectoryUnderChange(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		var id ids.Person = b.number(b.ours, "1001").ID
		stop := make(chan struct{})
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				newest := int64(0)
				for {
					select {
					case <-stop:
						return
					default:
					}
					d, err := b.s.Directory(t.Context(), b.ours)
					if err != nil {
						t.Error(err)
						return
					}
					p, ok := d.Person(id)
					// Revision r was made by setting the r-th day; the roster was revision 1.
					if !ok || d.Len() != 3 || d.Revision() < newest || d.Revision() > 1 && p.Left.D != int(d.Revision()) {
						t.Errorf("revision %d after %d: %+v", d.Revision(), newest, p)
						return
					}
					newest = d.Revision()
				}
			})
		}
		for day := 2; day <= 25; day++ {
			b.must(b.s.Leave(t.Context(), b.hr, id, jst.Date{Y: 2026, M: 1, D: day}))
		}
		close(stop)
		readers.Wait()
	})
}

// broken is a store that fails a number of times.
type broken struct {
	blob.Store
	opens int // how many openings fail
	err   error
}

func (s *broken) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if s.opens--; s.opens >= 0 {
		return nil, s.err
	}
	return s.Store.Open(ctx, key)
}

func TestPassingTroubleIsTriedAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for name, c := range map[string]struct {
			opens int
			err   error
			want  State
			code  string
		}{
			"once":          {1, errors.New("network"), Preview, ""},
			"always":        {100, errors.New("network"), Failed, "internal"},
			"disk full":     {100, fault.New(fault.Busy, "blob.full"), Failed, "blob.full"},
			"file vanished": {1, fault.New(fault.Missing, "blob.missing"), Failed, "blob.missing"},
		} {
			b := newBed(t, e)
			local, err := blob.Local(e.Dir + "/blob")
			b.must(err)
			store := &broken{Store: local, opens: c.opens, err: c.err}
			b.blobs = blob.Sealed(store, func(ctx context.Context, t ids.Tenant) (blob.Key, error) {
				k, err := b.vault.Tenant(ctx, t)
				return fileKey{k}, err
			})
			b.start()
			id, err := b.s.StartImport(t.Context(), b.hr, "x", strings.NewReader(roster))
			b.must(err)
			for attempt := 1; attempt <= attempts; attempt++ {
				err = b.s.handler(b.s.read)(t.Context(), job.Job{Tenant: b.ours, Payload: []byte(id), Attempt: attempt})
				if v, _ := b.s.Import(t.Context(), b.hr, id); err == nil || v.State != Reading {
					break
				}
			}
			v, err := b.s.Import(t.Context(), b.hr, id)
			b.must(err)
			if v.State != c.want || v.Failure != c.code {
				t.Errorf("%s: %s %s", name, v.State, v.Failure)
			}
		}
	})
}

func TestForgottenPreviewIsWithdrawn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id, err := b.s.StartImport(t.Context(), b.hr, "x", strings.NewReader(roster))
		b.must(err)
		b.drain()
		b.must(b.s.Sweep(t.Context()))
		if v, _ := b.s.Import(t.Context(), b.hr, id); v.State != Preview {
			t.Fatalf("a fresh preview was swept: %+v", v)
		}
		b.shift(idlePreview + time.Hour)
		b.must(b.s.Sweep(t.Context()))
		if v, _ := b.s.Import(t.Context(), b.hr, id); v.State != Withdrawn {
			t.Fatalf("%+v", v)
		}
		b.nothingLeft()
	})
}

// TestImportIsInTheAuditChain uses the real log: the events of an import stand in it in their order, with
// counts and without a name, and the chain holds.
func TestImportIsInTheAuditChain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		cfg := audit.Config{Dir: e.Dir + "/log"}
		log, err := audit.Open(t.Context(), e.DB, b.vault, cfg)
		b.must(err)
		b.s = New(Config{DB: e.DB, Vault: b.vault, Audit: log, Blobs: b.blobs, Guard: roles{}})
		b.load(b.hr, roster)
		p := b.number(b.ours, "1001")
		_, err = b.s.Person(t.Context(), b.hr, p.ID)
		b.must(err)
		entries, err := log.Find(t.Context(), b.as(b.ours, "auditor"), audit.Filter{})
		b.must(err)
		var verbs []string
		for _, x := range slices.Backward(entries) {
			verbs = append(verbs, x.Verb)
			for _, v := range x.Detail {
				if s, ok := v.(string); ok && (strings.Contains(s, "佐藤") || strings.Contains(s, "1001")) {
					t.Errorf("%s tells %q", x.Verb, s)
				}
			}
		}
		if want := []string{"roster.upload", "roster.read", "roster.confirm", "roster.apply", "person.read"}; !slices.Equal(verbs, want) {
			t.Errorf("%v", verbs)
		}
		if entries[0].Subjects[0] != p.ID {
			t.Errorf("%+v", entries[0])
		}
		b.must(log.Seal(t.Context()))
		_ = log.Close()
		r, err := audit.Verify(t.Context(), e.DB, b.vault, cfg)
		if err != nil || !r.OK {
			t.Errorf("%+v %v", r, err)
		}
	})
}
