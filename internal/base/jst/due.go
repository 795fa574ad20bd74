package jst

import "time"

// Priority of an incident (clause 5-2).
type Priority string

const (
	Urgent    Priority = "urgent"    // 緊急
	Important Priority = "important" // 重要
	Minor     Priority = "minor"     // 軽微
)

// Targets are the figures of one priority. Business durations count desk hours only.
type Targets struct {
	ResponseInHours  time.Duration // 緊急: inside desk hours
	ResponseOffHours time.Duration // 緊急: outside desk hours
	Response         time.Duration // 重要: business time; 軽微: the wall-clock day
	ResponseBusiness time.Duration // 軽微: the same day in business time
	Resolve          time.Duration // 緊急: wall clock; 重要, 軽微: business time
	ResolveWall      time.Duration // 軽微: the week as wall clock
	Report           time.Duration // cadence of status reports, wall clock
	AllHours         bool          // handled 24 hours, 7 days
}

// SLA holds the figures the service commits to (clause 5-2, readings of decisions.md).
var SLA = map[Priority]Targets{
	Urgent: {
		ResponseInHours: 10 * time.Minute, ResponseOffHours: 60 * time.Minute,
		Resolve: 8 * time.Hour, Report: time.Hour, AllHours: true,
	},
	Important: {Response: 3 * time.Hour, Resolve: deskDay, Report: 24 * time.Hour},
	Minor: {
		Response: 24 * time.Hour, ResponseBusiness: deskDay,
		Resolve: 5 * deskDay, ResolveWall: 7 * 24 * time.Hour, Report: 7 * 24 * time.Hour,
	},
}

// Due is a due time under both calendars. By is the earlier: alarms and published figures use it.
type Due struct{ Literal, Business, By time.Time }

// ResponseDue is when handling must have started for an incident known at t0.
func ResponseDue(p Priority, t0 time.Time) Due {
	return both(func(c Calendar) time.Time { return c.ResponseDue(p, t0) })
}

// ResolveDue is when an incident known at t0 must be resolved.
func ResolveDue(p Priority, t0 time.Time) Due {
	return both(func(c Calendar) time.Time { return c.ResolveDue(p, t0) })
}

func both(f func(Calendar) time.Time) Due {
	l, b := f(Literal), f(Business)
	return Due{Literal: l, Business: b, By: earlier(l, b)}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// ResponseDue under one calendar.
func (c Calendar) ResponseDue(p Priority, t0 time.Time) time.Time {
	s := SLA[p]
	switch {
	case s.AllHours && c.InHours(t0):
		return t0.Add(s.ResponseInHours)
	case s.AllHours:
		return earlier(t0.Add(s.ResponseOffHours), c.NextOpening(t0).Add(s.ResponseInHours))
	case s.ResponseBusiness > 0:
		return earlier(c.NextOpening(t0.Add(s.Response)), c.Add(t0, s.ResponseBusiness))
	}
	return c.Add(t0, s.Response)
}

// ResolveDue under one calendar.
func (c Calendar) ResolveDue(p Priority, t0 time.Time) time.Time {
	s := SLA[p]
	if s.AllHours {
		return t0.Add(s.Resolve)
	}
	due := c.Add(t0, s.Resolve)
	if s.ResolveWall > 0 {
		due = earlier(due, t0.Add(s.ResolveWall))
	}
	return due
}

// Reports follows the status reports of an incident whose handling began at start, up to the instant until
// (its resolution, or the present). A report falls due one cadence after the start or the last report; a slot that
// passes without one is missed and stays so, and the next is one cadence later. The reports are in order.
func Reports(p Priority, start time.Time, reports []time.Time, until time.Time) (missed []time.Time, next time.Time) {
	every := SLA[p].Report
	next = start.Add(every)
	pass := func(t time.Time) {
		for next.Before(t) {
			missed = append(missed, next)
			next = next.Add(every)
		}
	}
	for _, r := range reports {
		if r.After(until) {
			break
		}
		pass(r)
		next = r.Add(every)
	}
	pass(until)
	return missed, next
}
