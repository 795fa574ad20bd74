-- +goose Up
-- An employer's people. What is about a person is sealed with that person's key, what is about a site or
-- department with the tenant's; the indexes are blind.
create table site (
  tenant_id  text not null,
  site_id    text not null,
  code_index @blob not null, -- of the code, or of the name where there is no code
  sealed     @blob not null, -- JSON: code, name
  primary key (tenant_id, site_id),
  unique (tenant_id, code_index)
) @strict;

create table dept (
  tenant_id  text not null,
  dept_id    text not null,
  name_index @blob not null,
  sealed     @blob not null, -- JSON: name
  primary key (tenant_id, dept_id),
  unique (tenant_id, name_index)
) @strict;

create table person (
  tenant_id      text not null,
  person_id      text not null,
  number_index   @blob not null, -- of the employee number
  identity_index @blob not null, -- of reading, birth date and sex; not unique
  site_id        text,           -- null: none
  dept_id        text,           -- null: none
  left_on        @int not null,  -- last day of employment as 20260331; 0 while none is known
  sealed         @blob not null, -- number, name, reading, sex, birth date, e-mail, hiring date
  import_id      text not null,  -- that changed the row last; '' when a person did
  created_at     @int not null,
  updated_at     @int not null,
  primary key (tenant_id, person_id),
  unique (tenant_id, number_index),
  foreign key (tenant_id, site_id) references site (tenant_id, site_id),
  foreign key (tenant_id, dept_id) references dept (tenant_id, dept_id)
) @strict;

create index person_identity on person (tenant_id, identity_index);

-- What became of a person, never changed. Joining is an event only where it was observed.
create table person_event (
  tenant_id  text not null,
  person_id  text not null,
  event_id   text not null, -- UUIDv7
  kind       text not null check (kind in ('joined', 'moved', 'renamed', 'corrected', 'left', 'returned')),
  day        @int not null, -- from which it holds, as 20260401
  site_id    text not null, -- after it; '' for none
  dept_id    text not null,
  sealed     @blob not null, -- renamed, corrected: what was sealed before; else empty
  import_id  text not null,
  account_id text not null,
  at         @int not null,
  primary key (tenant_id, person_id, event_id),
  foreign key (tenant_id, person_id) references person (tenant_id, person_id)
) @strict;

-- Counts the changes of a tenant's people; whoever changes them raises it in the same transaction.
create table org_revision (
  tenant_id text not null,
  revision  @int not null,
  primary key (tenant_id)
) @strict;

create table roster_import (
  tenant_id     text not null,
  import_id     text not null,
  state         text not null check (state in ('receiving', 'reading', 'preview', 'applying', 'applied', 'failed', 'withdrawn')),
  attended      @int not null, -- 1: a command line waits for it, no job does
  created_at    @int not null,
  updated_at    @int not null,
  base_revision @int not null, -- the people that the preview was compared with
  round         @int not null, -- how often it was sent to a job
  done          @int not null,
  total         @int not null,
  line_count    @int not null,
  accepted      @int not null,
  unchanged     @int not null,
  added         @int not null,
  changed       @int not null,
  applied       @int not null,
  failure       text not null,
  leftovers     @int not null, -- 1 while the file or staged rows may still be there
  head          @blob not null, -- sealed JSON: file name, who sent it
  report        @blob not null, -- sealed JSON: refused lines, new units; empty before the preview
  primary key (tenant_id, import_id)
) @strict;

-- Rows that a running import will put into person in one statement. Invisible to every reader.
create table roster_stage (
  tenant_id      text not null,
  import_id      text not null,
  line           @int not null,
  person_id      text not null,
  number_index   @blob not null,
  identity_index @blob not null,
  site_id        text not null,
  dept_id        text not null,
  left_on        @int not null,
  sealed         @blob not null,
  primary key (tenant_id, import_id, line),
  foreign key (tenant_id, import_id) references roster_import (tenant_id, import_id)
) @strict;

create table roster_stage_event (
  tenant_id text not null,
  import_id text not null,
  line      @int not null,
  event_id  text not null,
  person_id text not null,
  kind      text not null,
  day       @int not null,
  site_id   text not null,
  dept_id   text not null,
  sealed    @blob not null,
  primary key (tenant_id, import_id, line, event_id),
  foreign key (tenant_id, import_id) references roster_import (tenant_id, import_id)
) @strict;
