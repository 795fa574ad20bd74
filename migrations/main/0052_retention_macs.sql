-- +goose Up
-- Approvals of an erasure, and a contract's longer periods, are bound like other rows that open a door (ADR 21).
-- Approvals from before have none: they are dropped, listed again in the next night and have to be given again.
alter table retention_candidate add column mac @blob; -- with the service's own key; null until the first approval, and again after its end
alter table retention_rule add column mac @blob; -- with the tenant's key
