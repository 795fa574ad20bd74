package app

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// packageIn hands an invented customer its records in a sandbox.
func (a *App) packageIn(ctx context.Context, spoiled bool) (p termination.Package, err error) {
	run, done, err := a.stage.sandbox(ctx, erasure.SabotageNone)
	if err != nil {
		return p, err
	}
	defer done()
	l, err := run.leaver(ctx)
	if err != nil {
		return p, err
	}
	file, digest, err := l.handOver(ctx)
	if err != nil {
		return p, err
	}
	seen := l.inspect(ctx, file, digest)
	p = termination.Package{Files: seen.Files, Records: seen.Records, Wrong: seen.Wrong}
	if !spoiled {
		return p, nil
	}
	p.Spoiled = map[string][]string{}
	if i := strings.Index(string(file), "csv/"); i >= 0 { // inside of the archive, with the receipt of what it was
		altered := slices.Clone(file)
		altered[i+len(altered)/8] ^= 1
		p.Spoiled["渡した後の書換え"] = l.inspect(ctx, altered, digest).Wrong
	}
	for what, spoil := range spoilers {
		run.Handover.Source = spoiledSource{handoverSource{run.App}, spoil}
		if file, digest, err = l.handOver(ctx); err != nil {
			return p, err
		}
		p.Spoiled[what] = l.inspect(ctx, file, digest).Wrong
	}
	return p, nil
}

// leaver is an invented customer that leaves, with what was entered for it.
type leaver struct {
	app    *App
	tenant ids.Tenant
	want   handover.Expect
}

func (a *App) leaver(ctx context.Context) (*leaver, error) {
	t, err := a.Tenants.Create(ctx, actor.System(ids.System, "setup"), tenant.New{Code: canaryCode + strings.ToLower(suffix()), Name: canaryName, Kind: tenant.Probe})
	if err != nil {
		return nil, err
	}
	l := &leaver{app: a, tenant: t.ID}
	d := probePeople(t.Code, 9)
	day := jst.Of(time.Now())
	roster, checkups := demoRoster(d), demoCheckups(d, jst.FiscalYear(day)-1, 1, day)
	if err := a.seedProbePeople(ctx, t, 9); err != nil {
		return nil, err
	}
	n, err := a.newAccount(ctx, t, actor.TenantAdmin, identity.GeneratePassword())
	if err != nil {
		return nil, err
	}
	if _, err := a.Identity.CreateAccount(ctx, actor.System(t.ID, "setup"), n); err != nil {
		return nil, err
	}
	if err := l.decide(ctx, day); err != nil {
		return nil, err
	}
	if l.want, err = a.Handover.Stored(ctx, t.ID); err != nil {
		return nil, err
	}
	l.want.Lines = append(l.want.Lines, handover.Line{Table: "accounts", Cells: map[string]string{"利用者ID": n.LoginID, "メールアドレス": n.Email}},
		handover.Line{Table: "opinions", Cells: map[string]string{"意見": opinionText}}, handover.Line{Table: "followups", Cells: map[string]string{"覚え書き": noteText}})
	if err := l.expect("people", roster, func(row map[string]string, name string) (string, string) { return rosterColumns[name], row[name] }); err != nil {
		return nil, err
	}
	if err := l.expectValues(checkups); err != nil {
		return nil, err
	}
	return l, l.foreign(ctx)
}

const (
	opinionText = "点検の意見：残業を控えること"
	noteText    = "点検の覚え書き：通院を始めた"
)

// decide has everybody consent to what goes beyond the law, a physician give an opinion on one result, and a nurse note
// that a doctor was seen.
func (l *leaver) decide(ctx context.Context, day jst.Date) error {
	dir, err := l.app.Org.Directory(ctx, l.tenant)
	if err != nil {
		return err
	}
	var people []ids.Person
	for p := range dir.All() {
		people = append(people, p.ID)
	}
	if err := l.app.Checkup.GiveConsents(ctx, actor.System(l.tenant, "setup"), people); err != nil {
		return err
	}
	var d checkup.Decision
	err = l.app.Checkup.EachWhole(ctx, actor.System(l.tenant, "handover"), people, func(w *checkup.Whole) error {
		for _, r := range w.Results {
			d = checkup.Decision{Result: r.ID, Person: w.Person, Fitness: checkup.Restricted, Opinion: opinionText, Measures: "残業をしない", From: day}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := l.app.Checkup.Decide(ctx, l.human(actor.Physician), d); err != nil {
		return err
	}
	return l.app.Checkup.NoteFollowUp(ctx, l.human(actor.Nurse), checkup.FollowUp{Result: d.Result, Person: d.Person, Outcome: checkup.Treatment, Day: day, Note: noteText})
}

func (l *leaver) human(role actor.Role) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: l.tenant, Account: "probe", Roles: []actor.Role{role}, Purpose: "probe"}
}

// rosterColumns are the columns of an imported roster that the package names otherwise.
var rosterColumns = map[string]string{
	"社員番号": "社員番号", "氏名": "氏名", "カナ氏名": "カナ氏名", "性別": "性別", "生年月日": "生年月日", "事業所名": "事業所", "部署": "部署", "メールアドレス": "メールアドレス", "入社日": "入社日",
}

// lines reads an imported file by its header.
func lines(file string) ([]map[string]string, error) {
	all, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		out = append(out, row)
	}
	return out, nil
}

