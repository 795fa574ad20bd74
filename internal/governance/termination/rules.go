package termination

import (
	"slices"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// maxText bounds what people write, in code points.
const maxText = 400

// Condition is something that must be recorded before the erasure.
type Condition string

const (
	NeedReceipt  Condition = "receipt"
	NeedCallBack Condition = "call_back"
	NeedConfirm  Condition = "confirm"
)

// WishedMonths is how far ahead a customer may ask to leave: what lies further is a slip of the hand.
const WishedMonths = 60

// open begins a case. A month that is over is fault.Invalid "date.month_past", one that is further than WishedMonths
// "termination.month_far".
func open(id string, t ids.Tenant, name, contract string, wished jst.Date, by By) (*Case, error) {
	first, last, err := jst.Termination(wished, jst.Of(by.At))
	if err != nil {
		return nil, err
	}
	end := jst.MonthEnd(wished)
	if end.After(jst.MonthEnd(jst.Of(by.At).AddMonths(WishedMonths))) {
		return nil, fault.New(fault.Invalid, "termination.month_far")
	}
	return &Case{
		ID: id, Tenant: t, Name: name, Contract: contract, Month: end.String()[:7], MonthEnd: end, EraseNotBefore: first, EraseBy: last, Requested: by,
	}, nil
}

// missing lists the conditions that are not met yet.
func (c *Case) missing() (out []Condition) {
	if c.Receipt == nil {
		out = append(out, NeedReceipt)
	}
	if c.CallBack == nil {
		out = append(out, NeedCallBack)
	}
	if len(c.Confirmed) < Confirmations {
		out = append(out, NeedConfirm)
	}
	return out
}

// Missing is missing, for those who show it.
func (c *Case) Missing() []Condition { return c.missing() }

// ConfirmFrom is the first instant at which somebody may confirm.
func (c *Case) ConfirmFrom() time.Time { return c.Requested.At.Add(Cooling) }

// changeable refuses what comes after the point of no return.
func (c *Case) changeable() error {
	switch c.Phase() {
	case Requested, Confirmed:
		return nil
	case Cancelled:
		return fault.New(fault.Conflict, "termination.cancelled")
	}
	return fault.New(fault.Conflict, "termination.begun")
}

func said(s *string, code, of string) (err error) {
	*s, err = glyph.Reason(*s, maxText, code, of)
	return err
}

// receive records the customer's word on the hand-over. A later word replaces an earlier one, and then the
// confirmations count no more: they were given on other grounds.
func (c *Case) receive(r Receipt) error {
	if err := c.changeable(); err != nil {
		return err
	}
	switch {
	case r.Side != Customer:
		return fault.New(fault.Denied, "termination.customer_only")
	case r.Duty == "":
		return fault.New(fault.Invalid, "termination.duty")
	case !r.Refused && len(r.Digest) != 64:
		return fault.New(fault.Invalid, "termination.no_file")
	}
	if r.Refused {
		if err := said(&r.Reason, "termination.reason", "理由"); err != nil {
			return err
		}
	}
	c.Receipt, c.Confirmed = &r, nil
	return nil
}

// callBack records the association's call. Once somebody has confirmed on its ground it stays as it is; who must call
// again has the case cancelled and asked for anew.
func (c *Case) callBack(b CallBack) error {
	if err := c.changeable(); err != nil {
		return err
	}
	if b.Side != Association {
		return fault.New(fault.Denied, "termination.association_only")
	}
	if err := said(&b.How, "termination.how", "確かめ方"); err != nil {
		return err
	}
	if len(c.Confirmed) > 0 {
		return fault.New(fault.Conflict, "termination.called")
	}
	c.CallBack = &b
	return nil
}

// confirm adds a person: after the cooling-off, the receipt and the call, never the same twice, and not only
// the customer's.
func (c *Case) confirm(by By) error {
	if err := c.changeable(); err != nil {
		return err
	}
	switch {
	case c.Receipt == nil:
		return fault.New(fault.Conflict, "termination.no_receipt")
	case c.CallBack == nil:
		return fault.New(fault.Conflict, "termination.no_call")
	case by.At.Before(c.ConfirmFrom()):
		return fault.New(fault.Conflict, "termination.cooling", "from", jst.Stamp(c.ConfirmFrom()))
	case slices.ContainsFunc(c.Confirmed, func(x By) bool { return x.Account == by.Account }) || by.Account == "":
		return fault.New(fault.Denied, "termination.same_person")
	case len(c.Confirmed) >= Confirmations:
		return fault.New(fault.Conflict, "termination.confirmed")
	case by.Side == Customer && len(c.Confirmed) > 0 && c.Confirmed[0].Side == Customer:
		return fault.New(fault.Denied, "termination.association_too")
	}
	c.Confirmed = append(c.Confirmed, by)
	return nil
}

// cancel ends a case whose erasure has not begun; either side may.
func (c *Case) cancel(by By, reason string) error {
	if err := c.changeable(); err != nil {
		return err
	}
	if err := said(&reason, "termination.reason", "理由"); err != nil {
		return err
	}
	c.Cancelled, c.CancelReason = &by, reason
	return nil
}

// mayErase tells whether the erasure may begin, and if not, why.
func (c *Case) mayErase(now time.Time) error {
	if c.Phase() == Requested {
		return fault.New(fault.Conflict, "termination.not_confirmed")
	}
	if err := c.changeable(); err != nil {
		return err
	}
	if jst.Of(now).Before(c.EraseNotBefore) {
		return fault.New(fault.Conflict, "termination.early", "day", c.EraseNotBefore.String())
	}
	return nil
}

// Late tells whether the last permitted day has gone by with data still there (clause 6-2a). People under a
// legal hold are no lateness: the certificate names them.
func (c *Case) Late(now time.Time) bool {
	switch c.Phase() {
	case Requested, Confirmed, Erasing:
		return jst.Of(now).After(c.EraseBy)
	}
	return false
}

// outcome records what the gateway did.
func (c *Case) outcome(o Outcome) {
	c.Run, c.Held, c.Fault = o.Run, o.Held, ""
	if o.Done {
		c.Erased = o.Finished
	}
}
