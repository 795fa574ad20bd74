-- +goose Up
-- What the service's own key says about the whole row: who writes into the records improves no evidence.
-- Rows from before have none; they are looked at anew.
alter table evidence add column mac @blob;
