package sso

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/probe"
)

// stand is a provider that the probe plays itself: its answers are as good as any provider's, unless a try makes
// them bad. It listens nowhere.
type stand struct {
	idp saml.IdentityProvider
	sp  saml.EntityDescriptor
}

const standAt = "https://idp.probe.invalid"

func newStand() (*stand, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "probe"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	at := func(path string) url.URL { return url.URL{Scheme: "https", Host: "idp.probe.invalid", Path: path} }
	s := &stand{}
	s.idp = saml.IdentityProvider{Key: key, Certificate: cert, MetadataURL: at("/metadata"), SSOURL: at("/sso"), ServiceProviderProvider: s}
	return s, nil
}

// GetServiceProvider is saml.ServiceProviderProvider: the stand knows one service.
func (s *stand) GetServiceProvider(*http.Request, string) (*saml.EntityDescriptor, error) {
	return &s.sp, nil
}

// answer answers the request in an address of the service, for somebody. Change makes the assertion bad before it is signed.
func (s *stand) answer(location, email string, change func(*saml.Assertion)) (saml.IdpAuthnRequestForm, error) {
	var none saml.IdpAuthnRequestForm
	if !strings.HasPrefix(location, standAt+"/sso?") {
		return none, errors.New("sso: the service leads elsewhere than to the probe's provider")
	}
	r, err := http.NewRequest(http.MethodGet, location, nil)
	if err != nil {
		return none, err
	}
	req, err := saml.NewIdpAuthnRequest(&s.idp, r)
	if err != nil {
		return none, err
	}
	if err := req.Validate(); err != nil {
		return none, err
	}
	session := &saml.Session{ID: random(), CreateTime: time.Now(), ExpireTime: time.Now().Add(time.Hour), Index: "1", NameID: email, NameIDFormat: string(saml.EmailAddressNameIDFormat), UserEmail: email}
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(req, session); err != nil {
		return none, err
	}
	if change != nil {
		change(req.Assertion)
	}
	return req.PostBinding()
}

// begin starts signing in through the connection in a browser of its own, and gives the way to the provider. The probe
// has to wait as everybody does whose network has begun too often.
func (k *look) begin(ctx context.Context) (*probe.Client, string, error) {
	c := k.open()
	for range 15 {
		var to struct{ Location string }
		status, err := asJSON(ctx, c, http.MethodPost, "/sso", formKind, url.Values{"tenant": {k.p.Tenant}}.Encode(), "", &to)
		if err != nil || to.Location != "" {
			return c, to.Location, err
		}
		if status != http.StatusTooManyRequests {
			return c, "", fmt.Errorf("sso: signing in through the provider is answered with %d", status)
		}
		select {
		case <-ctx.Done():
			return c, "", ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
	return c, "", errors.New("sso: signing in through the provider has to wait too long")
}

// bring posts a response from another site, where no cookie comes along, and lets a browser go on with it. It tells
// whether the first step was taken for done.
func (k *look) bring(ctx context.Context, c *probe.Client, id string, f saml.IdpAuthnRequestForm) (bool, error) {
	if _, err := k.open().PostForm(ctx, PathSAML+id+SuffixACS, url.Values{"SAMLResponse": {f.SAMLResponse}, "RelayState": {f.RelayState}}); err != nil {
		return false, err
	}
	p, err := c.Get(ctx, "/sso/continue")
	if err != nil {
		return false, err
	}
	in, err := alive(ctx, c)
	return in || strings.HasPrefix(p.Location, probe.PathCode), err
}

// provider plays the provider: one honest answer, and those that must lead nowhere; then the role is tied to it.
func (k *look) provider(ctx context.Context) error {
	s, err := newStand()
	if err != nil {
		return err
	}
	metadata, err := xml.Marshal(s.idp.Metadata())
	if err != nil {
		return err
	}
	id, err := k.connect(ctx, string(metadata))
	if err != nil {
		return err
	}
	p, err := k.open().Get(ctx, PathSAML+id+SuffixEntity)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(p.Body, &s.sp); err != nil {
		return fmt.Errorf("sso: the service's metadata can't be read: %w", err)
	}
	if err := k.refusals(ctx, s, id); err != nil {
		return err
	}
	through, err := k.honest(ctx, s, id)
	if err != nil {
		return err
	}
	return k.tied(ctx, through)
}

// bads are answers that must lead nowhere, each to a request of its own.
func (k *look) bads(s *stand) ([]bad, error) {
	liar, err := newStand()
	if err != nil {
		return nil, err
	}
	long := -time.Hour
	return []bad{
		{"別の鍵で署名した応答で入れる", func(location string) (saml.IdpAuthnRequestForm, error) {
			liar.sp = s.sp
			return liar.answer(location, k.who.Email, nil)
		}},
		{"署名のあとで書き換えた応答で入れる", func(location string) (saml.IdpAuthnRequestForm, error) {
			f, err := s.answer(location, k.who.Email, nil)
			if err != nil {
				return f, err
			}
			raw, err := base64.StdEncoding.DecodeString(f.SAMLResponse)
			if err != nil {
				return f, err
			}
			if !strings.Contains(string(raw), k.who.Email) {
				return f, errors.New("sso: there is nothing to alter in the response")
			}
			admin, err := k.site.Account(k.p.Tenant, string(actor.TenantAdmin))
			f.SAMLResponse = base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(string(raw), k.who.Email, admin.Email)))
			return f, err
		}},
		{"期限を過ぎた応答で入れる", func(location string) (saml.IdpAuthnRequestForm, error) {
			return s.answer(location, k.who.Email, func(a *saml.Assertion) {
				a.Conditions.NotBefore, a.Conditions.NotOnOrAfter = time.Now().Add(2*long), time.Now().Add(long)
				for i := range a.Subject.SubjectConfirmations {
					a.Subject.SubjectConfirmations[i].SubjectConfirmationData.NotOnOrAfter = time.Now().Add(long)
				}
			})
		}},
		{"別のサービスに宛てた応答で入れる", func(location string) (saml.IdpAuthnRequestForm, error) {
			return s.answer(location, k.who.Email, func(a *saml.Assertion) {
				for i := range a.Conditions.AudienceRestrictions {
					a.Conditions.AudienceRestrictions[i].Audience.Value = "https://other.invalid"
				}
			})
		}},
		{"だれのものでもないアドレスの応答で入れる", func(location string) (saml.IdpAuthnRequestForm, error) {
			return s.answer(location, "nobody@"+standAt[len("https://"):], nil)
		}},
	}, nil
}

