-- +goose Up
-- Who has vouched that the holder of a role is a person of his own, and when: 'host' or an account. Whoever gave a
-- role may stand behind the account, and is no second person beside it; somebody independent who vouches ends that. The
-- MAC of the account's grants covers it; 0 and '' from before count as nobody.
alter table identity_grants add column vouched_at @int not null default 0;
alter table identity_grants add column vouched_by text not null default '';
