package web

import (
	"net/http"
	"net/url"
	"strconv"
)

// Pager is the place in a list that is shown by pages; Prev and Next are addresses, empty at the ends.
type Pager struct {
	Page, Pages, Per, Total int
	Prev, Next              string
}

// pagerOf reads ?page= and keeps every other parameter in the links.
func pagerOf(r *http.Request, total, per int) Pager {
	p := Pager{Per: per, Total: total, Pages: max(1, (total+per-1)/per)}
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	p.Page = min(max(n, 1), p.Pages)
	if p.Page > 1 {
		p.Prev = with(r.URL, "page", strconv.Itoa(p.Page-1))
	}
	if p.Page < p.Pages {
		p.Next = with(r.URL, "page", strconv.Itoa(p.Page+1))
	}
	return p
}

func (p Pager) from() int { return (p.Page - 1) * p.Per }
func (p Pager) to() int   { return min(p.Page*p.Per, p.Total) }

// with is the same address with one parameter changed; an empty value removes it. Changing anything but
// the page goes back to the first page.
func with(u *url.URL, name, value string) string {
	q := u.Query()
	q.Del("done")
	if name != "page" {
		q.Del("page")
	}
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return u.Path
	}
	return u.Path + "?" + q.Encode()
}
