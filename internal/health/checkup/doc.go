// Package checkup turns check-up files into judged, sealed results and shows them to whoever may see them.
// It must never write a health value, a name or a cell of a file into a log, an error or an audit event.
//
// The pure half (items, value, mapping, import, criteria, judge, derive, explain, advice) knows neither a
// database nor the clock. The other half (service_*.go, store*.go) keeps results: nothing is updated in
// place, a result is visible while its batch is applied, and the newest applied batch of a person and
// examination day wins.
package checkup
