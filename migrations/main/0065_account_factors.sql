-- +goose Up
-- How many apps and passkeys an account has, bound by the account's MAC: rows of factors that somebody deletes are
-- missed, and do not bring the mailed code back.
alter table identity_accounts add column factors @int not null default 0;
