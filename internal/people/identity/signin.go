package identity

import (
	"context"
	"encoding/hex"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// attempt is one try at a password, for an account or for a name that has none.
type attempt struct {
	visit    Visit
	info     TenantInfo // ID is ids.System when the tenant is unknown
	key      *vault.Key // of info.ID
	account  *account   // nil: unknown
	device   string     // a remembered device, whose counter is used
	throttle string     // row of the account name and network
	name     string     // keyed hash of what was typed, for the log
	buckets  []bucket   // counts of spraying that the guess falls into
	bad      finding    // a row that was found not to verify
	sealed   bool       // of an emergency account: its attempts are slowed down and told, never counted
	failures int        // of the name and network, this attempt included
	number   int        // of the account or device, this attempt included; 0: not to be looked at
}

func (a *attempt) actor() actor.Actor {
	if a.account == nil {
		return visitor(a.info.ID, "", a.visit)
	}
	return visitor(a.account.Tenant, a.account.ID, a.visit)
}

// wrong is the one answer to an unknown tenant, an unknown ID, a wrong password and a locked or disabled
// account.
func (s *Service) wrong(a *attempt) error {
	if s.policy.weak == SabotageWords && a.account == nil {
		return fault.New(fault.Missing, "identity.unknown")
	}
	if s.policy.weak == SabotageLocked && a.account != nil && a.number == 0 {
		return fault.New(fault.Invalid, "identity.unknown")
	}
	return fault.New(fault.Invalid, "identity.wrong")
}

// SignIn is the first step. Only a right password of an account in good order goes on to the second: a
// code is mailed and the token of the transaction returned. Everything else is fault.Invalid
// "identity.wrong", or fault.Busy "identity.too_soon" and "identity.busy" with RetryAfter, in which case
// the attempt was neither looked at nor counted.
func (s *Service) SignIn(ctx context.Context, v Visit, tenantCode, loginID, password string) (Pending, error) {
	a, err := s.find(ctx, v, tenantCode, loginID, password)
	if err != nil {
		if s.policy.weak == SabotageCharged {
			s.charge(ctx, a, loginID)
		}
		return Pending{}, err
	}
	right, rehash, err := s.look(ctx, a, password)
	if err != nil {
		return Pending{}, err
	}
	if !right {
		return Pending{}, s.failed(ctx, a)
	}
	return s.passed(ctx, a, password, rehash)
}

// find looks everything up that the attempt is about. It does the same work for names that do not exist.
func (s *Service) find(ctx context.Context, v Visit, tenantCode, loginID, password string) (*attempt, error) {
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	a := &attempt{visit: v, info: TenantInfo{ID: ids.System}, key: system, throttle: throttleID(system, tenantCode, loginID, v.Addr)}
	a.name = hex.EncodeToString(system.MAC("identity.typed", []byte(NormalLogin(tenantCode)), []byte(NormalLogin(loginID)))[:8])
	info, err := s.tenants.TenantByCode(ctx, tenantCode)
	switch {
	case err == nil && !info.Closed:
		key, err := s.keys.Tenant(ctx, info.ID)
		if err != nil && !fault.Is(err, fault.Missing) {
			return nil, err
		}
		if err == nil {
			a.info, a.key = info, key
		}
	case err != nil && !fault.Is(err, fault.Missing):
		return nil, err
	}
	a.buckets = s.buckets(system, a.info, tenantCode, password, v.Addr)
	now := time.Now()
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		if err := s.early(tx, a, now); err != nil {
			return err
		}
		acc, err := db.One(tx, qAccountByLogin, scanAccount, a.info.ID, s.loginIndex(a.key, loginID))
		switch {
		case err == nil && !s.genuine(a.key, &acc):
			a.bad = finding{acc.Tenant, accountsTable, string(acc.ID)}
		case err == nil:
			a.account = &acc
			if a.sealed, err = s.isSealed(tx, acc.Tenant, acc.ID); err != nil {
				return err
			}
			if err := s.findDevice(tx, a, now); err != nil {
				return err
			}
		case !fault.Is(err, fault.Missing):
			return err
		default: // the same work for a name that does not exist
			if _, err := s.isSealed(tx, a.info.ID, ""); err != nil {
				return err
			}
		}
		return s.sprayEarly(tx, a, now)
	})
	s.found(ctx, a.bad)
	return a, err
}

func (s *Service) findDevice(tx *db.Tx, a *attempt, now time.Time) error {
	if a.visit.Device == "" {
		return nil
	}
	token := tokenHash(a.visit.Device)
	d, err := db.One(tx, qDevice, scanDevice, a.account.Tenant, a.account.ID, token, db.Micros(now))
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err == nil && s.policy.weak != SabotageRows && !same(d.mac, deviceMAC(a.key, d.id, a.account.ID, token, d.created)) {
		a.bad = finding{a.account.Tenant, devicesTable, d.id}
		return nil
	}
	a.device = d.id
	return err
}

