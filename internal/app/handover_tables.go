package app

import (
	"context"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
)

// date and stamp write days and instants as the hand-over's description says.
func date(d jst.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func stamp(t time.Time) string { return jst.StampSec(t) }

// word takes the Japanese word, or the value itself where none is known: nothing is left out.
func word[K ~string](words map[K]string, v K) string {
	if w, ok := words[v]; ok {
		return w
	}
	return string(v)
}

var yes = map[bool]string{true: "はい"}

// whole makes a table of everything that checkup keeps of each person.
func (h *handing) whole(name, title string, cols []handover.Column, rows func(number string, w *checkup.Whole, row func([]string) error) error) handover.Table {
	return handover.Table{Name: name, Title: title, Columns: cols, Rows: func(ctx context.Context, row func([]string) error) error {
		return h.app.Checkup.EachWhole(ctx, h.who, h.people, func(w *checkup.Whole) error { return rows(h.number(w.Person), w, row) })
	}}
}

func (h *handing) checkups() []handover.Table {
	return []handover.Table{
		h.whole("results", "健診の結果", columns("社員番号", "", "健診日", "", "年度", "4月から", "健診機関", "", "結果の番号", "判定の表と結ぶ番号", "置き換え済み", "後の取り込みで同じ日の結果が届いたとき「はい」",
			"項目コード", "JLAC10（先頭の桁）", "項目", "", "値", "", "単位", "", "元の表記", "取り込んだファイルの表記が値と違うとき"), resultRows),
		h.whole("judgements", "健診の判定", columns("社員番号", "", "健診日", "", "結果の番号", "", "判定の回", "大きいほど新しい", "総合判定", "A～E", "勧め", "保健指導・受診勧奨", "メタボリック", "", "判定基準", "版の番号", "判定日時", "", "判定した利用者", "空は基準による自動判定",
			"項目", "空の行は総合判定", "項目の判定", ""), judgementRows),
		h.whole("opinions", "就業判定と医師の意見", columns("社員番号", "", "結果の番号", "", "年度", "", "就業区分", "", "意見", "", "就業上の措置", "", "措置の開始", "", "措置の終了", "空は期限なし", "判定日時", "", "判定した医師", "利用者の番号"),
			func(number string, w *checkup.Whole, row func([]string) error) error {
				for _, o := range w.Opinions {
					err := row([]string{number, string(o.Result), strconv.Itoa(o.Year), o.Fitness.Japanese(), o.Opinion, o.Measures, date(o.From), date(o.Until), stamp(o.At), string(o.By)})
					if err != nil {
						return err
					}
				}
				return nil
			}),
		h.whole("followups", "受診の確認", columns("社員番号", "", "結果の番号", "", "年度", "", "確認の結果", "", "日付", "受診した日、または話した日", "覚え書き", "", "登録日時", "新しいものが有効", "登録した利用者", "利用者の番号"),
			func(number string, w *checkup.Whole, row func([]string) error) error {
				for _, f := range w.Notes {
					if err := row([]string{number, string(f.Result), strconv.Itoa(f.Year), f.Outcome.Japanese(), date(f.Day), f.Note, stamp(f.At), string(f.By)}); err != nil {
						return err
					}
				}
				return nil
			}),
		h.whole("consents", "同意の記録", columns("社員番号", "", "種類", "checkup.optional は法定外の項目の閲覧", "同意", "「はい」は同意、空は撤回", "日時", "", "含めていない値の数", "同意がないため、このファイルに含めない法定外の値"),
			func(number string, w *checkup.Whole, row func([]string) error) error {
				for _, c := range w.Consents {
					if err := row([]string{number, c.Kind, yes[c.Given], stamp(c.At), ""}); err != nil {
						return err
					}
				}
				if w.Withheld == 0 {
					return nil
				}
				return row([]string{number, checkup.ConsentOptional, "", "", strconv.Itoa(w.Withheld)})
			}),
	}
}

func resultRows(number string, w *checkup.Whole, row func([]string) error) error {
	for _, r := range w.Results {
		for _, v := range r.Values {
			err := row([]string{number, date(r.Day), strconv.Itoa(r.Year), r.Body, string(r.ID), yes[r.Replaced],
				strings.Join(v.Item.Codes, " "), v.Item.Name, v.Show(v.Item), v.Item.Unit, v.Original})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func judgementRows(number string, w *checkup.Whole, row func([]string) error) error {
	for _, r := range w.Results {
		for _, j := range r.Judged {
			line := func(item, letter string) error {
				return row([]string{number, date(r.Day), string(r.ID), strconv.Itoa(j.Seq), string(j.Overall), j.Action.Japanese(), j.Metabolic.Japanese(), j.Criteria, stamp(j.At), string(j.By), item, letter})
			}
			if err := line("", string(j.Overall)); err != nil {
				return err
			}
			for _, i := range j.Items {
				if err := line(i.Item.Name, string(i.Letter)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// service are the tables about the use of the service itself.
func (h *handing) service() []handover.Table {
	return []handover.Table{
		{
			Name: "accounts", Title: "利用者", Columns: columns("利用者の番号", "ほかの表の利用者と結ぶ番号", "利用者ID", "", "氏名", "", "メールアドレス", "", "役割", "", "停止", "", "登録日時", "", "最後のサインイン", ""),
			Rows: func(ctx context.Context, row func([]string) error) error {
				all, err := h.app.Identity.Accounts(ctx, h.who)
				if err != nil {
					return err
				}
				for _, u := range all {
					var roles []string
					for _, g := range u.Grants {
						roles = append(roles, access.RoleName(g.Role))
					}
					err := row([]string{string(u.ID), u.LoginID, u.Name, u.Email, strings.Join(roles, "、"), yes[u.Disabled], stamp(u.CreatedAt), stamp(u.SignedInAt)})
					if err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Name: "operations", Title: "操作の記録", Columns: columns("番号", "新しいほど大きい", "日時", "", "操作", "", "利用者", "利用者の番号。空はシステム", "対象の社員番号", "", "情報の種類", "", "目的", "", "結果", "", "公開ログの位置", ""),
			Rows: h.operations,
		},
	}
}

// operations pages through the tenant's log, newest first, as it was when the hand-over began: its own readings
// are not among them.
func (h *handing) operations(ctx context.Context, row func([]string) error) error {
	f := audit.Filter{Limit: 1000, To: h.until}
	for {
		page, err := h.app.Audit.Find(ctx, h.who, f)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			err := row([]string{strconv.FormatInt(e.Seq, 10), stamp(e.At), e.Verb, string(e.Actor.Account), h.numbers(e.Subjects), e.Kind, e.Purpose, e.Result, strconv.FormatInt(e.LogIndex, 10)})
			if err != nil {
				return err
			}
			f.Before = e.Seq
		}
	}
}

// numbers names the people of an event; beyond a few it counts them, since a cell ends somewhere.
func (h *handing) numbers(people []ids.Person) string {
	const most = 200
	var out []string
	for _, p := range people {
		if len(out) == most {
			return strings.Join(out, " ") + " ほか" + strconv.Itoa(len(people)-most) + "人"
		}
		out = append(out, h.number(p))
	}
	return strings.Join(out, " ")
}
