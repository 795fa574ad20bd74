package scim

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// leaves tells whether a request says that somebody has left, whatever else it asks for and however wrong that is: a
// leaver stays in because of nothing.
func leaves(r Request) bool {
	said := object{"active": true}
	switch r.Method {
	case "PUT":
		if whole, err := body(r); err == nil {
			said["active"] = whole[key(whole, "active")]
		}
	case "PATCH":
		for _, o := range single(r) {
			_ = o.apply(users, said) // what is wrong with it is told later
		}
	}
	switch v := said["active"].(type) {
	case bool:
		return !v
	case string:
		return strings.EqualFold(v, "false")
	}
	return false
}

// names tells whether a change names an attribute.
func names(r Request, attribute string) bool {
	if r.Method != "PATCH" {
		return false
	}
	for _, o := range single(r) {
		path := strings.ToLower(o.Path)
		if i := strings.LastIndexByte(path, ':'); i >= 0 {
			path = path[i+1:]
		}
		if strings.HasPrefix(path, attribute) {
			return true
		}
	}
	return false
}

// single are the operations of a change, one attribute each.
func single(r Request) (out []operation) {
	var in struct {
		Operations []operation `json:"Operations"`
	}
	if err := json.Unmarshal(r.Body, &in); err != nil || len(in.Operations) > maxOps {
		return nil
	}
	for _, o := range in.Operations {
		out = append(out, o.single(users)...)
	}
	return out
}

var qReaddressed = db.Q("scim.readdressed", `select count(*) from scim_acts where tenant_id = $1 and account_id = $2 and what = $3 and done_at >= $4 and undone_at = 0`)

// keepAddress ends the wait of an address that the personnel system has given in the last day: it says the present one again.
// What the person asked for stays.
func (s *Service) keepAddress(ctx context.Context, who actor.Actor, id ids.Account) error {
	n := 0
	err := s.DB.View(ctx, who.Tenant, func(tx *db.Tx) (err error) {
		n, err = db.Value[int](tx, qReaddressed, who.Tenant, id, readdr, db.Micros(time.Now().Add(-24*time.Hour)))
		return err
	})
	if err != nil || n == 0 {
		return err
	}
	return s.Identity.CancelEmail(ctx, who, id, reason)
}
