-- +goose Up
-- The quarterly review of who may do what (clause 3-1). A campaign's lines are frozen when it opens and
-- their hash stands in the audit log; what came later is an addendum. Nobody decides about himself: the
-- tables refuse it, whatever the program does.
create table review_campaign (
  tenant_id   text not null,
  campaign_id text not null, -- "2026-Q3": one for each tenant and quarter; the probes' own have other names
  purpose     text not null check (purpose in ('quarter', 'probe')),
  state       text not null check (state in ('open', 'closing', 'closed', 'missed', 'void')),
  opened_at   @int not null,
  due_at      @int not null, -- who has not answered by then has answered no
  ends_at     @int not null, -- the first instant of the next quarter
  snapshot    text not null, -- SHA-256 of the frozen lines
  opened_ref  text not null, -- event of the audit log that holds the hash
  closed_at   @int not null default 0,
  closed_ref  text not null default '',
  report      text not null default '', -- JSON of figures; nobody is named in it
  primary key (tenant_id, campaign_id),
  foreign key (tenant_id) references tenant (tenant_id)
) @strict;

create table review_line (
  tenant_id    text not null,
  campaign_id  text not null,
  line_no      @int not null,
  addendum     @int not null, -- 1: granted after the campaign had opened
  kind         text not null check (kind in ('account', 'machine', 'database')),
  subject_id   text not null,
  role         text not null,
  site_id      text not null,
  dept_id      text not null,
  flags        text not null, -- JSON: what stands out, with figures
  subject      @blob not null, -- sealed: how the subject was called
  reviewer_id  text not null default '', -- account; '' while nobody may decide
  reviewer_of  text not null default '', -- the reviewer's tenant
  decision     text not null default '' check (decision in ('', 'keep', 'reduce', 'revoke', 'suspended', 'escalated', 'gone')),
  to_site      text not null default '', -- reduced to this site
  reason       @blob not null, -- sealed; empty when there is none
  decided_by   text not null default '',
  decided_at   @int not null default 0,
  took_ms      @int not null default 0, -- measured here, not by the browser
  bulk         @int not null default 0,
  carried_at   @int not null default 0,
  readback     text not null default '' check (readback in ('', 'denied', 'granted')),
  primary key (tenant_id, campaign_id, line_no),
  unique (tenant_id, campaign_id, kind, subject_id, role, site_id, dept_id),
  foreign key (tenant_id, campaign_id) references review_campaign (tenant_id, campaign_id),
  check (reviewer_id = '' or reviewer_id <> subject_id),
  check (decided_by = '' or decided_by <> subject_id)
) @strict;
create index review_line_reviewer on review_line (reviewer_id, decision);

-- Since when a reviewer looks at what stands undecided.
create table review_pace (
  tenant_id   text not null,
  campaign_id text not null,
  account_id  text not null,
  since       @int not null,
  primary key (tenant_id, campaign_id, account_id)
) @strict;

-- Mails about a campaign, each once.
create table review_notice (
  tenant_id   text not null,
  campaign_id text not null,
  kind        text not null, -- "remind-14", "escalated", …
  account_id  text not null,
  asked_at    @int not null,
  sent_at     @int not null default 0,
  primary key (tenant_id, campaign_id, kind, account_id)
) @strict;
