package webtest

import (
	"net/http"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
)

// Signing in again in the same browser ends the session that stood there: a copy of its cookie is worth nothing.
func TestNewSessionEndsTheOneItReplaces(t *testing.T) {
	h := Start(t, db.SQLite)
	c := h.Client("midori", "tenantadmin")
	old := c.Cookies()
	a := probe.Account{Tenant: "midori", LoginID: "tenantadmin", Password: h.Password("midori", "tenantadmin"), Email: "tenantadmin@midori.example"}
	if err := c.SignInAs(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	copied := h.Site().New()
	defer copied.Close()
	copied.SetCookies(old)
	for who, x := range map[string]struct {
		c    *probe.Client
		want int
	}{"the new session": {c, http.StatusOK}, "the old one": {copied, http.StatusUnauthorized}} {
		if p, err := x.c.GetJSON(t.Context(), "/session"); err != nil || p.Status != x.want {
			t.Errorf("%s: %v %v, want %d", who, p.Status, err, x.want)
		}
	}
}
