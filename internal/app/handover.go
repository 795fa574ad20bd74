package app

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/people/org"
)

// openHandover builds what gives a leaving customer its records.
func (a *App) openHandover() {
	a.Handover = handover.New(handover.Deps{
		DB: a.DB, Blobs: a.Blobs, Jobs: a.Jobs, Log: a.Audit, Source: handoverSource{a}, Guard: require, Service: a.Config.Service.Name, Temp: a.Config.path("tmp"),
		Name: func(ctx context.Context, t ids.Tenant) (string, error) {
			info, err := a.Tenants.ByID(ctx, t)
			return info.Name, err
		},
	})
	a.Handover.Register()
}

// handoverSource turns what every subject hands out into tables.
type handoverSource struct{ app *App }

// Tables lists them; rows are read when they are written.
func (s handoverSource) Tables(ctx context.Context, t ids.Tenant) ([]handover.Table, error) {
	dir, err := s.app.Org.Directory(ctx, t)
	if err != nil {
		return nil, err
	}
	h := &handing{app: s.app, who: actor.System(t, "handover"), dir: dir, until: time.Now()}
	for p := range dir.All() {
		h.people = append(h.people, p.ID)
	}
	return slices.Concat(h.roster(), h.checkups(), h.service()), nil
}

// handing is one tenant's hand-over: the directory is that of one instant.
type handing struct {
	app    *App
	who    actor.Actor
	dir    *org.Directory
	people []ids.Person // by employee number
	until  time.Time    // of the operations that are listed
}

// columns reads pairs of name and meaning.
func columns(pairs ...string) (out []handover.Column) {
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, handover.Column{Name: pairs[i], Meaning: pairs[i+1]})
	}
	return out
}

// numberOf is how every table names a person: the employee number.
func (h *handing) number(p ids.Person) string {
	who, _ := h.dir.Person(p)
	return who.Number
}

func (h *handing) site(id ids.Site) org.Site { s, _ := h.dir.Site(id); return s }
func (h *handing) dept(id ids.Dept) org.Dept { d, _ := h.dir.Dept(id); return d }

var changeWords = map[org.Change]string{org.Joined: "入社", org.Moved: "異動", org.Left: "退職", org.Corrected: "訂正", org.Renamed: "氏名の変更", org.Returned: "復職・再入社"}

func (h *handing) roster() []handover.Table {
	return []handover.Table{
		{
			Name: "people", Title: "従業員", Paper: true,
			Columns: columns("社員番号", "事業者が付けた番号", "氏名", "", "カナ氏名", "", "性別", "男または女", "生年月日", "", "メールアドレス", "", "事業所", "", "部署", "", "入社日", "", "退職日", "最後の在籍日。空は在籍中"),
			Rows: func(_ context.Context, row func([]string) error) error {
				for p := range h.dir.All() {
					err := row([]string{p.Number, p.Name, p.Kana, p.Sex.String(), date(p.Birth), p.Email, h.site(p.Site).Name, h.dept(p.Dept).Name, date(p.Hired), date(p.Left)})
					if err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Name: "people_history", Title: "入社・異動・退職の履歴",
			Columns: columns("社員番号", "", "適用日", "この日から", "内容", "入社・異動・退職など", "事業所", "変更の後", "部署", "変更の後", "登録日時", "", "登録した利用者", "利用者の番号。空は名簿の取り込み"),
			Rows: func(ctx context.Context, row func([]string) error) error {
				return h.app.Org.EachHistory(ctx, h.who, h.people, func(p ids.Person, events []org.Event) error {
					for _, e := range events {
						err := row([]string{h.number(p), date(e.Day), word(changeWords, e.Kind), h.site(e.Site).Name, h.dept(e.Dept).Name, stamp(e.At), string(e.Account)})
						if err != nil {
							return err
						}
					}
					return nil
				})
			},
		},
		{
			Name: "sites", Title: "事業所", Columns: columns("事業所コード", "", "事業所名", ""),
			Rows: func(_ context.Context, row func([]string) error) error {
				for _, s := range h.dir.Sites() {
					if err := row([]string{s.Code, s.Name}); err != nil {
						return err
					}
				}
				return nil
			},
		},
	}
}