// early refuses an attempt that comes too soon.
func (s *Service) early(tx *db.Tx, a *attempt, now time.Time) error {
	return waiting(tx, a.throttle, now)
}

// origin is the network whose share of the gate an attempt takes. The service's own probes come from one address and
// fail on purpose; a remembered device is somebody who has signed in before.
func (s *Service) origin(a *attempt) string {
	if a.info.Probe || a.device != "" {
		return ""
	}
	return Network(a.visit.Addr)
}

// look waits for a slot, counts the attempt and only then looks at the password.
func (s *Service) look(ctx context.Context, a *attempt, password string) (right bool, rehash string, err error) {
	leave, err := s.gate.enter(ctx, s.origin(a))
	if err != nil {
		return false, "", err
	}
	defer leave()
	if err := s.transact(ctx, func(tx *db.Tx) error { return s.count(tx, a, time.Now()) }); err != nil {
		return false, "", err
	}
	h := s.dummy
	if a.number > 0 {
		if h, err = parseHash(a.account.Hash); err != nil {
			return false, "", err
		}
	}
	right = h.matches(password) && a.number > 0
	if right && h.HashParams != s.policy.Hash {
		rehash = hashPassword(s.policy.Hash, password)
	}
	return right, rehash, nil
}

// count takes a number for the attempt, for the name and network and for the account. It charges in
// advance: a right password gives both back.
func (s *Service) count(tx *db.Tx, a *attempt, now time.Time) error {
	a.failures, a.number = 0, 0
	n, err := db.Value[int](tx, qThrottle, ids.System, a.throttle, db.Micros(now), db.Micros(now.Add(s.policy.ThrottleForget)))
	if fault.Is(err, fault.Missing) {
		if err := s.early(tx, a, now); err != nil {
			return err
		}
		return fault.New(fault.Busy, "identity.too_soon").After(time.Second)
	}
	if err != nil {
		return err
	}
	a.failures = n
	if err := s.sprayTake(tx, a, now); err != nil {
		return err
	}
	if err := s.wait(tx, a, now); err != nil {
		return err
	}
	switch {
	case a.account == nil:
		_, err = db.Value[int](tx, qCount, ids.System, "", s.policy.LockAt)
	case a.sealed:
		if _, err = db.Value[int](tx, qCount, ids.System, "", s.policy.LockAt); fault.Is(err, fault.Missing) && a.account.State == "active" {
			a.number, err = 1, nil
		}
	case a.device != "" && a.account.State == "active":
		a.number, err = db.Value[int](tx, qDeviceCount, a.account.Tenant, a.device, s.policy.LockAt)
	default:
		a.number, err = db.Value[int](tx, qCount, a.account.Tenant, a.account.ID, s.policy.LockAt)
	}
	if fault.Is(err, fault.Missing) {
		a.number = 0
		return nil
	}
	return err
}

// wait sets when the next attempt may come.
func (s *Service) wait(tx *db.Tx, a *attempt, now time.Time) error {
	d := s.policy.delay(a.failures)
	if d == 0 {
		return nil
	}
	_, err := tx.Exec(qThrottleWait, ids.System, a.throttle, db.Micros(now.Add(d)))
	return err
}

// failed writes the failure down and locks at the limit. Its answer never differs.
func (s *Service) failed(ctx context.Context, a *attempt) error {
	locked, many, spray := false, false, false
	err := s.transact(ctx, func(tx *db.Tx) (err error) {
		now := time.Now()
		if err := s.wait(tx, a, now); err != nil {
			return err
		}
		detail := map[string]any{"name": a.name, "number": a.number}
		if a.device != "" {
			detail["device"] = a.device
		}
		verb := "auth.failed"
		if a.sealed {
			verb = "sealed.tried"
		}
		if err := s.record(tx, verb, a.actor(), "failed", detail); err != nil {
			return err
		}
		if spray, err = s.sprayed(tx, a, now); err != nil {
			return err
		}
		if locked, err = s.lock(tx, a, now); err == nil && locked {
			many, err = s.manyLocks(tx, a, now)
		}
		return err
	})
	if err != nil {
		return err
	}
	if locked {
		s.tellLocked(a)
	}
	if many {
		s.tellLocks(a)
	}
	if spray {
		s.tellSpray(a)
	}
	if a.sealed {
		s.alarmTried(ctx, a)
	}
	return s.wrong(a)
}

