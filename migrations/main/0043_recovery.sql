-- +goose Up
-- What is stored of a recovery code is argon2id from now on. Older ones can't be recomputed: their owners are
-- asked to make new ones by the page that counts them.
delete from identity_recovery;
