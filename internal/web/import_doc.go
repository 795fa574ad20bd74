package web

import (
	"rakudos/internal/base/fault"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/org"
	"rakudos/internal/words"
)

// textOf gives the words of a fault that may be absent.
func textOf(f *fault.Fault) *words.Text {
	if f == nil {
		return nil
	}
	t := words.Fault(f)
	return &t
}

func checkupDoc(c *checkup.Import) *importDoc {
	d := &importDoc{
		ID: c.ID, State: string(c.State), File: c.File, Body: c.Body,
		Rows: c.Rows, Accepted: c.Accepted, Rejected: len(c.Rejected) + c.RejectedMore, Unmatched: len(c.Unmatched) + c.UnmatchedMore, More: c.RejectedMore + c.UnmatchedMore, ReasonsMore: c.ReasonsMore, Unchanged: c.Unchanged, Applied: c.Applied, Done: c.Done, Total: c.Rows,
		Ignored: c.Ignored, Note: textOf(c.Note), Failure: textOf(c.Failure), Started: c.StartedAt, AppliedAt: c.AppliedAt, Withdrawn: c.Reason, Columns: c.Header, Emptied: c.Emptied, raw: c,
	}
	for _, x := range c.Rejected {
		for _, e := range x.Errors {
			d.Refused = append(d.Refused, refusedLine{x.Line, e.Column, e.Reason, false})
		}
	}
	for _, x := range c.Unmatched {
		d.Refused = append(d.Refused, refusedLine{x.Line, "", x.Reason, true})
	}
	return d
}

func rosterDoc(o org.ImportView) *importDoc {
	d := &importDoc{
		ID: o.ID, Roster: true, State: string(o.State), File: o.File,
		Rows: o.Rows, Accepted: o.Accepted, Rejected: len(o.Rejected), Unmatched: len(o.Unmatched), Unchanged: o.Unchanged, Applied: o.Applied, Done: o.Done, Total: o.Total,
		Added: o.Added, Changed: o.Changed, NewSites: o.NewSites, NewDepts: o.NewDepts, Started: o.Created, raw: o,
		Full: o.Full, AbsentCount: o.AbsentCount, Absent: o.Absent,
	}
	if o.Failure != "" {
		f := fault.New(fault.Invalid, o.Failure)
		f.Args = o.FailureArgs
		d.Failure = textOf(f)
	}
	for _, x := range o.Rejected {
		for _, e := range x.Errors {
			d.Refused = append(d.Refused, refusedLine{x.Line, e.Column, e.Reason, false})
		}
	}
	for _, x := range o.Unmatched {
		d.Refused = append(d.Refused, refusedLine{x.Line, "", x.Reason, true})
	}
	return d
}
