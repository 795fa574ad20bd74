package identity

import (
	"errors"
	"runtime"
	"time"

	"rakudos/internal/base/actor"
)

// Policy is every figure of signing in. The sentences of the statement are made from these values.
type Policy struct {
	// 3-4a
	PasswordLeast int      // code points
	PasswordMost  int      // code points
	ContextLeast  int      // shorter context words are ignored, in code points
	ServiceNames  []string // may not stand in a password
	Rules         int      // edition of the rules; a higher one is checked at the next sign-in
	Leaked        *Filter  // the operator's list beside the built-in one; nil is none

	// 3-3
	Hash             HashParams
	HashSlots        int           // passwords hashed at once
	HashQueue        int           // attempts that may wait for a slot
	FirstPasswordFor time.Duration // a first password is void afterwards

	// 3-4b
	LockAt         int           // the consecutive failure that locks
	ThrottleFrom   int           // the failure after which one has to wait
	ThrottleFirst  time.Duration // doubled at each further failure
	ThrottleMost   time.Duration
	ThrottleForget time.Duration // after so long without a failure the waiting starts anew
	DeviceFor      time.Duration // how long a browser is remembered

	// spraying, and locks in a row
	SprayNames   int           // different names that fail with one password in a tenant
	SprayFor     time.Duration // counted for so long
	SprayWait    time.Duration // then between two guesses with that password
	NetworkNames int           // different names that fail from one network in a tenant
	NetworkFor   time.Duration
	NetworkWait  time.Duration
	// AnywhereNames is NetworkNames whatever tenant was typed.
	AnywhereNames int
	LocksMost     int // beyond so many locks in LocksFor the tenant's administrators are told
	LocksFor      time.Duration

	// 3-5
	CodeFor     time.Duration
	CodeTries   int
	Resends     int
	ResendAfter time.Duration
	CodesPerDay int // mails to one account in any 24 hours

	// Two factors of one's own, for the roles of tenants that have not chosen (beyond 3-5)
	TwoFactor []actor.Role

	// 3-12
	SessionIdle time.Duration
	SessionMost time.Duration
	TouchStep   time.Duration // activity is written down in steps of this
	WarnBefore  time.Duration
	ScreenLock  time.Duration

	weak string // a sabotaged protection; see Sabotage
}

// CodeDigits is the length of a mailed code.
const CodeDigits = 8

// DefaultPolicy is the binding reading of the clauses (decisions 3-4a, 3-4b, 3-5, 3-12).
func DefaultPolicy() Policy {
	return Policy{
		PasswordLeast: 10, PasswordMost: 128, ContextLeast: 4, ServiceNames: []string{"rakudos", "ラクドス"}, Rules: 1,
		Hash: HashParams{MemoryKiB: 19 * 1024, Time: 2, Threads: 1}, HashSlots: max(1, runtime.GOMAXPROCS(0)-1), HashQueue: 400,
		FirstPasswordFor: 14 * 24 * time.Hour,
		LockAt:           11, ThrottleFrom: 5, ThrottleFirst: time.Second, ThrottleMost: 8 * time.Second, ThrottleForget: 30 * time.Minute,
		DeviceFor:  90 * 24 * time.Hour,
		SprayNames: 10, SprayFor: time.Hour, SprayWait: 8 * time.Second, NetworkNames: 30, NetworkFor: 10 * time.Minute, NetworkWait: time.Second, AnywhereNames: 100,
		LocksMost: 5, LocksFor: 10 * time.Minute,
		CodeFor: 10 * time.Minute, CodeTries: 5, Resends: 3, ResendAfter: 30 * time.Second, CodesPerDay: 100,
		TwoFactor:   []actor.Role{actor.Nurse, actor.Physician, actor.StressImplementer, actor.StressStaff, actor.TenantAdmin, actor.Operator, actor.ITSM, actor.Auditor},
		SessionIdle: 3 * time.Hour, SessionMost: 12 * time.Hour, TouchStep: time.Second, WarnBefore: 5 * time.Minute, ScreenLock: 30 * time.Minute,
	}
}

// Names of the protections that a sandbox can switch off, so that each probe is known to be able to fail.
const (
	SabotageSession  = "identity.session_idle"    // sessions outlive their idle limit
	SabotageCode     = "identity.code_reuse"      // a used code works again
	SabotageTries    = "identity.code_tries"      // a code may be guessed without end
	SabotageLock     = "identity.lock"            // accounts never lock
	SabotagePassword = "identity.password_rules"  // any password is accepted
	SabotageHash     = "identity.hash_params"     // passwords are hashed too cheaply
	SabotageWords    = "identity.words"           // an unknown ID gets an answer of its own
	SabotageScreen   = "identity.screen"          // screens never lock
	SabotageReuse    = "identity.login_reuse"     // a login ID may be given a second time
	SabotageSealed   = "identity.sealed_rotation" // an emergency password opens more than one session
	SabotageRows     = "identity.rows"            // rows that the service has not written are taken for its own
	SabotagePasskey  = "identity.passkey_uv"      // a passkey need not verify its user
	SabotageReplay   = "identity.passkey_replay"  // a challenge may be answered twice
	SabotageTOTP     = "identity.totp_reuse"      // a code of the app works again
	SabotageWindow   = "identity.totp_window"     // the codes before and after count as well
	SabotageTied     = "identity.tied"            // a role that is tied to the provider comes in by password
	SabotageWait     = "identity.wait"            // nobody has to wait after failures
	SabotageShort    = "identity.wait_short"      // the waiting does not grow
	SabotageCharged  = "identity.wait_charged"    // an attempt that comes too soon is counted all the same
	SabotageLocked   = "identity.locked_words"    // a locked account gets an answer of its own
	SabotageReason   = "identity.unlock_reason"   // locks are lifted without a reason
	SabotageResend   = "identity.resend_gap"      // a code is sent again at once
	SabotageResends  = "identity.resend_number"   // and more often
	SabotageOlder    = "identity.code_older"      // the code before the newest is the one that works
	SabotageContext  = "identity.password_names"  // passwords may hold the login ID and the names
)

