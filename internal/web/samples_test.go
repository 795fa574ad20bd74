package web

import (
	"net/http/httptest"

	"rakudos/internal/health/checkup"
)

func sampleList(l *checkup.ListView) *checkupsView {
	r := httptest.NewRequest("GET", "/checkups?year=2026&judgement=C%2B&fitness=waiting&sort=judgement&dept=d", nil)
	v := newCheckupsView(r, l)
	v.MayImport = true
	return v
}

func sampleAccess() *accessView { return newAccessView(sampleVisitor("tenantadmin")) }
