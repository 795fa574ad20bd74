package accessreview

import (
	"encoding/json"
	"fmt"
	"io"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/jst"
	"rakudos/internal/base/tabular"
	"rakudos/internal/people/access"
)

var (
	kindWords     = map[Kind]string{Account: "利用者", Machine: "機械の利用者", Database: "データベースの役割"}
	decisionWords = map[Decision]string{Open: "未判断", Keep: "続ける", Reduce: "狭める", Revoke: "外す", Suspended: "無回答のため停止", Escalated: "保健会の判断待ち", Gone: "期間中になくなった"}
	readWords     = map[string]string{"denied": "使えないことを確認", "granted": "まだ使える"}
	flagWords     = map[Flag]string{Leaver: "退職者", Dormant: "長期未使用", Unused: "操作の使用なし", Shared: "共用の疑い", Creep: "前回から追加", Privileged: "特権"}
)

// Japanese words for screens and files.
func (k Kind) Japanese() string     { return kindWords[k] }
func (d Decision) Japanese() string { return decisionWords[d] }
func (f Flag) Japanese() string     { return flagWords[f] }

// RoleWords is what the grant gives, in words.
func (g Grant) RoleWords() string {
	if g.Kind != Account {
		return g.Role
	}
	return access.RoleName(actor.Role(g.Role))
}

// ReadWords is what reading back found.
func (l Line) ReadWords() string { return readWords[l.ReadBack] }

// WriteCSV writes a sheet's lines, every cell guarded against being taken for a formula. Names are those of sites and
// departments by their identifiers; one without a name is only said to be one.
func (s *Sheet) WriteCSV(w io.Writer, names map[string]string) error {
	place := func(id, unnamed string) string {
		if name := names[id]; name != "" || id == "" {
			return glyph.Shown(name)
		}
		return unnamed
	}
	c := tabular.NewCSVWriter(w)
	err := c.Write([]string{"番号", "種類", "利用者ID", "名前", "権限", "事業所", "部署", "追加分", "気になる点", "使用の状況", "人事権", "判断", "理由", "判断した日時", "判断にかかった秒数", "まとめて判断", "実施後の確認"})
	yes := map[bool]string{true: "はい"}
	for i := range s.Lines {
		l := &s.Lines[i]
		marks := ""
		for _, m := range l.Marks {
			marks += m.Flag.Japanese() + "（" + m.Says + "）"
		}
		took := ""
		if l.Decision.Human() {
			took = fmt.Sprintf("%.1f", l.Took.Seconds())
		}
		if err == nil {
			err = c.Write([]string{itoa(int64(l.No)), l.Kind.Japanese(), glyph.Shown(l.Login), glyph.Shown(l.Name), l.RoleWords(), place(string(l.Site), "一つの事業所"), place(string(l.Dept), "一つの部署"), yes[l.Addendum], marks, l.Used, l.Personnel,
				l.Decision.Japanese(), glyph.Shown(l.Reason), jst.Stamp(l.DecidedAt), took, yes[l.Bulk], l.ReadWords()})
		}
	}
	if err != nil {
		return err
	}
	return c.Flush()
}

// sealed is the report as a file: the figures, what they are about, and where their hashes stand.
type sealed struct {
	Tenant      string  `json:"tenant"`
	Quarter     string  `json:"quarter"`
	State       State   `json:"state"`
	Opened      string  `json:"opened"`
	Due         string  `json:"due"`
	Closed      string  `json:"closed,omitempty"`
	Intact      bool    `json:"snapshot_intact"`
	OpenedEvent string  `json:"opened_event"`
	ClosedEvent string  `json:"closed_event,omitempty"`
	OpenedIndex int64   `json:"opened_log_index"`
	ClosedIndex int64   `json:"closed_log_index"`
	Figures     *Report `json:"figures"`
	Lines       []row   `json:"lines"`
}

// row is a line without names: the identifiers are those of the audit log.
type row struct {
	No        int      `json:"no"`
	Kind      Kind     `json:"kind"`
	Subject   string   `json:"subject"`
	Role      string   `json:"role"`
	Site      string   `json:"site,omitempty"`
	Addendum  bool     `json:"addendum,omitempty"`
	Marks     []Mark   `json:"marks,omitempty"`
	Personnel string   `json:"personnel,omitempty"`
	Decision  Decision `json:"decision"`
	By        string   `json:"decided_by,omitempty"`
	At        string   `json:"decided_at,omitempty"`
	Seconds   float64  `json:"seconds,omitempty"`
	ReadBack  string   `json:"read_back,omitempty"`
}

// WriteJSON writes the report with its lines; nobody is named in it. The figures of a closed campaign are
// those that were sealed.
func (s *Sheet) WriteJSON(w io.Writer) error {
	out := sealed{Tenant: s.Tenant.Code, Quarter: s.ID, State: s.State, Opened: jst.StampSec(s.OpenedAt), Due: jst.StampSec(s.DueAt), Closed: jst.StampSec(s.ClosedAt),
		Intact: s.Intact, OpenedEvent: s.OpenedRef, ClosedEvent: s.ClosedRef, OpenedIndex: s.OpenedIndex, ClosedIndex: s.ClosedIndex, Figures: s.Report, Lines: []row{}}
	if s.Campaign.Report != nil {
		out.Figures = s.Campaign.Report
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		out.Lines = append(out.Lines, row{l.No, l.Kind, l.Subject, l.Role, string(l.Site), l.Addendum, l.Marks, l.Personnel, l.Decision, string(l.DecidedBy), jst.StampSec(l.DecidedAt), l.Took.Seconds(), l.ReadBack})
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(out)
}