// lock locks the account when this failure was the one too many. A remembered device that has used up its
// own tries is forgotten, and the account is locked for everybody else too.
func (s *Service) lock(tx *db.Tx, a *attempt, now time.Time) (bool, error) {
	if a.account == nil || a.sealed || a.number != s.policy.LockAt {
		return false, nil
	}
	var n int64
	var err error
	if a.device == "" {
		n, err = tx.Exec(qLockIfFull, a.account.Tenant, a.account.ID, db.Micros(now), s.policy.LockAt)
	} else {
		if _, err = tx.Exec(qDeviceEnd, a.account.Tenant, a.device); err == nil {
			n, err = tx.Exec(qLock, a.account.Tenant, a.account.ID, db.Micros(now), s.policy.LockAt)
		}
	}
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.Exec(qSignInsEnd, a.account.Tenant, a.account.ID); err != nil {
		return false, err
	}
	return true, s.record(tx, "auth.locked", a.actor(), "ok", map[string]any{"failures": a.number})
}

// passed goes on to the second step, unless the account was locked meanwhile or its first password is void.
func (s *Service) passed(ctx context.Context, a *attempt, password, rehash string) (Pending, error) {
	if until := a.account.FirstUntil; until > 0 && time.Now().After(db.Time(until)) {
		return Pending{}, s.failed(ctx, a)
	}
	code, token := newCode(), randomToken()
	var row signin
	var refused error
	emergency := false
	err := s.transact(ctx, func(tx *db.Tx) error {
		refused = nil
		now := time.Now()
		if ok, err := s.giveBack(tx, a); err != nil {
			return err
		} else if !ok {
			refused = s.wrong(a)
			return s.record(tx, "auth.failed", a.actor(), "failed", map[string]any{"name": a.name, "number": 0})
		}
		fromEnvelope, err := s.breakSeal(tx, a, now)
		if fault.Is(err, fault.Invalid) {
			refused = err
			return s.record(tx, "auth.failed", a.actor(), "failed", map[string]any{"name": a.name, "number": 0})
		}
		if err != nil {
			return err
		}
		if emergency = fromEnvelope != ""; emergency {
			code = fromEnvelope
		}
		if !emergency {
			if refused, err = s.barred(tx, a.key, a.account, a.actor(), "password"); err != nil || refused != nil {
				return err
			}
		}
		if err := s.renew(tx, a, password, rehash); err != nil {
			return err
		}
		if err := s.record(tx, "auth.password_ok", a.actor(), "ok", nil); err != nil {
			return err
		}
		if refused = s.ceiling(tx, a.info, a.account, now); refused != nil {
			if fault.Of(refused).Code != "identity.code_ceiling" {
				return refused
			}
			return s.record(tx, "auth.code_ceiling", a.actor(), "denied", nil)
		}
		row = signin{Tenant: a.account.Tenant, ID: string(ids.New[ids.Session]()), Account: a.account.ID, Device: a.device, throttle: a.throttle, State: "open", SentAt: db.Micros(now), CreatedAt: db.Micros(now)}
		refused, err = s.ask(tx, a, &row, token, code, now)
		return err
	})
	if err != nil {
		return Pending{}, err
	}
	if refused != nil {
		return Pending{}, refused
	}
	if emergency {
		s.alarmBroken(a)
		p, err := s.Pending(ctx, token)
		p.Token = token
		return p, err
	}
	if row.Factor == factorOwn {
		p, err := s.pendingOwn(ctx, a.key, s.pending(row, a.info, ""), row)
		p.Token = token
		return p, err
	}
	p, err := s.mailCode(ctx, a.visit, a.info, a.key, a.account, row, code)
	p.Token = token
	return p, err
}

// giveBack returns the number that the attempt took; not when the account was locked meanwhile.
func (s *Service) giveBack(tx *db.Tx, a *attempt) (bool, error) {
	var err error
	if a.sealed {
		_, err = tx.Exec(qThrottleBack, ids.System, a.throttle)
		return a.number > 0, err
	}
	if a.device != "" {
		_, err = db.Value[int](tx, qDeviceBack, a.account.Tenant, a.device)
	} else {
		_, err = db.Value[int](tx, qGiveBack, a.account.Tenant, a.account.ID)
	}
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(qThrottleBack, ids.System, a.throttle)
	return true, err
}

// renew brings an old hash to today's costs, and asks for another password when the rules have changed
// and the present one breaks them.
func (s *Service) renew(tx *db.Tx, a *attempt, password, rehash string) error {
	if rehash == "" && a.account.Rules >= s.policy.Rules {
		return nil
	}
	login, err := a.key.Open(at(accountsTable, string(a.account.ID), "login"), a.account.login)
	if err != nil {
		return err
	}
	c := PasswordContext{LoginID: string(login), TenantCode: a.info.Code, TenantName: a.info.Name}
	weak := a.account.Rules < s.policy.Rules && len(broken(CheckPassword(s.policy, c, password))) > 0
	return s.amend(tx, a.key, a.account.Tenant, a.account.ID, func(now *account) {
		if now.Hash != a.account.Hash {
			return // another password meanwhile
		}
		if rehash != "" {
			now.Hash = rehash
		}
		if weak {
			now.MustChange = 1
		}
		now.Rules = max(now.Rules, s.policy.Rules)
	})
}
