package checkup

import (
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// PersonView is every year of one person side by side, as far as the reader may see it.
type PersonView struct {
	Person                    ids.Person
	Number, Name, Kana        string
	Sex                       Sex
	Birth                     jst.Date
	Age                       int
	Site, Dept                string
	Left                      jst.Date
	ShowValues, ShowJudgement bool
	ShowOpinion, ShowOptional bool
	Consent                   bool // the person lets items beyond the law be shown
	CanDecide                 bool
	CanFollow                 bool   // may see and note what became of recommendations
	Exams                     []Exam // newest first
	Groups                    []ItemGroup
	Opinions                  []*Opinion  // newest first, all versions
	FollowUps                 []*FollowUp // newest first; also on the person's own page
	Advice                    []Advice    // the person's own page only
	Summary                   string      // likewise: the newest result in one sentence
}

// Exam is one column of the table.
type Exam struct {
	Result            ids.Result
	Import            ids.Import
	Year              int
	Day               jst.Date
	Body              string
	Judgement         Letter
	Action            Action
	Metabolic         Metabolic
	MedicationUnknown bool
	Criteria          string // name of the version
	JudgedAt          time.Time
	Judgements        int // how often it was judged
	Fitness           Fitness
	Deadline          jst.Date
	DaysLeft          int
}

// ItemGroup is a part of the table with a heading.
type ItemGroup struct {
	Name  string
	Items []ItemLine
}

// ItemLine is one item over all exams.
type ItemLine struct {
	Key, Name, Unit string
	Decimals        int
	Statutory       bool
	Numeric         bool
	Ref             string   // span of class A in words
	RefLow, RefHigh *float64 // its ends, nil when open
	Cells           []Cell   // as PersonView.Exams
}

// Cell is one value.
type Cell struct {
	Text      string
	Original  string // the file's text where it says more
	Num       *float64
	Letter    Letter
	Action    Action
	Out       bool   // beyond class A
	Direction string // "high", "low" or ""
	Derived   bool
	Treated   bool
	Reason    string
	Missing   bool // not in that exam
}

// kind is what the log says was read.
func (v *PersonView) kind() string {
	switch {
	case v.ShowValues:
		return "checkup.values"
	case v.ShowJudgement:
		return "checkup.judgement"
	}
	return "checkup.taken"
}
