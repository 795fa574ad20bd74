-- +goose Up
-- One upload of a check-up file. Its rows are visible while it is 'applied'.
create table import_batch (
  tenant_id    text not null,
  id           text not null,
  state        text not null check (state in ('reading', 'preview', 'applying', 'applied', 'failed', 'withdrawn')),
  runner       text not null, -- 'job', or 'call' for a synchronous import that nobody would take up again
  mapping_id   text not null, -- '' until the header has been read
  blob_key     text not null, -- the upload, sealed
  rows_n       @int not null default 0,
  accepted_n   @int not null default 0,
  unchanged_n  @int not null default 0,
  applied_n    @int not null default 0,
  done_n       @int not null default 0, -- progress
  applied_seq  @int not null default 0, -- order in which batches were published; the newest wins
  accepted_mac @blob not null, -- over the accepted lines, as the preview showed them
  about        @blob not null, -- sealed: file name, body, header
  detail       @blob not null, -- sealed: refused lines, failure, note, reason
  started_by   text not null, -- account; '' for the host's operator
  applied_by   text not null default '',
  started_at   @int not null,
  applied_at   @int not null default 0,
  ended_at     @int not null default 0, -- failed or withdrawn
  primary key (tenant_id, id)
) @strict;
create index import_batch_state on import_batch (tenant_id, state, applied_seq);

-- The fiscal years that a batch has results of.
create table import_batch_year (
  tenant_id text not null,
  batch_id  text not null,
  year      @int not null,
  primary key (tenant_id, batch_id, year),
  foreign key (tenant_id, batch_id) references import_batch (tenant_id, id)
) @strict;

-- One person's results of one day out of one batch. Never changed: a correction is another batch.
create table checkup_result (
  tenant_id text not null,
  id        text not null,
  batch_id  text not null,
  person_id text not null,
  year      @int not null, -- fiscal, from April
  exam_day  text not null,
  digest    @blob not null, -- keyed, of the content: tells an unchanged line
  sealed    @blob not null, -- every value, under the person's key
  primary key (tenant_id, id),
  foreign key (tenant_id, batch_id) references import_batch (tenant_id, id)
) @strict;
create index checkup_result_person on checkup_result (tenant_id, person_id);
create index checkup_result_year on checkup_result (tenant_id, year);
create index checkup_result_batch on checkup_result (tenant_id, batch_id);

-- What a result came to. Judging again adds a row with a higher seq; the older ones stay.
create table checkup_judgement (
  tenant_id   text not null,
  result_id   text not null,
  seq         @int not null,
  criteria_id text not null,
  judged_by   text not null, -- account that set a treated item; '' for the rules
  judged_at   @int not null,
  brief       @blob not null, -- sealed under the person's key: for lists
  sealed      @blob not null, -- likewise: item by item
  primary key (tenant_id, result_id, seq),
  foreign key (tenant_id, result_id) references checkup_result (tenant_id, id)
) @strict;

-- How one body's columns are read.
create table checkup_mapping (
  tenant_id   text not null,
  id          text not null,
  fingerprint @blob not null, -- keyed, of the header row
  version     @int not null,
  mapping     @blob not null, -- sealed
  created_by  text not null,
  created_at  @int not null,
  primary key (tenant_id, id)
) @strict;
create unique index checkup_mapping_version on checkup_mapping (tenant_id, fingerprint, version);

-- A tenant's own versions of the criteria, and which version is in force.
create table checkup_criteria (
  tenant_id   text not null,
  id          text not null,
  state       text not null check (state in ('draft', 'approved', 'active', 'retired')),
  body        text not null, -- JSON; '' for a version that ships with the program
  created_by  text not null,
  created_at  @int not null,
  approved_by text not null default '',
  approved_at @int not null default 0,
  active_from @int not null default 0,
  primary key (tenant_id, id)
) @strict;
create unique index checkup_criteria_active on checkup_criteria (tenant_id) where state = 'active';

-- The physician's opinion on work. The newest of a result holds; the older ones stay.
create table work_opinion (
  tenant_id text not null,
  id        text not null,
  person_id text not null,
  result_id text not null,
  year      @int not null,
  decided_by text not null,
  decided_at @int not null,
  sealed    @blob not null, -- fitness, opinion, measures, period, under the person's key
  primary key (tenant_id, id),
  foreign key (tenant_id, result_id) references checkup_result (tenant_id, id)
) @strict;
create index work_opinion_person on work_opinion (tenant_id, person_id);
create index work_opinion_result on work_opinion (tenant_id, result_id);
create index work_opinion_year on work_opinion (tenant_id, year);

-- A person's consent, given or withdrawn; the newest row holds.
create table consent (
  tenant_id text not null,
  id        text not null,
  person_id text not null,
  kind      text not null,
  given     @int not null,
  by_account text not null,
  at        @int not null,
  primary key (tenant_id, id)
) @strict;
create index consent_person on consent (tenant_id, person_id, kind);

-- Moves with whatever lists of a tenant are made from.
create table checkup_revision (
  tenant_id text not null,
  results   @int not null,
  opinions  @int not null,
  primary key (tenant_id)
) @strict;
