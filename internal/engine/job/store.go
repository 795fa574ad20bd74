package job

import (
	"rakudos/internal/engine/db"
)

var (
	qInsert = db.Q("job.insert", `
insert into job (tenant_id, job_id, kind, slot, payload, state, run_at, attempt, node, process, lease_until, error, created_at, finished_at)
values ($1, $2, $3, $4, $5, 'ready', $6, 0, '', '', 0, '', $7, 0)
on conflict (tenant_id, slot) where slot <> '' do nothing`)

	qBySlot = db.Q("job.by_slot", `select job_id from job where tenant_id = $1 and slot = $2 and slot <> ''`)

	qAlive = db.Q("job.alive", `select count(*) from job where tenant_id = $1 and slot = $2 and slot <> '' and state in ('ready', 'running')`)

	qPending = db.Q("job.pending", `select count(*) from job where tenant_id = $1 and kind = $2 and payload = $3 and state in ('ready', 'running')`)

	qDue = db.GlobalQ("job.due", `select kind, min(run_at) from job where state = 'ready' group by kind`)

	// The outer "state = 'ready'" is what keeps a second claimer on PostgreSQL out: it is looked at again
	// after the wait for the row.
	qClaim = db.GlobalQ("job.claim", `
update job set state = 'running', attempt = attempt + 1, node = $1, process = $2, lease_until = $3
where state = 'ready' and (tenant_id, job_id) in (
  select tenant_id, job_id from job where state = 'ready' and kind = $4 and run_at <= $5 order by run_at, job_id limit $6)
returning tenant_id, job_id, kind, slot, payload, attempt`)

	// qClaimFair takes the oldest job of one tenant that has none of the kind under way. On PostgreSQL two nodes could take
	// two of one tenant in the same instant: fairness bends for a job, and no job runs twice.
	qClaimFair = db.GlobalQ("job.claim_fair", `
update job set state = 'running', attempt = attempt + 1, node = $1, process = $2, lease_until = $3
where state = 'ready' and (tenant_id, job_id) in (
  select w.tenant_id, w.job_id from job w where w.state = 'ready' and w.kind = $4 and w.run_at <= $5
  and not exists (select 1 from job r where r.tenant_id = w.tenant_id and r.kind = $4 and r.state = 'running')
  order by w.run_at, w.job_id limit $6)
returning tenant_id, job_id, kind, slot, payload, attempt`)

	qRenew = db.GlobalQ("job.renew", `
update job set lease_until = $3
where tenant_id = $1 and job_id = $2 and state = 'running' and process = $4 and attempt = $5`)

	qDone = db.GlobalQ("job.done", `
update job set state = 'done', finished_at = $3, payload = $6, node = '', process = '', lease_until = 0, error = ''
where tenant_id = $1 and job_id = $2 and state = 'running' and process = $4 and attempt = $5`)

	qRetry = db.GlobalQ("job.retry", `
update job set state = 'ready', run_at = $3, error = $6, node = '', process = '', lease_until = 0
where tenant_id = $1 and job_id = $2 and state = 'running' and process = $4 and attempt = $5`)

	qRelease = db.GlobalQ("job.release", `
update job set state = 'ready', run_at = $3, attempt = attempt - 1, node = '', process = '', lease_until = 0
where tenant_id = $1 and job_id = $2 and state = 'running' and process = $4 and attempt = $5`)

	qBury = db.GlobalQ("job.bury", `
update job set state = 'dead', finished_at = $3, error = $6, node = '', process = '', lease_until = 0
where tenant_id = $1 and job_id = $2 and state = 'running' and process = $4 and attempt = $5`)

	qVoid = db.GlobalQ("job.void", `
update job set lease_until = 0 where state = 'running' and node = $1 and process <> $2`)

	qLapsed = db.GlobalQ("job.lapsed", `
select distinct kind from job where state = 'running' and lease_until < $1`)

	qReclaim = db.GlobalQ("job.reclaim", `
update job set state = 'ready', run_at = $2, node = '', process = '', lease_until = 0, error = 'the process that held it ended'
where state = 'running' and kind = $1 and lease_until < $2`)

	qReclaimDead = db.GlobalQ("job.reclaim_dead", `
update job set state = 'dead', finished_at = $2, run_at = $2, node = '', process = '', lease_until = 0, error = 'the process that held it ended'
where state = 'running' and kind = $1 and lease_until < $2 and attempt >= $3
returning tenant_id, job_id, kind, slot, payload, attempt`)

	qScheduleAt = db.Q("job.schedule_at", `select last_at from job_schedule where tenant_id = $1 and kind = $2`)

	qScheduleMove = db.Q("job.schedule_move", `
insert into job_schedule (tenant_id, kind, last_at) values ($1, $2, $3)
on conflict (tenant_id, kind) do update set last_at = excluded.last_at where job_schedule.last_at < excluded.last_at`)

	qForget = db.GlobalQ("job.forget", `
delete from job where (tenant_id, job_id) in (
  select tenant_id, job_id from job where state = 'done' and finished_at < $1 order by finished_at limit 1000)`)

	qDead = db.GlobalQ("job.dead", `
select tenant_id, job_id, kind, slot, attempt, error, created_at, finished_at from job
where state = 'dead' order by finished_at desc, job_id limit $1`)

	qDeadOne = db.GlobalQ("job.dead_one", `select tenant_id, job_id, kind, slot from job where job_id = $1 and state = 'dead'`)

	qRevive = db.GlobalQ("job.revive", `
update job set state = 'ready', attempt = 0, run_at = $2, finished_at = 0 where job_id = $1 and state = 'dead'`)

	qCounts = db.GlobalQ("job.counts", `select kind, state, count(*), min(run_at) from job where state <> 'done' group by kind, state`)
)

func scanJob(s db.Scanner) (Job, error) {
	var j Job
	return j, s.Scan(&j.Tenant, &j.ID, &j.Kind, &j.Slot, &j.Payload, &j.Attempt)
}
