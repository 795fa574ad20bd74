package org

import (
	"strings"

	"rakudos/internal/base/ids"
)

// siteBook knows the tenant's sites and those that a file brings.
type siteBook struct {
	unit   func(kind, key string) string // identifier of a new unit
	byCode map[string]*bookedSite
	byName map[string]*bookedSite
	list   []*bookedSite
}

type bookedSite struct {
	Site
	line    int // the first line of this file that names it; 0 when none
	isNew   bool
	renamed bool
}

func newSiteBook(d *Directory, unit func(kind, key string) string) siteBook {
	b := siteBook{unit: unit, byCode: map[string]*bookedSite{}, byName: map[string]*bookedSite{}}
	for _, s := range d.sites {
		b.add(&bookedSite{Site: s})
	}
	return b
}

func (b *siteBook) add(s *bookedSite) {
	b.list = append(b.list, s)
	if s.Code != "" {
		b.byCode[foldUnit(s.Code)] = s
	}
	if _, taken := b.byName[foldUnit(s.Name)]; !taken {
		b.byName[foldUnit(s.Name)] = s
	}
}

// find gives the row's site, by code or else by name, and makes it when it is new. conflict is the earlier
// line of this file that gives the same code another name.
func (b *siteBook) find(r *row) (id ids.Site, conflict int) {
	var s *bookedSite
	switch {
	case r.siteCode != "":
		s = b.byCode[foldUnit(r.siteCode)]
		if known := b.byName[foldUnit(r.siteName)]; s == nil && known != nil && known.Code == "" {
			s = known // known by its name alone until now
			s.Code, s.renamed = strings.Clone(r.siteCode), true
			b.byCode[foldUnit(s.Code)] = s
		}
	case r.siteName != "":
		s = b.byName[foldUnit(r.siteName)]
	default:
		return "", 0
	}
	if s == nil {
		s = &bookedSite{isNew: true}
		s.Code, s.Name = strings.Clone(r.siteCode), strings.Clone(r.siteName)
		if s.Name == "" {
			s.Name = s.Code
		}
		s.ID = ids.Site(b.unit("site", foldUnit(s.Code)+"\x00"+foldUnit(s.Name)))
		b.add(s)
	}
	if r.siteName != "" && foldUnit(r.siteName) != foldUnit(s.Name) {
		if s.line != 0 {
			return "", s.line
		}
		s.Name, s.renamed = strings.Clone(r.siteName), true
	}
	if s.line == 0 && r.siteName != "" {
		s.line = r.line
	}
	return s.ID, 0
}

// fresh lists the sites that the file creates or renames.
func (b *siteBook) fresh() (out []*bookedSite) {
	for _, s := range b.list {
		if s.isNew || s.renamed {
			out = append(out, s)
		}
	}
	return out
}

// deptBook knows the tenant's departments and those that a file brings.
type deptBook struct {
	unit   func(kind, key string) string
	byName map[string]ids.Dept
	made   []Dept
}

func newDeptBook(d *Directory, unit func(kind, key string) string) deptBook {
	b := deptBook{unit: unit, byName: map[string]ids.Dept{}}
	for _, s := range d.depts {
		b.byName[foldUnit(s.Name)] = s.ID
	}
	return b
}

func (b *deptBook) find(r *row) ids.Dept {
	if r.dept == "" {
		return ""
	}
	key := foldUnit(r.dept)
	id, ok := b.byName[key]
	if !ok {
		id = ids.Dept(b.unit("dept", key))
		b.byName[key] = id
		b.made = append(b.made, Dept{id, strings.Clone(r.dept)})
	}
	return id
}
