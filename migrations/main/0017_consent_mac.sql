-- +goose Up
-- What a row of consent says, sealed with the tenant's key: one written past the service opens nothing. A
-- consent from before has none and has to be given anew.
alter table consent add column mac text not null default '';
