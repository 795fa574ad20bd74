-- +goose Up
-- Whether somebody has a direct say in dismissal, promotion and transfer, as an administrator has stated it: whoever
-- has, or is presumed to, carries out no stress check (労働安全衛生規則第52条の10第2項). '' is not stated. The
-- account's MAC covers it.
alter table identity_accounts add column personnel text not null default '' check (personnel in ('', 'held', 'none'));