func (l *leaver) expect(table, file string, cell func(row map[string]string, name string) (column, text string)) error {
	all, err := lines(file)
	for _, row := range all {
		cells := map[string]string{}
		for name := range row {
			if column, text := cell(row, name); column != "" {
				cells[column] = text
			}
		}
		l.want.Lines = append(l.want.Lines, handover.Line{Table: table, Cells: cells})
	}
	return err
}

// expectValues: each value of an imported check-up, as it was written or as it was read, on the person's day.
func (l *leaver) expectValues(file string) error {
	all, err := lines(file)
	for _, row := range all {
		for name, text := range row {
			switch name {
			case "社員番号", "氏名", "カナ氏名", "性別", "生年月日", "健診日", "健診機関":
			default:
				l.want.Lines = append(l.want.Lines, handover.Line{Table: "results", Cells: map[string]string{
					"社員番号": row["社員番号"], "健診日": row["健診日"], "健診機関": row["健診機関"], "値|元の表記": text,
				}})
			}
		}
	}
	return err
}

// foreign is what another tenant of the sandbox holds.
func (l *leaver) foreign(ctx context.Context) error {
	info, err := l.app.Tenants.ByID(ctx, l.app.probes.tenants[0])
	if err != nil {
		return err
	}
	l.want.Foreign = append(l.want.Foreign, info.Name, string(info.ID))
	dir, err := l.app.Org.Directory(ctx, info.ID)
	if err != nil {
		return err
	}
	for p := range dir.All() {
		l.want.Foreign = append(l.want.Foreign, p.Number, p.Email, string(p.ID))
	}
	return nil
}

func (l *leaver) inspect(ctx context.Context, file []byte, receipt string) *handover.Inspected {
	want := l.want
	want.Digest = receipt
	return handover.Inspect(ctx, file, want)
}

// handOver has the package made, takes it as those do who may see the values, and signs for it.
func (l *leaver) handOver(ctx context.Context) (file []byte, receipt string, err error) {
	admin := l.human(actor.TenantAdmin)
	id, err := l.app.Handover.Ask(ctx, admin)
	if err != nil {
		return nil, "", err
	}
	f, err := l.wait(ctx, admin, id)
	if err != nil {
		return nil, "", err
	}
	r, _, err := l.app.Handover.Take(ctx, l.human(actor.Physician), f.ID)
	if err != nil {
		return nil, "", err
	}
	file, err = io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, "", err
	}
	if _, err := l.app.Leaving.Request(ctx, admin, jst.Of(time.Now()).AddMonths(1)); err != nil {
		return nil, "", err
	}
	if err := l.app.Leaving.Receive(ctx, admin, false, "", handover.Duty); err != nil {
		return nil, "", err
	}
	c, err := l.app.Leaving.Mine(ctx, admin)
	if err != nil {
		return nil, "", err
	}
	return file, c.Receipt.Digest, l.app.Leaving.Cancel(ctx, admin, "検査の後始末")
}

// wait is for the job that makes a file.
func (l *leaver) wait(ctx context.Context, who actor.Actor, id string) (handover.File, error) {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for {
		all, err := l.app.Handover.List(ctx, who)
		if err != nil {
			return handover.File{}, err
		}
		i := slices.IndexFunc(all, func(f handover.File) bool { return f.ID == id })
		if i >= 0 && all[i].State == handover.Ready {
			return all[i], nil
		}
		if i >= 0 && all[i].State == handover.Failed {
			return all[i], fmt.Errorf("app: the hand-over of the probe failed: %s", all[i].Fault)
		}
		select {
		case <-ctx.Done():
			return handover.File{}, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// spoiledSource makes packages of which one thing is wrong.
type spoiledSource struct {
	handoverSource
	spoil func(s handoverSource, ctx context.Context, t *handover.Table)
}

func (s spoiledSource) Tables(ctx context.Context, t ids.Tenant) ([]handover.Table, error) {
	all, err := s.handoverSource.Tables(ctx, t)
	for i := range all {
		s.spoil(s.handoverSource, ctx, &all[i])
	}
	return all, err
}

// leave leaves the last row of one table out, so that the package is consistent in itself.
func leave(table string) func(handoverSource, context.Context, *handover.Table) {
	return func(_ handoverSource, _ context.Context, t *handover.Table) {
		if t.Name != table {
			return
		}
		rows := t.Rows
		t.Rows = func(ctx context.Context, row func([]string) error) error {
			var before []string
			return rows(ctx, func(next []string) error {
				last := before
				before = slices.Clone(next)
				if last == nil {
					return nil
				}
				return row(last)
			})
		}
	}
}

var spoilers = map[string]func(handoverSource, context.Context, *handover.Table){
	"一人を除く":   leave("people"),
	"結果の値を除く": leave("results"),
	"ほかの会社の人を混ぜる": func(s handoverSource, _ context.Context, t *handover.Table) {
		if t.Name != "operations" {
			return
		}
		rows := t.Rows
		t.Rows = func(ctx context.Context, row func([]string) error) error {
			dir, err := s.app.Org.Directory(ctx, s.app.probes.tenants[0])
			if err != nil {
				return err
			}
			for p := range dir.All() {
				cells := make([]string, len(t.Columns))
				cells[4] = p.Number
				err = errors.Join(err, row(cells))
			}
			return errors.Join(err, rows(ctx, row))
		}
	},
}
