package erasure

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Hold keeps from erasure what it covers, whatever period has ended and whoever asks (clause 6-1).
type Hold struct {
	ID       string
	Tenant   ids.Tenant
	Scope    string     // HoldTenant, HoldPerson or HoldClass
	Person   ids.Person // of HoldPerson
	Class    string     // of HoldClass: retention class
	ReviewBy jst.Date   // when somebody looks whether it is still needed

	Reason    string // why
	Authority string // by whose order: a court, a law, a contract
	Reviewer  string // who looks at it again

	PlacedAt, ReleasedAt time.Time
	PlacedBy, ReleasedBy string

	Unread bool // what it says can't be read; it holds
	Erased bool // what it said was erased with the person or the tenant
}

// Late tells that the day of the review has gone by, or that nobody can say when it is. The hold goes on.
func (h Hold) Late(today jst.Date) bool {
	return h.ReleasedAt.IsZero() && h.ReviewBy.Compare(today) < 0
}

const permHold = "hold.manage"

// sealedHold is the part of a hold that only the tenant's key opens: it goes with the tenant.
type sealedHold struct{ Reason, Authority, Reviewer string }

const holdColumns = `tenant_id, hold_id, scope, person_id, class, sealed, placed_at, placed_by, review_by, released_at, released_by`

