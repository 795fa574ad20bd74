package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/operations/asset"
	"rakudos/internal/people/access"
)

// assetsView is the ledger of assets, what does not agree with it, and the disposals.
type assetsView struct {
	Page
	Ledger     *asset.View
	Groups     []assetGroup
	Disposals  []disposalLine
	MayManage  bool
	Classes    []assetClass
	Asset      string // typed before, with an error
	Reason     string
	Class      asset.Class
	Owner      string
	Disposable []string
}

type assetGroup struct {
	Name    string
	Entries []asset.Entry
}

type assetClass struct {
	ID   asset.Class
	Name string
}

// disposalLine is one disposal with what the visitor may do about it.
type disposalLine struct {
	*asset.Disposal
	Own  bool
	Over bool // approved too long ago
}

// Template names the file.
func (*assetsView) Template() string { return "assets" }

var assetKinds = []struct {
	kind asset.Kind
	name string
}{
	{asset.Database, "データベース"}, {asset.Store, "ファイルとフォルダー"}, {asset.Bucket, "保管場所"}, {asset.Key, "鍵"}, {asset.Certificate, "証明書"},
	{asset.Process, "プロセス"}, {asset.Listener, "待受け"}, {asset.Disk, "ディスク"},
}

var assetClasses = []assetClass{{asset.Sensitive, "要配慮個人情報"}, {asset.Confidential, "機密"}, {asset.Internal, "内部"}, {asset.Published, "公開"}}

func classWord(c asset.Class) string {
	for _, x := range assetClasses {
		if x.ID == c {
			return x.Name
		}
	}
	return "未定"
}

func (s *server) assetsView(r *http.Request, v *Visitor) (*assetsView, error) {
	l, err := s.Assets.Ledger(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	view := &assetsView{Page: Page{Title: "資源の台帳", Here: "/assets"}, Ledger: l, MayManage: access.Allows(v.Actor, access.AssetManage), Classes: assetClasses}
	for _, k := range assetKinds {
		g := assetGroup{Name: k.name}
		for _, e := range l.Entries {
			if e.Kind == k.kind && !e.Gone() {
				g.Entries = append(g.Entries, e)
				if e.CreatedBy != "service" {
					view.Disposable = append(view.Disposable, e.ID)
				}
			}
		}
		if len(g.Entries) > 0 {
			view.Groups = append(view.Groups, g)
		}
	}
	for _, d := range l.Disposals {
		if !asset.OfProbe(d.Asset) {
			view.Disposals = append(view.Disposals, disposalLine{d, d.AskedBy == v.Account, d.Lapsed(time.Now())})
		}
	}
	view.Ledger.Difference.Orphans = slices.DeleteFunc(view.Ledger.Difference.Orphans, func(f asset.Found) bool { return asset.OfProbe(f.ID) })
	return view, nil
}

func (s *server) assetsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.assetsView(r, v)
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, view.Ledger)
	}
	return s.page(w, r, v, view)
}

func (s *server) assetClaim(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id, class, owner := r.PostFormValue("asset"), asset.Class(r.PostFormValue("class")), r.PostFormValue("owner")
	err := s.Assets.Claim(r.Context(), v.Actor, id, class, owner)
	if err == nil {
		return goTo(w, r, "/assets?done=claimed")
	}
	f := faultOf(err)
	if f.Code != "asset.claim" || wantsJSON(r) {
		return err
	}
	view, verr := s.assetsView(r, v)
	if verr != nil {
		return verr
	}
	i := slices.IndexFunc(view.Ledger.Difference.Orphans, func(o asset.Found) bool { return o.ID == id })
	if i < 0 {
		return err
	}
	view.Class, view.Owner, view.Errors = class, owner, []FieldError{{"owner-" + strconv.Itoa(i), message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

// assetAsk asks for a disposal; what was typed is shown again when something is wrong.
func (s *server) assetAsk(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id, reason := r.PostFormValue("asset"), strings.TrimSpace(r.PostFormValue("reason"))
	_, err := s.Assets.Ask(r.Context(), v.Actor, id, reason)
	if err == nil {
		return goTo(w, r, "/assets?done=disposal")
	}
	f := faultOf(err)
	if f.Code != "asset.reason" || wantsJSON(r) {
		return err
	}
	view, verr := s.assetsView(r, v)
	if verr != nil {
		return verr
	}
	view.Asset, view.Reason, view.Errors = id, reason, []FieldError{{"reason", message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

func (s *server) assetDecide(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if err := s.Assets.Decide(r.Context(), v.Actor, r.PathValue("id"), r.PostFormValue("decision") == "approve"); err != nil {
		return err
	}
	return goTo(w, r, "/assets?done=saved")
}

func (s *server) assetCarry(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if _, err := s.Assets.Carry(r.Context(), v.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return goTo(w, r, "/assets?done=disposed")
}
