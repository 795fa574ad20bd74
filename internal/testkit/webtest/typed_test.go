package webtest

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	parse "golang.org/x/net/html"

	"rakudos/internal/engine/probe"
)

// formOf is one form of a page as a browser sees it, by where it is sent: a button may send it elsewhere.
type formOf struct {
	path, enctype string
	as            url.Values // as it stands when the page is opened
	texts         []string   // fields in which somebody types
}

// formsOf reads the forms of a page.
func formsOf(t *testing.T, at string, body []byte) (out []formOf) {
	t.Helper()
	doc, err := parse.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *parse.Node, f *formOf, sent *[]string)
	walk = func(n *parse.Node, f *formOf, sent *[]string) {
		attr := func(name string) (string, bool) {
			i := slices.IndexFunc(n.Attr, func(a parse.Attribute) bool { return a.Key == name })
			if i < 0 {
				return "", false
			}
			return n.Attr[i].Val, true
		}
		name, _ := attr("name")
		kind, _ := attr("type")
		value, _ := attr("value")
		_, checked := attr("checked")
		switch {
		case n.Type != parse.ElementNode:
		case n.Data == "form":
			method, _ := attr("method")
			action, here := attr("action")
			if method != "post" {
				return
			}
			if !here {
				action = at
			}
			enctype, _ := attr("enctype")
			f, sent = &formOf{enctype: enctype, as: url.Values{}}, &[]string{action}
			for c := range n.ChildNodes() {
				walk(c, f, sent)
			}
			for _, to := range *sent {
				one := *f
				one.path = to
				out = append(out, one)
			}
			return
		case f == nil || name == "" && n.Data != "button":
		case n.Data == "button":
			if to, elsewhere := attr("formaction"); elsewhere {
				*sent = append(*sent, to)
			}
		case n.Data == "textarea", n.Data == "input" && slices.Contains([]string{"", "text", "email", "url", "number"}, kind):
			if _, fixed := attr("readonly"); !fixed && !slices.Contains(secret, name) {
				f.texts = append(f.texts, name)
			}
			f.as.Set(name, value)
		case n.Data == "select":
			for o := range n.Descendants() {
				if o.Data == "option" && (!f.as.Has(name) || slices.ContainsFunc(o.Attr, func(a parse.Attribute) bool { return a.Key == "selected" })) {
					for _, a := range o.Attr {
						if a.Key == "value" {
							f.as.Set(name, a.Val)
						}
					}
				}
			}
		case kind == "password":
			f.as.Set(name, "not the password")
		case kind == "checkbox" || kind == "radio":
			if checked {
				f.as.Add(name, value)
			}
		case kind != "file":
			f.as.Set(name, value)
		}
		for c := range n.ChildNodes() {
			walk(c, f, sent)
		}
	}
	walk(doc, nil, nil)
	return out
}

// secret are fields of text that no page repeats: codes.
var secret = []string{"code", "app", "text", "username"}

// nothingIsLost: whatever form of the program is filled in with something that cannot be taken, what was typed comes back.
// Each form of each page is sent with words in every field, which no date, number or address is, and once with each
// field empty. An answer that refuses must show all that was typed; where it refuses a field (422), in the form itself.
func nothingIsLost(t *testing.T, s *scene, all []sight) {
	t.Helper()
	done, refused := map[string]bool{}, map[string]bool{}
	for _, x := range all {
		if x.refused != 0 || x.who == "locked" {
			continue
		}
		var c *probe.Client
		if x.who == "" {
			c = s.Site().New()
			t.Cleanup(c.Close)
		} else {
			c = s.as(x.who)
		}
		for _, f := range formsOf(t, x.path, visitPage(t, c, x.path).Body) {
			route := uuid.ReplaceAllString(f.path, "{id}")
			if len(f.texts) == 0 || done[x.who+route] {
				continue
			}
			done[x.who+route] = true
			for i := -1; i < len(f.texts); i++ {
				if i >= 0 && len(f.texts) == 1 {
					break // nothing else to lose
				}
				form, typed := url.Values{}, []string{}
				for k, v := range f.as {
					form[k] = v
				}
				for n, field := range f.texts {
					word := fmt.Sprintf("残る%dことば", n)
					if i == n {
						word = ""
					} else {
						typed = append(typed, word)
					}
					form.Set(field, word)
				}
				if i < 0 && len(f.texts) == 1 {
					word := strings.Repeat("長", 4000) // a reason would do as words: longer than any may be
					form.Set(f.texts[0], word)
					typed = []string{word}
				}
				p := sends(t, c, f, form)
				if p.Status < 400 {
					continue
				}
				refused[route] = true
				body := html.UnescapeString(p.Text())
				inForm := true
				for _, word := range typed {
					if !strings.Contains(body, word) {
						t.Errorf("%s as %q, without %d of %v (%d): %.20s is lost", route, x.who, i, f.texts, p.Status, word)
					}
					inForm = inForm && (strings.Contains(body, `value="`+word+`"`) || strings.Contains(body, ">"+word+"</textarea>"))
				}
				if !inForm && p.Status == http.StatusUnprocessableEntity {
					t.Errorf("%s as %q, without %d of %v: what was typed is not in its form", route, x.who, i, f.texts)
				}
			}
		}
	}
	t.Logf("%d forms of text, %d refused something", len(done), len(refused))
	if len(refused) < 20 {
		t.Errorf("only %d forms refused anything: %v", len(refused), refused)
	}
}

func sends(t *testing.T, c *probe.Client, f formOf, form url.Values) *probe.Page {
	t.Helper()
	if f.enctype == "" {
		p, err := c.PostForm(t.Context(), f.path, form)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, values := range form {
		for _, v := range values {
			if err := m.WriteField(name, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := c.Request(t.Context(), http.MethodPost, f.path, &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	p, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
