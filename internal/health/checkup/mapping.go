package checkup

import (
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

// Targets that are not items. A column's target is one of these, an item's key, or "" (ignored).
const (
	ToNumber = "@number" // 社員番号
	ToName   = "@name"
	ToKana   = "@kana"
	ToSex    = "@sex"
	ToBirth  = "@birth"
	ToDay    = "@day"  // 健診日
	ToBody   = "@body" // 健診機関
	ToKind   = "@kind" // 行区分: "5" is a person's line
)

// Column says where the cells under one header go.
type Column struct {
	Header string `json:"header"`
	Target string `json:"target,omitempty"`
	Coded  bool   `json:"coded,omitempty"` // the cells are JLAC10 result codes
}

// Mapping is how one check-up body's columns are read. It is kept per tenant, body and version.
type Mapping struct {
	Version int      `json:"version"`
	Body    string   `json:"body"`
	Columns []Column `json:"columns"`
}

// identity lists the targets that are not items, with their names and the headers that mean them.
var identity = []struct{ target, name, headers string }{
	{ToNumber, "社員番号", "社員番号 社員No 社員No. 社員コード 社員ID 従業員番号 従業員コード 従業員No 職員番号 職員コード 個人コード 社員NO"},
	{ToKana, "カナ氏名", "カナ氏名 氏名カナ 氏名(カナ) フリガナ ふりがな カナ 氏名カナ名 受診者カナ 受診者氏名カナ 受診者カナ氏名 氏名フリガナ かな氏名 氏名かな カナ名"},
	{ToName, "氏名", "氏名 漢字氏名 氏名漢字 名前 受診者氏名 受診者名 姓名 社員名 従業員氏名"},
	{ToSex, "性別", "性別 性別コード 男女 男女区分 性"},
	{ToBirth, "生年月日", "生年月日 誕生日 生年月日(西暦) 生年月日西暦"},
	{ToDay, "健診日", "健診日 受診日 健診年月日 受診年月日 健診受診日 健診実施日 健康診断日 健康診断実施日 健診実施年月日 検診日 実施日 健康診断年月日 受診年月日(西暦)"},
	{ToBody, "健診機関", "健診機関 健診機関名 医療機関 医療機関名 実施機関 実施機関名 健診機関名称 健診実施機関 受診医療機関"},
	{ToKind, "行区分", "行区分 レコード区分 データ区分"},
}

var identityHeaders = func() map[string]string {
	m := map[string]string{}
	for _, i := range identity {
		for _, h := range strings.Fields(i.headers) {
			m[foldHeader(h)] = i.target
		}
	}
	return m
}()

// TargetName is the Japanese name of a target; empty for an unknown one.
func TargetName(target string) string {
	for _, i := range identity {
		if i.target == target {
			return i.name
		}
	}
	if it, ok := byKey[target]; ok && it.Kind != Joint {
		return it.Name
	}
	return ""
}

// columnName names a header cell; one that is blank is named by its place.
func columnName(header []string, i int) string {
	if s := strings.TrimSpace(header[i]); s != "" {
		return s
	}
	return "列" + strconv.Itoa(i+1)
}

// guessColumn finds the target of one header cell.
func guessColumn(header string) Column {
	c := Column{Header: header}
	folded := fold(header)
	if it, ok := byCode(folded); ok {
		c.Target, c.Coded = it.Key, true
		return c
	}
	if t, ok := identityHeaders[foldHeader(header)]; ok {
		c.Target = t
		return c
	}
	if it, ok := byHeaderText(header); ok && it.Kind != Joint {
		c.Target = it.Key
	}
	return c
}

// Guess makes a mapping from a header row. What it does not know is ignored, and stands in the mapping so
// that a person can correct it.
func Guess(header []string) *Mapping {
	m := &Mapping{}
	for i := range header {
		m.Columns = append(m.Columns, guessColumn(columnName(header, i)))
	}
	return m
}

// score counts the cells that name something known: how much a row looks like a header.
func score(row []string) int {
	n := 0
	for i := range row {
		if strings.TrimSpace(row[i]) != "" && guessColumn(row[i]).Target != "" {
			n++
		}
	}
	return n
}

// Validate refuses a mapping that names unknown targets.
func (m *Mapping) Validate() error {
	for _, c := range m.Columns {
		if c.Target != "" && TargetName(c.Target) == "" {
			return fault.New(fault.Invalid, "checkup.mapping_target", "column", c.Header)
		}
	}
	return nil
}

// binding is a mapping tied to the columns of one file.
type binding struct {
	header  []string
	number  int // column index, -1 when absent
	name    int
	kana    int
	sex     int
	birth   int
	day     int
	body    int
	kind    int
	items   []boundColumn // by item ID, then by rank
	ignored []string
}

type boundColumn struct {
	index int
	item  *Item
	coded bool
}

// Header gives the names of the columns, blank ones by their place.
func headerNames(header []string) []string {
	out := make([]string, len(header))
	for i := range header {
		out[i] = columnName(header, i)
	}
	return out
}
