package identity

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var (
	qSignInInsert = db.Q("identity.signin_insert", `insert into identity_signins (tenant_id, signin_id, account_id, token_hash, device_id, throttle, code_mac, sent_at, created_at, factor) values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)`)
	qSignIn       = db.GlobalQ("identity.signin", `select tenant_id, signin_id, account_id, device_id, throttle, state, code_mac, tries, resends, sent_at, created_at, factor from identity_signins where token_hash = $1`)
	qSignInTry    = db.Q("identity.signin_try", `update identity_signins set tries = tries + 1 where tenant_id = $1 and signin_id = $2 and state = 'open' and tries < $3 returning tries, code_mac, sent_at, factor`)
	qSignInState  = db.Q("identity.signin_state", `update identity_signins set state = $3 where tenant_id = $1 and signin_id = $2 and state = 'open'`)
	qSignInResend = db.Q("identity.signin_resend", `update identity_signins set resends = resends + 1, code_mac = $3, sent_at = $4
		where tenant_id = $1 and signin_id = $2 and state = 'open' and resends < $5 and sent_at <= $6 and tries < $7 returning resends`)
	qSignInMail   = db.Q("identity.signin_mail", `update identity_signins set factor = 'mail', code_mac = $3, sent_at = $4 where tenant_id = $1 and signin_id = $2 and state = 'open' and factor = 'own' and tries < $5`)
	qSignInAge    = db.Q("identity.signin_age", `update identity_signins set sent_at = sent_at - $3 where tenant_id = $1 and signin_id = $2`)
	qSignInsEnd   = db.Q("identity.signins_end", `update identity_signins set state = 'dead' where tenant_id = $1 and account_id = $2 and state = 'open'`)
	qCodesSent    = db.Q("identity.codes_sent", `select coalesce(sum(1 + resends), 0), coalesce(min(created_at), 0) from identity_signins where tenant_id = $1 and account_id = $2 and created_at > $3`)
	qSignInsSweep = db.GlobalQ("identity.signins_sweep", `delete from identity_signins where created_at <= $1`)

	qSessionInsert = db.Q("identity.session_insert", `insert into identity_sessions (tenant_id, session_id, account_id, token_hash, device_id, addr, agent, created_at, seen_at, mac, factor) values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`)
	qSession       = db.GlobalQ("identity.session", `select s.session_id, s.account_id, s.device_id, s.created_at, s.seen_at, s.ended_at, s.end_reason, s.screen_at, s.mac, coalesce(t.screen_minutes, 0), s.factor, s.proven_at, f.roles,
			(select count(*) from identity_totp o where o.tenant_id = s.tenant_id and o.account_id = s.account_id) + (select count(*) from identity_passkeys p where p.tenant_id = s.tenant_id and p.account_id = s.account_id),
			coalesce(g.role, ''), coalesce(g.site_id, ''), coalesce(g.dept_id, ''), coalesce(g.granted_at, 0), coalesce(g.granted_by, ''), coalesce(g.vouched_at, 0), coalesce(g.vouched_by, ''), `+accountColumns+`
		from identity_sessions s
		join identity_accounts a on a.tenant_id = s.tenant_id and a.account_id = s.account_id
		left join identity_grants g on g.tenant_id = s.tenant_id and g.account_id = s.account_id
		left join identity_settings t on t.tenant_id = s.tenant_id
		left join identity_two_factor f on f.tenant_id = s.tenant_id
		where s.token_hash = $1`)
	qSessionTouch  = db.Q("identity.session_touch", `update identity_sessions set seen_at = $3 where tenant_id = $1 and session_id = $2 and seen_at < $3 and ended_at = 0`)
	qSessionEnd    = db.Q("identity.session_end", `update identity_sessions set ended_at = $3, end_reason = $4 where tenant_id = $1 and session_id = $2 and ended_at = 0`)
	qSessionEndOwn = db.Q("identity.session_end_own", `update identity_sessions set ended_at = $4, end_reason = $5 where tenant_id = $1 and session_id = $2 and account_id = $3 and ended_at = 0`)
	qSessionBound  = db.Q("identity.session_bound", `select session_id, account_id, token_hash, device_id, created_at, mac, factor, proven_at from identity_sessions where tenant_id = $1 and session_id = $2 and ended_at = 0`)
	qSessionAmend  = db.Q("identity.session_amend", `update identity_sessions set token_hash = $3, created_at = $4, mac = $5, factor = $6, proven_at = $7 where tenant_id = $1 and session_id = $2 and ended_at = 0 and mac = $8`)
	qSessionAge    = db.Q("identity.session_age", `update identity_sessions set seen_at = seen_at - $3 where tenant_id = $1 and session_id = $2`)
	qSessionsEnd   = db.Q("identity.sessions_end", `update identity_sessions set ended_at = $3, end_reason = $4 where tenant_id = $1 and account_id = $2 and ended_at = 0 and session_id <> $5`)
	qSessions      = db.Q("identity.sessions", `select session_id, addr, agent, created_at, seen_at from identity_sessions where tenant_id = $1 and account_id = $2 and ended_at = 0 and seen_at > $3 and created_at > $4 order by seen_at desc`)
	qSessionsLapse = db.GlobalQ("identity.sessions_lapse", `update identity_sessions set ended_at = $1, end_reason = 'lapsed' where ended_at = 0 and (seen_at <= $2 or created_at <= $3)`)
	qSessionsSweep = db.GlobalQ("identity.sessions_sweep", `delete from identity_sessions where ended_at > 0 and ended_at <= $1`)
	qDevicesSweep  = db.GlobalQ("identity.devices_sweep", `delete from identity_devices where expires_at <= $1`)
)

