-- +goose Up
-- To whom a certificate was shown again, long after the customer's sign-in is gone (clause 6-4).
create table certificate_presentation (
  tenant_id       text  not null, -- the system tenant
  presentation_id text  not null,
  certificate_id  text  not null,
  at              @int  not null,
  by_account      text  not null,
  sealed          @blob not null, -- JSON: who asked, how it was checked
  taken_n         @int  not null default 0,
  primary key (tenant_id, presentation_id),
  foreign key (tenant_id, certificate_id) references certificate (tenant_id, certificate_id)
) @strict;
create index certificate_presentation_of on certificate_presentation (tenant_id, certificate_id);
