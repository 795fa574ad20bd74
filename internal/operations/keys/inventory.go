package keys

import (
	"context"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Line is one line of the inventory: the root key, one tenant's key, or all person keys of one tenant.
type Line struct {
	Kind      Kind       `json:"kind"`
	Tenant    ids.Tenant `json:"tenant,omitempty"`
	Code      string     `json:"code,omitempty"` // of the tenant, for people
	Name      string     `json:"name"`           // of the root key's version, or the newest version
	Count     int64      `json:"count"`          // keys on this line
	Versions  int        `json:"versions"`       // how many versions are still there
	Made      time.Time  `json:"made"`           // the version that seals now; of person keys the oldest
	Limit     time.Time  `json:"limit"`          // when it must have been renewed; zero: no limit of its own
	Over      bool       `json:"over"`
	Use       string     `json:"use"`
	Elsewhere bool       `json:"elsewhere"` // rotated in a key service, not from here
}

// Inventory is every key that there is, and where copies of it are.
type Inventory struct {
	Lines     []Line           `json:"lines"`
	RootUse   map[string]int64 `json:"root_use"` // what stands under each version of the root key
	Copies    []Copy           `json:"copies"`
	CopiesErr string           `json:"copies_error,omitempty"`
	Destroyed int64            `json:"destroyed"` // keys of people and tenants that were destroyed
	Retired   int64            `json:"retired"`   // versions that were destroyed
	Alerts    []Alert          `json:"alerts"`
	At        time.Time        `json:"at"`
}

// Alert is something about keys that somebody must do.
type Alert struct {
	Code   string     `json:"code"` // age, copy_age, copy_damaged, copies_unknown, stray, strays_unknown, work_failed
	Kind   Kind       `json:"kind,omitempty"`
	Tenant ids.Tenant `json:"tenant,omitempty"`
	Since  time.Time  `json:"since"`
	Where  string     `json:"where,omitempty"` // below the data folder
}

// Says is the alert for those who look after the service.
func (a Alert) Says() string {
	if a.Where == "" {
		return AlertWords[a.Code]
	}
	return AlertWords[a.Code] + " データフォルダーの " + a.Where
}

// Inventory lists the keys for those who may see it.
func (s *Service) Inventory(ctx context.Context, who actor.Actor) (*Inventory, error) {
	if err := s.o.Guard(who, PermissionRead); err != nil {
		return nil, err
	}
	return s.inventory(ctx)
}

// alertsFor is how long what was found is told again without a new look, which reads every copy's contents.
const alertsFor = 5 * time.Minute

// Alerts are for the home page of those who look after the service.
func (s *Service) Alerts(ctx context.Context, who actor.Actor) ([]Alert, error) {
	if err := s.o.Guard(who, PermissionRead); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.looked) < alertsFor {
		return s.alerts, nil
	}
	inv, err := s.inventory(ctx)
	if err != nil {
		return nil, err
	}
	s.alerts, s.looked = inv.Alerts, time.Now()
	return s.alerts, nil
}

const (
	useRoot   = "会社の鍵を包む"
	useTenant = "人の鍵を包む・会社の記録とファイルを暗号化する・索引を作る"
	usePerson = "その人の記録を暗号化する"
)

