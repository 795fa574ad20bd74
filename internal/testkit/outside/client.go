package outside

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/mailspool"
)

// Client is one browser on this machine. Times are measured, trust is not: the certificate is not checked.
type Client struct {
	base string
	http *http.Client
}

// NewClient opens a browser without cookies.
func NewClient(base string) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // cookiejar.New has no way to fail
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2} //nolint:gosec // see above
	return &Client{base, &http.Client{Jar: jar, Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (c *Client) do(ctx context.Context, method, path, kind string, body io.Reader) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", "text/html")
	if kind == "json" {
		r.Header.Set("Accept", "application/json")
	} else if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Origin", c.base)
	res, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, b, err
}

// Get asks for a page.
func (c *Client) Get(ctx context.Context, path string) (int, []byte, error) {
	res, b, err := c.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return 0, nil, err
	}
	return res.StatusCode, b, nil
}

// GetJSON asks for the machine's form of a page.
func (c *Client) GetJSON(ctx context.Context, path string) (int, []byte, error) {
	res, b, err := c.do(ctx, http.MethodGet, path, "json", nil)
	if err != nil {
		return 0, nil, err
	}
	return res.StatusCode, b, nil
}

// Post sends a form.
func (c *Client) Post(ctx context.Context, path string, form url.Values) (*http.Response, error) {
	res, _, err := c.do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	return res, err
}

var codeTurn sync.Mutex // the newest mail to an address belongs to one sign-in at a time

// SignIn goes through both steps as a demo account.
func (s *Service) SignIn(ctx context.Context, tenant, login string) (*Client, error) {
	codeTurn.Lock()
	defer codeTurn.Unlock()
	password, err := s.password(tenant, login)
	if err != nil {
		return nil, err
	}
	c, asked := NewClient(s.Base), time.Now()
	res, err := c.Post(ctx, probe.PathLogin, url.Values{"tenant": {tenant}, "login_id": {login}, "password": {password}})
	if err != nil || res.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("password step of %s/%s: %v %v", tenant, login, res, err)
	}
	site := probe.Site{Base: s.Base, Mail: mailspool.Spool{Dir: filepath.Join(s.Data, "mail")}}
	code, err := site.Code(ctx, probe.Account{Email: login + "@" + tenant + ".example"}, asked)
	if err != nil {
		return nil, err
	}
	if res, err = c.Post(ctx, probe.PathCode, url.Values{"code": {code}}); err != nil || res.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("code step of %s/%s: %v %v", tenant, login, res, err)
	}
	return c, nil
}

func (s *Service) password(tenant, login string) (string, error) {
	b, err := os.ReadFile(filepath.Join(s.Data, "demo-accounts.txt"))
	if err != nil {
		return "", err
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if w := strings.Fields(line); len(w) == 3 && w[0] == tenant && w[1] == login {
			return w[2], nil
		}
	}
	return "", fmt.Errorf("no account %s %s", tenant, login)
}

// State is what GET /imports/{id} answers.
type State struct {
	State    string `json:"state"`
	Rows     int    `json:"rows"`
	Accepted int    `json:"accepted"`
	Applied  int    `json:"applied"`
}

// Upload streams a file as a multipart form and returns the import's address.
func (c *Client) Upload(ctx context.Context, path, file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	go func() {
		part, err := form.CreateFormFile("file", filepath.Base(file))
		if err == nil {
			_, err = io.Copy(part, f)
		}
		pw.CloseWithError(errors.Join(err, form.Close()))
	}()
	res, b, err := c.do(ctx, http.MethodPost, path, form.FormDataContentType(), pr)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusSeeOther {
		return "", &Refused{res.StatusCode, string(b)}
	}
	u, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		return "", err
	}
	return u.Path, nil
}

// Refused is an upload that the service did not take.
type Refused struct {
	Status int
	Body   string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("upload: %d: %s", r.Status, strings.TrimSpace(r.Body[:min(len(r.Body), 300)]))
}

// Announce says how many bytes an upload would have and returns the answer, whether it was sent or not.
func (c *Client) Announce(ctx context.Context, path string, size int64) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, io.LimitReader(zeros{}, size))
	if err != nil {
		return 0, err
	}
	r.ContentLength = size
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Origin", c.base)
	res, err := c.http.Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Break sends a body that may fail, and returns why it did.
func (c *Client) Break(ctx context.Context, path, kind string, body io.Reader) error {
	_, _, err := c.do(ctx, http.MethodPost, path, kind, body)
	return err
}

// Await polls an import until it is in the wished state.
func (c *Client) Await(ctx context.Context, path, wish string) (State, error) {
	for {
		res, b, err := c.do(ctx, http.MethodGet, path, "json", nil)
		if err != nil {
			return State{}, err
		}
		var s State
		if res.StatusCode != http.StatusOK || json.Unmarshal(b, &s) != nil {
			return s, fmt.Errorf("%s: %d %s", path, res.StatusCode, b[:min(len(b), 300)])
		}
		switch s.State {
		case wish:
			return s, nil
		case "failed", "withdrawn":
			return s, fmt.Errorf("%s is %s: %s", path, s.State, b[:min(len(b), 300)])
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Times are how long pages took.
type Times []time.Duration

// At returns the time within which a share of the pages came.
func (t Times) At(share float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(t))
	return s[min(int(float64(len(s))*share), len(s)-1)]
}

func (t Times) String() string {
	ms := func(d time.Duration) int64 { return d.Milliseconds() }
	return fmt.Sprintf("median %d ms, p95 %d ms, worst %d ms (n=%d)", ms(t.At(0.5)), ms(t.At(0.95)), ms(t.At(1)), len(t))
}

// Watch asks for pages, one after another with a pause, until ctx ends.
func (c *Client) Watch(ctx context.Context, pause time.Duration, paths ...string) (Times, error) {
	var t Times
	for n := 0; ctx.Err() == nil; n++ {
		start := time.Now()
		status, _, err := c.Get(context.WithoutCancel(ctx), paths[n%len(paths)])
		if err != nil || status != http.StatusOK {
			return t, fmt.Errorf("%s: %d %w", paths[n%len(paths)], status, err)
		}
		t = append(t, time.Since(start))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return t, nil
}
