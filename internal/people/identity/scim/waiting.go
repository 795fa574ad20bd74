package scim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

const joinsTable = "scim_joins"

var (
	qJoins   = db.Q("scim.joins", `select account_id, sealed, asked_at from scim_joins where tenant_id = $1 order by asked_at, account_id`)
	qJoinPut = db.Q("scim.join_put", `insert into scim_joins (tenant_id, account_id, sealed, asked_at) values ($1, $2, $3, $4) on conflict (tenant_id, account_id) do update set sealed = excluded.sealed`)
)

// join is an account that a personnel system has made. Until it is known, groups give it nothing and it is
// nobody's: a token that has leaked must not make an account for an employee who has none.
type join struct {
	Person ids.Person  `json:"person,omitempty"` // whom the personnel system names
	Number string      `json:"number,omitempty"`
	Known  bool        `json:"known"` // the roster says the same, or an administrator
	By     ids.Account `json:"by,omitempty"`
	asked  time.Time
}

func joinAt(id ids.Account) vault.Loc {
	return vault.Loc{Table: joinsTable, ID: string(id), Column: "sealed"}
}

// joins are the accounts that a personnel system has made. One whose row does not open is not known.
func (s *Service) joins(ctx context.Context, t ids.Tenant) (map[ids.Account]join, error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	out := map[ids.Account]join{}
	return out, s.DB.View(ctx, t, func(tx *db.Tx) error {
		return db.Each(tx, qJoins, func(r db.Scanner) error {
			var id ids.Account
			var sealed []byte
			var asked int64
			if err := r.Scan(&id, &sealed, &asked); err != nil {
				return err
			}
			var j join
			if plain, err := k.Open(joinAt(id), sealed); err != nil || json.Unmarshal(plain, &j) != nil {
				j = join{}
			}
			j.asked = db.Time(asked)
			out[id] = j
			return nil
		}, t)
	})
}

func putJoin(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account, j join) error {
	plain, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = tx.Exec(qJoinPut, t, id, k.Seal(joinAt(id), plain), db.Micros(time.Now()))
	return err
}

// agrees tells whether the roster knows the newcomer: the work address is the one of the employee, and the login ID
// is that address or the employee number. So whoever gets in by address, login ID or number at the tenant's provider
// is that employee, and the codes go to that employee's mailbox.
func agrees(w wanted, email string) bool {
	alike := func(a, b string) bool {
		return a != "" && strings.EqualFold(a, b) && !strings.ContainsFunc(a+b, func(r rune) bool { return r > '~' })
	}
	return alike(w.email, email) && (alike(w.login, email) || alike(w.login, w.number))
}

// waits tells whether a role that a group stands for has to be given by an administrator: to a newcomer whom nobody
// has confirmed, any to an administrator, who could have made token and group for himself, and a privileged one to
// anybody. Who holds it already keeps it.
func waits(a identity.Account, joined map[ids.Account]join, r actor.Role) bool {
	if slices.ContainsFunc(a.Grants, func(g identity.Grant) bool { return g.Role == r }) {
		return false
	}
	j, newcomer := joined[a.ID]
	administers := slices.ContainsFunc(a.Grants, func(g identity.Grant) bool { return g.Role == actor.TenantAdmin })
	return newcomer && !j.Known || administers || slices.Contains(Privileged, r)
}

// Waiting is what a personnel system asks for and an administrator has to confirm: a newcomer, or a role.
type Waiting struct {
	Account ids.Account
	Role    actor.Role // empty: the newcomer
	Group   string
	Person  ids.Person // whom the personnel system says the newcomer is
	Number  string
	Since   time.Time
}

// Waiting lists it for the actor's tenant. People who have been stopped wait for nothing.
func (s *Service) Waiting(ctx context.Context, a actor.Actor) ([]Waiting, error) {
	groups, err := s.Groups(ctx, a)
	if err != nil {
		return nil, err
	}
	joined, err := s.joins(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	accounts, err := s.Identity.Accounts(ctx, actor.System(a.Tenant, "scim"))
	if err != nil {
		return nil, err
	}
	var out []Waiting
	for _, x := range accounts {
		if x.Disabled || x.Sealed {
			continue
		}
		j, newcomer := joined[x.ID]
		if newcomer && !j.Known {
			out = append(out, Waiting{Account: x.ID, Person: j.Person, Number: j.Number, Since: j.asked})
			continue // roles come after
		}
		for _, g := range groups {
			if g.Role != "" && slices.Contains(g.Members, x.ID) && waits(x, joined, g.Role) && !slices.ContainsFunc(out, func(w Waiting) bool { return w.Account == x.ID && w.Role == g.Role }) {
				out = append(out, Waiting{Account: x.ID, Role: g.Role, Group: g.Name, Since: g.ChangedAt})
			}
		}
	}
	return out, nil
}

// Confirm gives what waits: the newcomer is who the personnel system says, or may have the role of the group.
func (s *Service) Confirm(ctx context.Context, a actor.Actor, id ids.Account, role actor.Role) error {
	all, err := s.Waiting(ctx, a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(w Waiting) bool { return w.Account == id && w.Role == role })
	if i < 0 || a.Kind != actor.Human {
		return fault.New(fault.Missing, "scim.not_waiting")
	}
	if id == a.Account {
		return fault.New(fault.Denied, "access.denied") // nobody gives themselves more
	}
	if err := s.Identity.Second(ctx, actor.Beside{Rule: "scim.confirm", By: a, Other: id}); err != nil {
		return err
	}
	if role != "" {
		return s.settle(ctx, a, []ids.Account{id}, role)
	}
	w := all[i]
	if w.Person != "" {
		if err := s.Identity.BindPerson(ctx, a, id, w.Person, reason); err != nil {
			return err
		}
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	if err := s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if err := putJoin(tx, k, a.Tenant, id, join{Person: w.Person, Number: w.Number, Known: true, By: a.Account}); err != nil {
			return err
		}
		return s.record(tx, "scim.join_confirmed", a, "ok", map[string]any{"account": string(id)})
	}); err != nil {
		return err
	}
	return s.settle(ctx, a, []ids.Account{id})
}

func (s *Service) tellWaiting(t ids.Tenant) {
	s.tell(t, "waiting", "scim.waiting_notice", "人事システムからの登録が確認を待っています", `人事システムとの連携から届いた利用者または役割が、管理者の確認を待っています。

「認証・人事との連携」の「確認待ち」で、本人と役割を確かめてください。確かめるまで、役割は与えられません。
心当たりがない場合は、連携のトークンの「行ったこと」を開き、「取り消して元に戻す」を押してください。
`)
}