func (s *Service) inventory(ctx context.Context) (*Inventory, error) {
	now := time.Now()
	inv := &Inventory{At: now, Lines: []Line{}, Copies: []Copy{}, Alerts: []Alert{}}
	root, err := s.rootLine(ctx)
	if err != nil {
		return nil, err
	}
	inv.Lines = append(inv.Lines, root)
	if inv.RootUse, err = s.o.Vault.RootUse(ctx); err != nil {
		return nil, err
	}
	all, err := s.o.Vault.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	byTenant := map[ids.Tenant]*Line{}
	byPerson := map[ids.Tenant]*Line{}
	var order []ids.Tenant
	for _, k := range all { // by kind, tenant, version
		switch k.Kind {
		case "destroyed":
			inv.Destroyed += k.Count
		case "tenant":
			l := byTenant[k.Tenant]
			if l == nil {
				l = &Line{Kind: Tenant, Tenant: k.Tenant, Count: 1, Use: useTenant}
				byTenant[k.Tenant], order = l, append(order, k.Tenant)
			}
			l.Versions++
			l.Name, l.Made, l.Limit = version(k.Version), k.Newest, k.Newest.Add(s.o.Policy.Age)
		case "person":
			l := byPerson[k.Tenant]
			if l == nil {
				l = &Line{Kind: Person, Tenant: k.Tenant, Made: k.Oldest, Use: usePerson}
				byPerson[k.Tenant] = l
			}
			l.Versions++
			l.Name = version(k.Version)
			if k.Version == 1 || l.Count == 0 {
				l.Count = k.Count // everybody has a first version, until it is retired
			}
			if k.Oldest.Before(l.Made) {
				l.Made = k.Oldest
			}
		}
	}
	for _, t := range order {
		inv.Lines = append(inv.Lines, *byTenant[t])
		if p := byPerson[t]; p != nil {
			inv.Lines = append(inv.Lines, *p)
		}
	}
	for i := range inv.Lines {
		l := &inv.Lines[i]
		if l.Over = !l.Limit.IsZero() && !now.Before(l.Limit); l.Over {
			inv.Alerts = append(inv.Alerts, Alert{Code: "age", Kind: l.Kind, Tenant: l.Tenant, Since: l.Limit})
		}
	}
	s.copies(ctx, inv)
	inv.Alerts = append(inv.Alerts, s.strayAlerts(ctx)...)
	return inv, s.o.Keys.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		if inv.Retired, err = db.Value[int64](tx, qRetiredCount); err != nil {
			return err
		}
		works, err := db.All(tx, qWorkRecent, scanWork, 20)
		for _, w := range works {
			if w.State == Failed && now.Sub(w.Changed) < 7*24*time.Hour || w.State == Running && now.Sub(w.Started) > 24*time.Hour {
				inv.Alerts = append(inv.Alerts, Alert{Code: "work_failed", Kind: w.Kind, Tenant: w.Tenant, Since: w.Started})
			}
		}
		return err
	})
}

func version(n uint32) string { return "v" + strconv.FormatUint(uint64(n), 10) }

func (s *Service) rootLine(ctx context.Context) (Line, error) {
	l := Line{Kind: Root, Tenant: ids.System, Count: 1, Use: useRoot}
	var err error
	if l.Name, err = s.o.Vault.RootName(ctx); err != nil {
		return l, err
	}
	made, mine, err := s.o.Vault.RootMade(ctx)
	if err != nil {
		return l, err
	}
	if made.IsZero() { // a file of the first version bears no date; it is as old as the key store
		err = s.o.Keys.View(ctx, db.Global, func(tx *db.Tx) error {
			at, err := db.Value[int64](tx, qRootMade)
			made = db.Time(at)
			return err
		})
	}
	l.Made, l.Limit, l.Elsewhere = made, made.Add(s.o.Policy.Age), !mine
	used, e := s.o.Vault.RootUse(ctx)
	l.Versions = len(used)
	if err == nil {
		err = e
	}
	return l, err
}

// copies looks at the copies of the key store. That their place cannot be reached is an alert, not an error.
func (s *Service) copies(ctx context.Context, inv *Inventory) {
	all, err := s.o.Copies.KeyCopies(ctx)
	if err != nil {
		inv.CopiesErr = code(err)
		inv.Alerts = append(inv.Alerts, Alert{Code: "copies_unknown", Since: inv.At})
		return
	}
	slices.SortFunc(all, func(a, b Copy) int { return a.Taken.Compare(b.Taken) })
	inv.Copies = append(inv.Copies, all...)
	for _, c := range all {
		if c.Damaged {
			inv.Alerts = append(inv.Alerts, Alert{Code: "copy_damaged", Since: c.Taken})
		} else if inv.At.Sub(c.Taken) > s.o.Policy.Copy {
			inv.Alerts = append(inv.Alerts, Alert{Code: "copy_age", Since: c.Taken.Add(s.o.Policy.Copy)})
		}
	}
}
