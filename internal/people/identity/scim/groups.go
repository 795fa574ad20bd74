package scim

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const groupsTable = "scim_groups"

// Group is a group of the personnel system. It gives a role only when an administrator has said which.
type Group struct {
	ID         string        `json:"-"`
	Name       string        `json:"name"`
	External   string        `json:"external,omitempty"`
	Members    []ids.Account `json:"members"`
	Role       actor.Role    `json:"role,omitempty"`
	ApprovedBy ids.Account   `json:"approved_by,omitempty"`
	ApprovedAt int64         `json:"approved_at,omitempty"`
	CreatedAt  time.Time     `json:"-"`
	ChangedAt  time.Time     `json:"-"`
	version    int64
}

func groupAt(id string) vault.Loc { return vault.Loc{Table: groupsTable, ID: id, Column: "sealed"} }

func (s *Service) groups(ctx context.Context, t ids.Tenant) ([]Group, error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var rows []groupRow
	if err := s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qGroups, scanGroup, t)
		return err
	}); err != nil {
		return nil, err
	}
	out := make([]Group, 0, len(rows))
	for _, r := range rows {
		plain, err := k.Open(groupAt(r.id), r.sealed)
		if err != nil {
			return nil, err
		}
		g := Group{ID: r.id, CreatedAt: db.Time(r.created), ChangedAt: db.Time(r.changed), version: r.version}
		if err := json.Unmarshal(plain, &g); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// Groups lists those of the actor's tenant, for the administrator who says what they mean.
func (s *Service) Groups(ctx context.Context, a actor.Actor) ([]Group, error) {
	if err := s.Guard(a, permManage); err != nil {
		return nil, err
	}
	return s.groups(ctx, a.Tenant)
}

// save writes a group; of two changes at once the second is refused.
func (s *Service) save(ctx context.Context, who actor.Actor, g *Group, verb string) error {
	k, err := s.Keys.Tenant(ctx, who.Tenant)
	if err != nil {
		return err
	}
	created := g.ID == ""
	if created {
		g.ID = ids.New[string]()
	}
	plain, err := json.Marshal(g)
	if err != nil {
		return err
	}
	sealed, now := k.Seal(groupAt(g.ID), plain), db.Micros(time.Now())
	return s.DB.Tx(ctx, who.Tenant, func(tx *db.Tx) error {
		if created {
			if _, err := tx.Exec(qGroupInsert, who.Tenant, g.ID, sealed, now); err != nil {
				return err
			}
		} else if n, err := tx.Exec(qGroupSet, who.Tenant, g.ID, g.version, sealed, now); err != nil {
			return err
		} else if n == 0 {
			return problem(http.StatusConflict, "", "the group has changed meanwhile")
		}
		return s.record(tx, verb, who, "ok", map[string]any{"group": g.ID, "members": len(g.Members), "role": string(g.Role)})
	})
}

func (g Group) show(base string, names map[ids.Account]string) object {
	members := []any{}
	for _, m := range g.Members {
		if _, ok := names[m]; !ok { // erased since
			continue
		}
		members = append(members, object{"value": string(m), "display": names[m], "type": "User", "$ref": base + Path + "/Users/" + string(m)})
	}
	out := object{
		"schemas": []any{schemaGroup}, "id": g.ID, "displayName": g.Name, "members": members,
		"meta": object{"resourceType": "Group", "created": g.CreatedAt.UTC().Format(time.RFC3339), "lastModified": g.ChangedAt.UTC().Format(time.RFC3339), "location": base + Path + "/Groups/" + g.ID},
	}
	if g.External != "" {
		out["externalId"] = g.External
	}
	return out
}

func (s *Service) serveGroups(ctx context.Context, t Token, r Request) (Response, error) {
	who := t.actor(r)
	all, err := s.groups(ctx, who.Tenant)
	if err != nil {
		return Response{}, err
	}
	accounts, err := s.users(ctx, who)
	if err != nil {
		return Response{}, err
	}
	names := map[ids.Account]string{}
	for _, u := range accounts {
		names[u.ID] = u.Name
	}
	if r.ID == "" {
		switch r.Method {
		case http.MethodGet:
			list := make([]object, 0, len(all))
			for _, g := range all {
				list = append(list, g.show(r.Base, names))
			}
			if list, err = filtered(r, list, "displayName", "externalId", "id"); err != nil {
				return Response{}, err
			}
			return page(r, list)
		case http.MethodPost:
			in, err := body(r)
			if err != nil {
				return Response{}, err
			}
			if len(all) >= MaxGroups {
				return Response{}, fault.New(fault.Conflict, "scim.too_many_groups")
			}
			return s.putGroup(ctx, who, r, Group{}, in, names, all)
		}
		return Response{}, notAllowed()
	}
	i := slices.IndexFunc(all, func(g Group) bool { return g.ID == r.ID })
	if i < 0 {
		return Response{}, problem(http.StatusNotFound, "", "no such group")
	}
	return s.oneGroup(ctx, who, r, all[i], names, all)
}

func (s *Service) oneGroup(ctx context.Context, who actor.Actor, r Request, g Group, names map[ids.Account]string, all []Group) (Response, error) {
	resource := g.show(r.Base, names)
	if r.Method == http.MethodGet {
		out, err := versioned(r, http.StatusOK, resource)
		if strings.Contains(strings.ToLower(r.Query.Get("excludedAttributes")), "members") {
			delete(resource, "members")
		}
		return out, err
	}
	if err := matches(r, resource); err != nil {
		return Response{}, err
	}
	switch r.Method {
	case http.MethodDelete:
		if err := s.DB.Tx(ctx, who.Tenant, func(tx *db.Tx) error {
			if _, err := tx.Exec(qGroupDelete, who.Tenant, g.ID); err != nil {
				return err
			}
			return s.record(tx, "scim.group_deleted", who, "ok", map[string]any{"group": g.ID})
		}); err != nil {
			return Response{}, err
		}
		return Response{Status: http.StatusNoContent}, s.settle(ctx, who, g.Members)
	case http.MethodPatch:
		if err := patched(r, resource); err != nil {
			return Response{}, err
		}
	case http.MethodPut:
		whole, err := body(r)
		if err != nil {
			return Response{}, err
		}
		resource = whole
	default:
		return Response{}, notAllowed()
	}
	return s.putGroup(ctx, who, r, g, resource, names, all)
}

// putGroup makes a group say what the resource says, and gives its members the role it stands for.
func (s *Service) putGroup(ctx context.Context, who actor.Actor, r Request, g Group, in object, names map[ids.Account]string, all []Group) (Response, error) {
	before := g.Members
	name, _ := in[key(in, "displayName")].(string)
	external, _ := in[key(in, "externalId")].(string)
	var err error
	if g.ID == "" || name != g.Name { // one from before is left alone: its members must be able to leave
		name, err = glyph.Name(name, 200, "scim.group_name", "displayName")
	}
	if err != nil || external != g.External && (len(external) > 255 || glyph.Flaw(external) != "") {
		return Response{}, problem(http.StatusBadRequest, "invalidValue", "displayName or externalId is empty, too long or has characters nobody sees")
	}
	if slices.ContainsFunc(all, func(o Group) bool { return o.ID != g.ID && o.Name == name }) {
		return Response{}, problem(http.StatusConflict, "uniqueness", "displayName")
	}
	members := []ids.Account{}
	list, _ := in[key(in, "members")].([]any)
	for _, one := range list {
		id := ids.Account(valueOf(one))
		if _, ok := names[id]; !ok {
			return Response{}, problem(http.StatusBadRequest, "invalidValue", "a member is no user here")
		}
		if !slices.Contains(members, id) {
			members = append(members, id)
		}
	}
	if len(members) > maxMembers {
		return Response{}, fault.New(fault.TooLarge, "scim.too_many_members")
	}
	verb, status := "scim.group_changed", http.StatusOK
	if g.ID == "" {
		verb, status, g.CreatedAt = "scim.group_created", http.StatusCreated, time.Now()
	}
	if g.Role != "" && name != g.Name { // another name is another meaning: it has to be approved anew
		g.Role, g.ApprovedBy, g.ApprovedAt = "", "", 0
	}
	g.Name, g.External, g.Members, g.ChangedAt = name, external, members, time.Now()
	if err := s.save(ctx, who, &g, verb); err != nil {
		return Response{}, err
	}
	if err := s.settle(ctx, who, append(slices.Clone(before), members...)); err != nil {
		return Response{}, err
	}
	return versioned(r, status, g.show(r.Base, names))
}
