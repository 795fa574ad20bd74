-- +goose Up
-- What became of a recommendation to see a doctor: the newest row of a result holds, the older ones stay.
-- What a row says in the open is bound to what it says under seal, as with results and opinions.
create table checkup_followup (
  tenant_id  text not null,
  id         text not null, -- UUIDv7
  person_id  text not null,
  result_id  text not null,
  year       @int not null, -- fiscal, of the result
  noted_by   text not null, -- account
  noted_at   @int not null,
  sealed     @blob not null, -- outcome, day, note, under the person's key
  primary key (tenant_id, id),
  foreign key (tenant_id, result_id) references checkup_result (tenant_id, id)
) @strict;
create index checkup_followup_person on checkup_followup (tenant_id, person_id);
create index checkup_followup_result on checkup_followup (tenant_id, result_id);
create index checkup_followup_year on checkup_followup (tenant_id, year);
