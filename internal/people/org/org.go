// Package org keeps an employer's people, sites and departments, and imports them from the employer's
// roster files. Names and everything else about a person are sealed with that person's key.
// It must never hold health data, and never take a person's absence from a roster for leaving.
package org

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// Sex as in the registers; the figures are those of check-up files (1 男, 2 女).
type Sex uint8

const (
	Unknown Sex = 0
	Male    Sex = 1
	Female  Sex = 2
)

func (s Sex) String() string {
	switch s {
	case Male:
		return "男"
	case Female:
		return "女"
	}
	return ""
}

var sexWords = map[string]Sex{
	"男": Male, "男性": Male, "オトコ": Male, "M": Male, "MALE": Male, "1": Male,
	"女": Female, "女性": Female, "オンナ": Female, "F": Female, "FEMALE": Female, "2": Female,
}

// ParseSex reads 男, 女, 男性, 女性, M, F, 1 and 2 in any width.
func ParseSex(s string) (Sex, bool) {
	v, ok := sexWords[s]
	if !ok {
		v, ok = sexWords[strings.ToUpper(strings.TrimSpace(norm.NFKC.String(s)))]
	}
	return v, ok
}

// Person is someone the tenant employs or has employed.
type Person struct {
	ID     ids.Person
	Number string // employee number, unique in the tenant, leavers included
	Name   string
	Kana   string
	Sex    Sex
	Birth  jst.Date
	Email  string   // empty when not known
	Site   ids.Site // empty when none
	Dept   ids.Dept // empty when none
	Hired  jst.Date // zero when not known
	Left   jst.Date // last day of employment; zero while none is known
}

// LeftBy tells whether the person is no longer employed on a day.
func (p Person) LeftBy(day jst.Date) bool { return !p.Left.IsZero() && p.Left.Before(day) }

// Site is a workplace (事業所).
type Site struct {
	ID         ids.Site
	Code, Name string
}

// Dept is a department (部署); it may span sites.
type Dept struct {
	ID   ids.Dept
	Name string
}
