package accessreview

import (
	"encoding/json"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const (
	campaignColumns = `tenant_id, campaign_id, purpose, state, opened_at, due_at, ends_at, snapshot, opened_ref, closed_at, closed_ref, report`
	lineColumns     = `tenant_id, campaign_id, line_no, addendum, kind, subject_id, role, site_id, dept_id, flags, subject, reviewer_id, reviewer_of, decision, to_site, reason, decided_by, decided_at, took_ms, bulk, carried_at, readback, mac`
)

var (
	qOpen = db.Q("review.open", `insert into review_campaign (tenant_id, campaign_id, purpose, state, opened_at, due_at, ends_at, snapshot, opened_ref)
		values ($1, $2, $3, $4, $5, $6, $7, $8, '') on conflict do nothing`)
	qOpenedRef = db.Q("review.opened_ref", `update review_campaign set opened_ref = $3 where tenant_id = $1 and campaign_id = $2`)
	qCampaigns = db.Q("review.campaigns", `select `+campaignColumns+` from review_campaign where tenant_id = $1 and purpose = $2 order by campaign_id desc`)
	qCampaign  = db.Q("review.campaign", `select `+campaignColumns+` from review_campaign where tenant_id = $1 and campaign_id = $2`)
	qState     = db.Q("review.state", `update review_campaign set state = $4 where tenant_id = $1 and campaign_id = $2 and state = $3`)
	qClose     = db.Q("review.close", `update review_campaign set state = 'closed', closed_at = $3, closed_ref = $4, report = $5 where tenant_id = $1 and campaign_id = $2 and state = 'closing'`)
	qForget    = db.Q("review.forget", `delete from review_campaign where tenant_id = $1 and campaign_id = $2 and purpose = 'probe'`)

	qLineAdd = db.Q("review.line_add", `insert into review_line (tenant_id, campaign_id, line_no, addendum, kind, subject_id, role, site_id, dept_id, flags, subject, reason, reviewer_id, reviewer_of, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (tenant_id, campaign_id, kind, subject_id, role, site_id, dept_id) do nothing`)
	qLines     = db.Q("review.lines", `select `+lineColumns+` from review_line where tenant_id = $1 and campaign_id = $2 order by line_no`)
	qLine      = db.Q("review.line", `select `+lineColumns+` from review_line where tenant_id = $1 and campaign_id = $2 and line_no = $3`)
	qLineLast  = db.Q("review.line_last", `select coalesce(max(line_no), 0) from review_line where tenant_id = $1 and campaign_id = $2`)
	qLinesDrop = db.Q("review.lines_drop", `delete from review_line where tenant_id = $1 and campaign_id = $2`)
	qAssign    = db.Q("review.assign", `update review_line set reviewer_id = $4, reviewer_of = $5, mac = $6 where tenant_id = $1 and campaign_id = $2 and line_no = $3 and decision in ('', 'keep', 'escalated') and subject_id <> $4 and mac = $7`)
	qDecide    = db.Q("review.decide", `update review_line set decision = $4, to_site = $5, reason = $6, decided_by = $7, decided_at = $8, took_ms = $9, bulk = $10, carried_at = 0, readback = '', mac = $11
		where tenant_id = $1 and campaign_id = $2 and line_no = $3 and reviewer_id = $7 and subject_id <> $7 and mac = $12
		and (decision = 'escalated' or decision in ('', 'keep') and exists (select 1 from review_campaign c where c.tenant_id = $1 and c.campaign_id = $2 and c.state = 'open'))`)
	qSilence = db.Q("review.silence", `update review_line set decision = $4, decided_at = $5, mac = $7 where tenant_id = $1 and campaign_id = $2 and line_no = $3 and decision = $6 and mac = $8`)
	qCarried = db.Q("review.carried", `update review_line set carried_at = $4, readback = $5, mac = $6 where tenant_id = $1 and campaign_id = $2 and line_no = $3 and mac = $7`)
	qMine    = db.GlobalQ("review.mine", `select l.tenant_id, l.campaign_id, c.due_at, count(*) from review_line l
		join review_campaign c on c.tenant_id = l.tenant_id and c.campaign_id = l.campaign_id
		where l.reviewer_id = $1 and l.reviewer_of = $2 and (l.decision = 'escalated' or l.decision = '' and c.state = 'open')
		group by l.tenant_id, l.campaign_id, c.due_at order by c.due_at, l.tenant_id`)

	qPace = db.Q("review.pace", `insert into review_pace (tenant_id, campaign_id, account_id, since) values ($1, $2, $3, $4)
		on conflict (tenant_id, campaign_id, account_id) do update set since = excluded.since`)
	qSince     = db.Q("review.since", `select since from review_pace where tenant_id = $1 and campaign_id = $2 and account_id = $3`)
	qPaceDrop  = db.Q("review.pace_drop", `delete from review_pace where tenant_id = $1 and campaign_id = $2`)
	qNotice    = db.Q("review.notice", `insert into review_notice (tenant_id, campaign_id, kind, account_id, asked_at) values ($1, $2, $3, $4, $5) on conflict do nothing`)
	qNoticeDue = db.Q("review.notice_due", `select kind, account_id from review_notice where tenant_id = $1 and campaign_id = $2 and sent_at = 0 order by asked_at, kind, account_id`)
	qNoticeOut = db.Q("review.notice_out", `update review_notice set sent_at = $5 where tenant_id = $1 and campaign_id = $2 and kind = $3 and account_id = $4`)
)

func scanCampaign(s db.Scanner) (c Campaign, err error) {
	var opened, due, ends, closed int64
	if err := s.Scan(&c.Tenant, &c.ID, &c.Purpose, &c.State, &opened, &due, &ends, &c.Snapshot, &c.OpenedRef, &closed, &c.ClosedRef, &c.text); err != nil {
		return c, err
	}
	c.OpenedAt, c.DueAt, c.EndsAt, c.ClosedAt = db.Time(opened), db.Time(due), db.Time(ends), db.Time(closed)
	if c.text != "" {
		c.Report = &Report{}
		err = json.Unmarshal([]byte(c.text), c.Report)
	}
	return c, err
}

// stored is a line as it lies in the table; open reads what is sealed.
type stored struct {
	Line
	tenant  ids.Tenant
	subject []byte
	reason  []byte
	mac     []byte
}

func scanLine(s db.Scanner) (r stored, err error) {
	var addendum, bulk int
	var decided, took, carried int64
	if err := s.Scan(&r.tenant, &r.Campaign, &r.No, &addendum, &r.Kind, &r.Subject, &r.Role, &r.Site, &r.Dept, &r.flags, &r.subject, &r.Reviewer, &r.ReviewerOf,
		&r.Decision, &r.ToSite, &r.reason, &r.DecidedBy, &decided, &took, &bulk, &carried, &r.ReadBack, &r.mac); err != nil {
		return r, err
	}
	r.Addendum, r.Bulk = addendum != 0, bulk != 0
	r.DecidedAt, r.Took, r.CarriedAt = db.Time(decided), time.Duration(took)*time.Millisecond, db.Time(carried)
	r.seal = r.subject
	return r, json.Unmarshal([]byte(r.flags), &r.Notes)
}

// called is what is sealed of a subject.
type called struct{ Login, Name string }

func lineAt(campaign string, no int, column string) vault.Loc {
	return vault.Loc{Table: "review_line", ID: campaign + "|" + itoa(int64(no)), Column: column}
}

// open reads what is sealed of a line.
func (r *stored) open(k *vault.Key) (Line, error) {
	b, err := k.Open(lineAt(r.Campaign, r.No, "subject"), r.subject)
	if err != nil {
		return r.Line, err
	}
	var c called
	if err := json.Unmarshal(b, &c); err != nil {
		return r.Line, err
	}
	r.Login, r.Name = c.Login, c.Name
	if len(r.reason) > 0 {
		if b, err = k.Open(lineAt(r.Campaign, r.No, "reason"), r.reason); err != nil {
			return r.Line, err
		}
		r.Reason = string(b)
	}
	return r.Line, nil
}