type bad struct {
	promise string
	make    func(location string) (saml.IdpAuthnRequestForm, error)
}

func (k *look) refusals(ctx context.Context, s *stand, id string) error {
	all, err := k.bads(s)
	if err != nil {
		return err
	}
	for _, one := range all {
		c, location, err := k.begin(ctx)
		if err != nil {
			return err
		}
		f, err := one.make(location)
		if err != nil {
			return err
		}
		in, err := k.bring(ctx, c, id, f)
		if err != nil {
			return err
		}
		k.want(!in, one.promise)
	}

	// An answer to one browser's request, brought as the answer to another's.
	_, first, err := k.begin(ctx)
	if err != nil {
		return err
	}
	c, second, err := k.begin(ctx)
	if err != nil {
		return err
	}
	f, err := s.answer(first, k.who.Email, nil)
	if err != nil {
		return err
	}
	to, err := url.Parse(second)
	if err != nil {
		return err
	}
	f.RelayState = to.Query().Get("RelayState")
	in, err := k.bring(ctx, c, id, f)
	if err != nil {
		return err
	}
	k.want(!in, "別の問いへの応答で入れる")

	// Answers that nobody has asked for: of a SAML provider without an attempt, and of an OpenID provider.
	f.RelayState = id
	if in, err = k.bring(ctx, k.open(), id, f); err != nil {
		return err
	}
	k.want(!in, "頼んでいない応答で入れる")
	stranger := k.open()
	p, err := stranger.Get(ctx, PathCallback+id+"?code=x&state=x")
	if err != nil {
		return err
	}
	if in, err = alive(ctx, stranger); err != nil {
		return err
	}
	k.want(!in && !strings.HasPrefix(p.Location, probe.PathCode), "始めていない OpenID Connect の応答で入れる")
	return nil
}

// honest signs in as it should be, and tries that answer in another browser and a second time.
func (k *look) honest(ctx context.Context, s *stand, id string) (*probe.Client, error) {
	c, location, err := k.begin(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.answer(location, k.who.Email, nil)
	if err != nil {
		return nil, err
	}
	thief, _, err := k.begin(ctx)
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	in, err := k.bring(ctx, thief, id, f)
	if err != nil {
		return nil, err
	}
	k.want(!in, "ほかのブラウザーへの応答で入れる")
	p, err := c.Get(ctx, "/sso/continue")
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(p.Location, probe.PathCode) {
		return nil, fmt.Errorf("sso: an honest answer leads to %q", p.Location)
	}
	code, err := k.site.Code(ctx, k.who, asked)
	if err != nil {
		return nil, err
	}
	if _, err := c.SubmitCode(ctx, code); err != nil {
		return nil, err
	}
	if in, err = alive(ctx, c); err != nil {
		return nil, err
	}
	k.want(in, "正しい応答でサインインできない")
	again, _, err := k.begin(ctx)
	if err != nil {
		return nil, err
	}
	if in, err = k.bring(ctx, again, id, f); err != nil {
		return nil, err
	}
	k.want(!in, "使い終えた応答で入れる")
	return c, nil
}

// tied ties the role to the provider while its holder is in by both ways.
func (k *look) tied(ctx context.Context, through *probe.Client) error {
	own, err := k.in(ctx, k.who)
	if err != nil {
		return err
	}
	if err := act(ctx, k.admin, "/federation/roles", url.Values{"role": {string(k.p.Role)}}); err != nil {
		return err
	}
	open, err := alive(ctx, own)
	if err != nil {
		return err
	}
	k.want(!open, "会社のアカウントだけにした役割で、パスワードでのサインインが続く")
	if open, err = alive(ctx, through); err != nil {
		return err
	}
	k.want(open, "会社のアカウントでのサインインまで終わる")
	open, err = k.byPassword(ctx)
	k.want(!open, "会社のアカウントだけにした役割に、パスワードで入れる")
	return err
}