// Sabotages lists them, for the sandbox.
var Sabotages = []string{SabotageSession, SabotageCode, SabotageTries, SabotageLock, SabotagePassword, SabotageHash, SabotageWords, SabotageScreen, SabotageReuse, SabotageRows, SabotagePasskey, SabotageReplay, SabotageTOTP, SabotageWindow, SabotageTied, SabotageSealed,
	SabotageWait, SabotageShort, SabotageCharged, SabotageLocked, SabotageReason, SabotageResend, SabotageResends, SabotageOlder, SabotageContext}

// Sabotage returns the policy with one protection switched off. Only a sandbox may run with it.
func (p Policy) Sabotage(name string) Policy {
	p.weak = name
	switch name {
	case SabotageSession:
		p.SessionIdle = 1000 * time.Hour
	case SabotageScreen:
		p.ScreenLock = 1000 * time.Hour
	case SabotageTries:
		p.CodeTries = 1 << 30
	case SabotageLock:
		p.LockAt = 1 << 30
	case SabotagePassword:
		p.PasswordLeast = 1
	case SabotageWait:
		p.ThrottleFrom = 1 << 30
	case SabotageShort:
		p.ThrottleMost = p.ThrottleFirst
	case SabotageResend:
		p.ResendAfter = 0
	case SabotageResends:
		p.Resends = 100
	case SabotageContext:
		p.ContextLeast = 1 << 30
	case SabotageHash:
		p.Hash = HashParams{MemoryKiB: 64, Time: 1, Threads: 1}
	}
	return p
}

// Sabotaged tells whether a protection is switched off; the service refuses such a policy outside a sandbox.
func (p Policy) Sabotaged() bool { return p.weak != "" }

// Check refuses a policy that breaks what the clauses promise, whatever an operator may have configured.
func (p Policy) Check() error {
	var errs []error
	want := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("identity: policy: "+what))
		}
	}
	want(p.PasswordLeast >= 10 && p.PasswordMost >= 64 && p.PasswordMost <= 1024, "passwords have at least 10 characters, and at least 64 must be possible (3-4a)")
	want(p.LockAt >= 1 && p.LockAt <= 11, "an account locks at the 11th failure at the latest (3-4b)")
	want(p.ThrottleFrom >= 1 && p.ThrottleFirst > 0 && p.ThrottleMost >= p.ThrottleFirst && p.ThrottleForget > p.ThrottleMost, "throttling needs sensible figures (3-4b)")
	want(p.SprayNames > 0 && p.SprayFor > 0 && p.SprayWait > 0 && p.NetworkNames > 0 && p.AnywhereNames > 0 && p.NetworkFor > 0 && p.NetworkWait > 0 && p.LocksMost > 0 && p.LocksFor > 0, "spraying and locks in a row need figures")
	want(p.CodeFor > 0 && p.CodeFor <= 10*time.Minute && p.CodeTries >= 1 && p.CodeTries <= 5, "a code lives 10 minutes and 5 tries at most (3-5)")
	want(p.Resends >= 0 && p.Resends <= 3 && p.ResendAfter >= 30*time.Second && p.CodesPerDay >= 1, "a code is sent again 3 times at most, 30 s apart (3-5)")
	want(p.SessionIdle > 0 && p.SessionIdle <= 3*time.Hour && p.SessionMost >= p.SessionIdle && p.SessionMost <= 24*time.Hour, "a session ends after 3 h without activity at the latest (3-12)")
	want(p.ScreenLock >= ScreenLeast && p.ScreenLock <= ScreenMost, "screens lock after 15 to 60 minutes (3-12)")
	want(p.TouchStep >= 0 && p.TouchStep <= time.Minute, "activity is written at least every minute (3-12)")
	want(p.Hash.MemoryKiB >= 19*1024 && p.Hash.Time >= 2 && p.Hash.Threads >= 1, "argon2id needs 19 MiB and 2 passes at least (3-3)")
	want(p.HashSlots >= 1 && p.HashQueue >= 1 && p.FirstPasswordFor > 0 && p.Rules >= 1, "slots, queue and first password need figures")
	return errors.Join(errs...)
}
