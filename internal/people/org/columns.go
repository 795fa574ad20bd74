package org

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
)

// field is what a column of a roster means.
type field int

const (
	fNumber field = iota
	fName
	fKana
	fSex
	fBirth
	fSiteCode
	fSiteName
	fDept
	fEmail
	fHired
	fLeft
	fMoved
	fields
)

// synonyms lists the headers in use for each field, as foldHeader leaves them; the first is the one that
// messages name.
var synonyms = [fields][]string{
	fNumber:   {"社員番号", "従業員番号", "職員番号", "社員コード", "従業員コード", "職員コード", "社員id", "従業員id", "社員no", "従業員no", "employeenumber", "employeeno", "employeeid"},
	fName:     {"氏名", "名前", "氏名漢字", "漢字氏名", "社員氏名", "従業員氏名", "社員名", "従業員名", "name", "fullname"},
	fKana:     {"カナ氏名", "カナ", "氏名カナ", "フリガナ", "氏名フリガナ", "ふりがな", "氏名ふりがな", "かな氏名", "氏名かな", "よみがな", "kana"},
	fSex:      {"性別", "sex", "gender"},
	fBirth:    {"生年月日", "誕生日", "birthdate", "birthday", "dateofbirth"},
	fSiteCode: {"事業所コード", "事業場コード", "拠点コード", "事業所番号", "sitecode"},
	fSiteName: {"事業所名", "事業所", "事業場名", "事業場", "拠点名", "拠点", "勤務地", "site", "sitename"},
	fDept:     {"部署", "部署名", "所属", "所属名", "所属部署", "所属部署名", "部門", "部門名", "department", "dept"},
	fEmail:    {"メールアドレス", "メール", "eメール", "eメールアドレス", "電子メール", "email", "emailaddress", "mail"},
	fHired:    {"入社日", "入社年月日", "入職日", "採用日", "採用年月日", "hiredate"},
	fLeft:     {"退職日", "退職年月日", "退社日", "退社年月日", "leavedate"},
	fMoved:    {"異動日", "異動年月日", "発令日", "発令年月日"},
}

// required are the fields without which nobody can be entered or recognised.
var required = []field{fNumber, fName, fKana, fSex, fBirth}

var byHeader = func() map[string]field {
	m := map[string]field{}
	for f, names := range synonyms {
		for _, n := range names {
			m[n] = field(f)
		}
	}
	return m
}()

// foldHeader leaves out width, case, spaces and the marks that headers are adorned with.
func foldHeader(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '(', ')', '_', '-', '.', '・', '*', '※', '\ufeff':
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(s)))
}

// columns says where each field stands in a file and under which header; -1 when it does not.
type columns struct {
	at     [fields]int
	header [fields]string
}

// mapColumns reads the header. Unknown columns are left alone; a header without a required column, or
// with two columns for one field, is refused.
func mapColumns(cells []string) (columns, error) {
	var c columns
	for f := range c.at {
		c.at[f] = -1
		c.header[f] = synonyms[f][0]
	}
	for i, cell := range cells {
		f, ok := byHeader[foldHeader(cell)]
		if !ok {
			continue
		}
		if c.at[f] >= 0 {
			return c, fault.New(fault.Invalid, "org.header_duplicate", "column", clean(cell), "other", c.header[f])
		}
		c.at[f], c.header[f] = i, clean(cell)
	}
	var missing []string
	for _, f := range required {
		if c.at[f] < 0 {
			missing = append(missing, c.header[f])
		}
	}
	if len(missing) > 0 {
		return c, fault.New(fault.Invalid, "org.header_missing", "columns", strings.Join(missing, "、"))
	}
	return c, nil
}

// cell is the text of a field in a record; empty when the column is absent or the record too short.
func (c *columns) cell(cells []string, f field) string {
	if i := c.at[f]; i >= 0 && i < len(cells) {
		return clean(cells[i])
	}
	return ""
}
