// Package handover gives a leaving customer its records in open formats (clause 6-2; the employer keeps
// records by 安衛則51条 and its sisters): CSV, Excel, JSON, a list on paper, and a document that says what every
// column means. The file waits sealed with the customer's own key and expires.
// It must never write an unsealed byte to a disk, hold a whole table in memory, or hand out a file to anybody
// whom the customer's own matrix does not let see the values.
package handover

import (
	"context"
	"time"

	"rakudos/internal/base/ids"
)

// Column is one column of a table, with what it means.
type Column struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// Table is one kind of record. Rows is called once; every format is made of that one reading, since records change
// while a file is being written.
type Table struct {
	Name    string                                                    `json:"name"`  // of the file, "people"
	Title   string                                                    `json:"title"` // 従業員
	Columns []Column                                                  `json:"columns"`
	Rows    func(ctx context.Context, row func([]string) error) error `json:"-"`
	Paper   bool                                                      `json:"-"` // goes into the list on paper too
}

// Source gives the tables of a tenant; app fills it with what every subject hands out.
type Source interface {
	Tables(ctx context.Context, t ids.Tenant) ([]Table, error)
}

// State of a file.
type State string

const (
	Making  State = "making"
	Ready   State = "ready"
	Failed  State = "failed"
	Expired State = "expired"
)

// File is one hand-over.
type File struct {
	ID      string
	State   State
	Asked   time.Time
	AskedBy ids.Account
	Ready   time.Time
	Expires time.Time
	Bytes   int64
	Digest  string // SHA-256 of the whole file
	Rows    int64
	Taken   int       // how often it was downloaded
	TakenAt time.Time // last
	Fault   string    // code, when it failed
}

// Early tells that a file went before its time: a newer one took its place, or somebody in it was erased.
func (f File) Early() bool { return f.State == Expired && time.Now().Before(f.Expires) }

// Life is how long a file waits for its download. It can be made anew until the day of erasure.
const Life = 14 * 24 * time.Hour

// Duty is the notice of the employer's own duties, which end with no contract (shown before the receipt is
// signed, and inside of the file).
const Duty = "健康診断の個人票などの記録を保存する義務は、契約の終わった後も事業者にあります（労働安全衛生規則51条の健康診断個人票は5年、特別管理物質・電離放射線は30年、石綿は40年、じん肺は7年など）。消去の後は、このサービスから取り出せません。"
