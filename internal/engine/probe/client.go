package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Bounds of one request. A service that answers later or longer than this is not looked at further.
const (
	Timeout   = 10 * time.Second
	MaxBody   = 1 << 20
	UserAgent = "rakudos-probe"
)

// Option changes how a client connects.
type Option func(*tls.Config)

// TLS sets the lowest and highest protocol version offered; without it the client offers 1.3 and above.
func TLS(lowest, highest uint16) Option {
	return func(c *tls.Config) { c.MinVersion, c.MaxVersion = lowest, highest }
}

// Client is one browser: it keeps cookies, follows no redirect and believes only the site's roots.
// It is not safe for use by two goroutines at once.
type Client struct {
	site *Site
	http *http.Client
	tr   *http.Transport
}

// New opens a browser without cookies.
func (s *Site) New(options ...Option) *Client {
	conf := &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS13}
	for _, o := range options {
		o(conf)
	}
	tr := &http.Transport{
		TLSClientConfig:       conf,
		TLSHandshakeTimeout:   Timeout,
		ResponseHeaderTimeout: Timeout,
		IdleConnTimeout:       5 * time.Second,
		MaxIdleConnsPerHost:   1,
		ForceAttemptHTTP2:     true,
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New has no way to fail
	}
	return &Client{site: s, tr: tr, http: &http.Client{
		Transport: tr, Jar: jar, Timeout: Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close gives the connections back. The client can still be used afterwards.
func (c *Client) Close() { c.tr.CloseIdleConnections() }

// Page is one answer.
type Page struct {
	Status    int
	Header    http.Header
	Body      []byte // at most MaxBody bytes
	Cut       bool   // the body was longer
	Location  string // of a redirect; path and query only when it stays on the site
	Took      time.Duration
	TLS       *tls.ConnectionState
	SetCookie []*http.Cookie
}

// Text is the body as text.
func (p *Page) Text() string { return string(p.Body) }

// Get asks for a path ("/trust").
func (c *Client) Get(ctx context.Context, path string) (*Page, error) {
	req, err := c.Request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	return c.Do(req)
}

// GetJSON asks for a path and says that it wants JSON.
func (c *Client) GetJSON(ctx context.Context, path string) (*Page, error) {
	req, err := c.Request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	return c.Do(req)
}

// PostForm sends a form as a page of the site would.
func (c *Client) PostForm(ctx context.Context, path string, form url.Values) (*Page, error) {
	req, err := c.Request(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(req)
}

// Request prepares a request to a path of the site, with the headers that a browser would send.
func (c *Client) Request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.site.Base+path, body)
	if err != nil {
		return nil, fmt.Errorf("probe: %s %s: %w", method, path, err)
	}
	req.Header.Set("User-Agent", UserAgent)
	req.Header.Set("Accept", "text/html,*/*")
	if method != http.MethodGet && method != http.MethodHead {
		req.Header.Set("Origin", c.site.Base)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return req, nil
}

// Do sends a request and reads the answer up to MaxBody. An answer with any status is no error.
func (c *Client) Do(req *http.Request) (*Page, error) {
	start := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("probe: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("probe: reading %s: %w", req.URL.Path, err)
	}
	p := &Page{
		Status: res.StatusCode, Header: res.Header, Body: body, Took: time.Since(start),
		TLS: res.TLS, SetCookie: res.Cookies(), Location: c.onSite(res.Header.Get("Location")),
	}
	if len(p.Body) > MaxBody {
		p.Body, p.Cut = p.Body[:MaxBody], true
	}
	return p, nil
}

// Cookies are those the client would send to the site.
func (c *Client) Cookies() []*http.Cookie {
	u, err := url.Parse(c.site.Base)
	if err != nil {
		return nil
	}
	return c.http.Jar.Cookies(u)
}

// SetCookies puts cookies into the jar: a probe replays an old session with it.
func (c *Client) SetCookies(cookies []*http.Cookie) {
	u, err := url.Parse(c.site.Base)
	if err != nil {
		return
	}
	c.http.Jar.SetCookies(u, cookies)
}

// onSite shortens an absolute address of the site to its path and query.
func (c *Client) onSite(location string) string {
	if rest, ok := strings.CutPrefix(location, c.site.Base); ok && (rest == "" || rest[0] == '/') {
		if rest == "" {
			return "/"
		}
		return rest
	}
	return location
}