var (
	qHoldAdd = db.Q("erasure.hold_add", `insert into erasure_hold (tenant_id, hold_id, scope, person_id, class, sealed, placed_at, placed_by, review_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	qHoldEnd = db.Q("erasure.hold_end", `update erasure_hold set released_at = $3, released_by = $4 where tenant_id = $1 and hold_id = $2 and released_at = 0`)
	qHolds   = db.Q("erasure.holds", `select `+holdColumns+` from erasure_hold where tenant_id = $1 order by placed_at desc, hold_id desc limit 1000`)
)

func holdAt(id string) vault.Loc { return vault.Loc{Table: "erasure_hold", ID: id, Column: "sealed"} }

// inOneLine is a text that was checked, as it is kept.
func inOneLine(s string) string {
	s, _ = glyph.Reason(s, 500, "erasure.hold_text", "")
	return s
}

func (h Hold) check(today jst.Date) error {
	for _, f := range [][2]string{{h.Reason, "理由"}, {h.Authority, "根拠"}, {h.Reviewer, "見直す人"}} {
		if _, err := glyph.Reason(f[0], 500, "erasure.hold_text", f[1]); err != nil {
			return err
		}
	}
	if !h.ReviewBy.After(today) || h.ReviewBy.After(today.AddMonths(24)) {
		return fault.New(fault.Invalid, "erasure.hold_review")
	}
	ok := map[string]bool{
		HoldTenant: h.Person == "" && h.Class == "", HoldPerson: h.Person != "" && h.Class == "", HoldClass: h.Person == "" && h.Class != "",
	}
	if !ok[h.Scope] {
		return fault.New(fault.Invalid, "erasure.hold_scope")
	}
	return nil
}

// Place puts a hold in force. While an erasure of the tenant is under way it is too late: fault.Conflict
// "erasure.too_late"; a person who is not there any more cannot be held: fault.Missing "erasure.hold_nobody".
func (g *Gateway) Place(ctx context.Context, who actor.Actor, h Hold) (Hold, error) {
	if err := g.o.Guard(who, permHold); err != nil {
		return h, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if err := h.check(jst.Of(now)); err != nil {
		return h, err
	}
	if h.Person != "" {
		keys, err := g.o.Vault.Persons(ctx, h.Tenant, []ids.Person{h.Person})
		if err != nil {
			return h, err
		}
		if keys[h.Person] == nil {
			return h, fault.New(fault.Missing, "erasure.hold_nobody")
		}
	}
	h.ID, h.PlacedAt, h.PlacedBy = ids.New[string](), now, name(who)
	k, err := g.o.Vault.Tenant(ctx, h.Tenant)
	if fault.Is(err, fault.Missing) {
		return h, fault.New(fault.Conflict, "erasure.gone").Because(err)
	}
	if err != nil {
		return h, err
	}
	text, err := json.Marshal(sealedHold{inOneLine(h.Reason), inOneLine(h.Authority), inOneLine(h.Reviewer)})
	if err != nil {
		return h, err
	}
	return h, g.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if err := turn(tx, h.Tenant); err != nil {
			return err
		}
		n, err := db.Value[int64](tx, qOpenOf, h.Tenant)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "erasure.too_late")
		}
		if _, err := tx.Exec(qHoldAdd, h.Tenant, h.ID, h.Scope, h.Person, h.Class, k.Seal(holdAt(h.ID), text), db.Micros(now), h.PlacedBy, h.ReviewBy.String()); err != nil {
			return err
		}
		return g.holdEvent(tx, who, verbPlaced, h)
	})
}

// Release ends a hold and re-arms what it kept: a run that waits for it goes on at the next Resume. It is
// fault.Missing "erasure.no_hold" when there is none in force.
func (g *Gateway) Release(ctx context.Context, who actor.Actor, t ids.Tenant, id, reason string) error {
	if err := g.o.Guard(who, permHold); err != nil {
		return err
	}
	return g.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if err := turn(tx, t); err != nil {
			return err
		}
		n, err := tx.Exec(qHoldEnd, t, id, db.Micros(time.Now()), name(who))
		if err != nil {
			return err
		}
		if n == 0 {
			if err := g.endLost(tx, t, id); err != nil {
				return err
			}
		}
		if _, err := glyph.Reason(reason, 500, "erasure.hold_text", "解除の理由"); err != nil { // what is not there is not there, whatever else is wrong
			return err
		}
		return g.holdEvent(tx, who, verbReleased, Hold{ID: id, Tenant: t})
	})
}

// holdEvent names the hold and what it covers; its reason stays under the seal.
func (g *Gateway) holdEvent(tx *db.Tx, who actor.Actor, verb string, h Hold) error {
	w := &work{Gateway: g, who: who, rec: Record{ID: h.ID, Tenant: h.Tenant, Kind: Persons}}
	return w.event(tx, verb, "ok", map[string]any{"hold": h.ID, "scope": h.Scope, "class": h.Class, "person": string(h.Person)})
}

func name(who actor.Actor) string {
	if who.Account != "" {
		return string(who.Account)
	}
	return string(who.Kind)
}

// Holds lists a tenant's holds, newest first, the released ones too.
func (g *Gateway) Holds(ctx context.Context, who actor.Actor, t ids.Tenant) (out []Hold, err error) {
	if err := g.o.Guard(who, permRead); err != nil {
		return nil, err
	}
	k, err := g.keysOf(ctx, t)
	if err != nil {
		return nil, err
	}
	err = g.o.Main.View(ctx, t, func(tx *db.Tx) error {
		rows, err := db.All(tx, qHolds, scanHold, t)
		for _, r := range rows {
			out = append(out, r.open(k))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	told, err := g.toldHolds(ctx, t)
	if err != nil {
		return nil, err
	}
	bad := unlike(told, out)
	for _, h := range bad {
		h.Reason = "保全の行が書き換えられたか、なくなっています。監査ログにある保全として続けています。"
		if i := slices.IndexFunc(out, func(r Hold) bool { return r.ID == h.ID }); i >= 0 {
			h.ReviewBy, h.Authority, h.Reviewer = out[i].ReviewBy, out[i].Authority, out[i].Reviewer
			out[i] = h
		} else {
			out = append(out, h)
		}
	}
	return out, g.refused(ctx, t, bad)
}

// holdRow is a hold as it lies there.
type holdRow struct {
	Hold
	sealed []byte
	review string
}

func scanHold(s db.Scanner) (r holdRow, err error) {
	var placed, released int64
	if err = s.Scan(&r.Tenant, &r.ID, &r.Scope, &r.Person, &r.Class, &r.sealed, &placed, &r.PlacedBy, &r.review, &released, &r.ReleasedBy); err != nil {
		return r, err
	}
	r.PlacedAt, r.ReleasedAt = db.Time(placed), db.Time(released)
	return r, nil
}

// holdKeys open what a tenant's holds say: the tenant's key, and the service's, with which rows of earlier versions are
// sealed.
type holdKeys struct {
	all  []*vault.Key
	gone bool // the tenant's key was destroyed: nobody reads what is left
}

func (g *Gateway) keysOf(ctx context.Context, t ids.Tenant) (k holdKeys, err error) {
	for _, of := range []ids.Tenant{t, ids.System} {
		one, err := g.o.Vault.Tenant(ctx, of)
		switch {
		case err == nil:
			k.all = append(k.all, one)
		case of != ids.System && fault.Is(err, fault.Missing):
			k.gone = fault.Of(err).Code == "vault.key_destroyed" // with proof; one that is merely not there ends no hold
		default:
			return k, err
		}
	}
	return k, nil
}

const erasedText = "消去済み"

// open reads what a hold says. What can't be read holds all the same, and is told: an error here would hide every other
// hold, too.
func (r holdRow) open(k holdKeys) Hold {
	h := r.Hold
	var day error
	h.ReviewBy, day = jst.ParseDate(r.review)
	if h.Erased = k.gone || len(r.sealed) == 0 && !h.ReleasedAt.IsZero(); h.Erased {
		h.Reason, h.Authority, h.Reviewer = erasedText, erasedText, erasedText
		return h
	}
	var in sealedHold
	text, err := openAny(k.all, holdAt(h.ID), r.sealed)
	if err == nil {
		err = json.Unmarshal(text, &in)
	}
	if h.Unread = err != nil || day != nil; h.Unread {
		in = sealedHold{Reason: "保全の理由などを読めません。書き換えられたか壊れています。保全は続けています。"}
	}
	h.Reason, h.Authority, h.Reviewer = in.Reason, in.Authority, in.Reviewer
	return h
}

func openAny(keys []*vault.Key, l vault.Loc, sealed []byte) (text []byte, err error) {
	for _, k := range keys {
		if text, err = k.Open(l, sealed); err == nil {
			return text, nil
		}
	}
	return nil, err
}

// Sealed are the columns that a rotation of keys seals again (clause 3-11a).
var Sealed = []vault.Column{vault.TenantColumn("erasure_hold", "sealed", "hold_id", holdAt)}
