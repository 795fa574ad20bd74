package jst

import "time"

// PatchOpens and PatchLasts: security patches are applied from 23:00 to 03:00 (clause 3-8).
const (
	PatchOpens = 23
	PatchLasts = 4 * time.Hour
)

// PatchDays are the days on which a window starts; the one of Sunday ends on Monday.
var PatchDays = []time.Weekday{time.Friday, time.Saturday, time.Sunday}

// Window is the half-open time [Start, End).
type Window struct{ Start, End time.Time }

// Contains tells whether an instant lies inside.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.Start) && t.Before(w.End) }

// LatestStart is when work that takes so long must have begun to end inside the window.
func (w Window) LatestStart(takes time.Duration) time.Time { return w.End.Add(-takes) }

// ID names the window by the day it starts on.
func (w Window) ID() string { return Of(w.Start).String() }

// InPatchWindow gives the patch window open at an instant.
func InPatchWindow(t time.Time) (Window, bool) {
	w := NextPatchWindow(t)
	return w, w.Contains(t)
}

// NextPatchWindow is the window open at t, or else the next to open.
func NextPatchWindow(t time.Time) Window {
	for d := Of(t).AddDays(-1); ; d = d.AddDays(1) {
		w := Window{Start: d.At(PatchOpens, 0)}
		w.End = w.Start.Add(PatchLasts)
		if startsOn(d.Weekday()) && t.Before(w.End) {
			return w
		}
	}
}

func startsOn(w time.Weekday) bool {
	for _, d := range PatchDays {
		if d == w {
			return true
		}
	}
	return false
}