// signin is a row between the two steps.
type signin struct {
	Tenant    ids.Tenant
	ID        string
	Account   ids.Account
	Device    string
	throttle  string
	State     string
	mac       []byte
	Tries     int
	Resends   int
	SentAt    int64
	CreatedAt int64
	Factor    string // how the second step is asked for
	How       string // and how it was answered, once it was
}

func scanSignIn(s db.Scanner) (signin, error) {
	var r signin
	err := s.Scan(&r.Tenant, &r.ID, &r.Account, &r.Device, &r.throttle, &r.State, &r.mac, &r.Tries, &r.Resends, &r.SentAt, &r.CreatedAt, &r.Factor)
	return r, err
}

func scanTry(s db.Scanner) (signin, error) {
	var r signin
	err := s.Scan(&r.Tries, &r.mac, &r.SentAt, &r.Factor)
	return r, err
}

// sessionRow is a session with its account and one of its grants.
type sessionRow struct {
	boundSession
	seen, ended int64
	reason      string // why it has ended
	screen      int64
	minutes     int
	required    []byte // sealed roles; nil when the tenant has not chosen
	factors     int
	grant       grantRow
	owner       account
}

func scanSession(s db.Scanner) (sessionRow, error) {
	var r sessionRow
	var role string
	g := &r.grant
	err := s.Scan(append([]any{&r.id, &r.account, &r.device, &r.created, &r.seen, &r.ended, &r.reason, &r.screen, &r.mac, &r.minutes, &r.factor, &r.proven, &r.required, &r.factors, &role, &g.Site, &g.Dept, &g.at, &g.by, &g.vouchedAt, &g.vouchedBy}, r.owner.dest()...)...)
	g.account, g.Role = r.account, actor.Role(role)
	return r, err
}

func scanBound(s db.Scanner) (boundSession, error) {
	var b boundSession
	err := s.Scan(&b.id, &b.account, &b.token, &b.device, &b.created, &b.mac, &b.factor, &b.proven)
	return b, err
}

// deviceRow is what decides whether a device cookie is known.
type deviceRow struct {
	id      string
	created int64
	mac     []byte
}

func scanDevice(s db.Scanner) (deviceRow, error) {
	var d deviceRow
	err := s.Scan(&d.id, &d.created, &d.mac)
	return d, err
}
