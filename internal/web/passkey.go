package web

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

// cookieAsk binds the challenge of a sign-in by passkey to the browser.
const cookieAsk = "__Host-passkey"

// relying is the name that passkeys belong to: that of the request, which has been found to be one of the
// service's. Browsers make no passkeys for bare addresses.
func (s *server) relying(r *http.Request) (identity.Relying, error) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || host == "" {
		return identity.Relying{}, fault.New(fault.Invalid, "web.passkey_host")
	}
	return identity.Relying{Name: host, Origin: "https://" + strings.ToLower(r.Host), Service: s.Config.Service}, nil
}

// passkeyAnswer is what the page's script sends.
type passkeyAnswer struct {
	Name       string          `json:"name"`
	Back       string          `json:"back"`
	Credential json.RawMessage `json:"credential"`
}

func (s *server) readAnswer(r *http.Request) (a passkeyAnswer, p identity.Relying, err error) {
	if p, err = s.relying(r); err != nil {
		return a, p, err
	}
	body, err := io.ReadAll(r.Body) // bounded by the gate
	if err != nil {
		return a, p, formFault(err)
	}
	if err := json.Unmarshal(body, &a); err != nil || len(a.Credential) == 0 {
		return a, p, fault.New(fault.Invalid, "web.form").Because(err)
	}
	return a, p, nil
}

// sendOptions answers with what the browser asks the passkey.
func sendOptions(w http.ResponseWriter, options []byte) error {
	return sendJSON(w, http.StatusOK, json.RawMessage(options))
}

func (s *server) passkeyAsk(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	p, err := s.relying(r)
	if err != nil {
		return err
	}
	options, token, err := s.Identity.AskSignIn(r.Context(), visit(r), p)
	if err != nil {
		return err
	}
	cookie(w, cookieAsk, token, int(identity.CeremonyFor.Seconds()))
	return sendOptions(w, options)
}

// passkeySignIn is both steps at once: no IDs are typed.
func (s *server) passkeySignIn(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	a, p, err := s.readAnswer(r)
	if err != nil {
		return err
	}
	token := ""
	if c, err := r.Cookie(cookieAsk); err == nil {
		token = c.Value
	}
	in, err := s.Identity.SignInPasskey(r.Context(), visit(r), token, p, a.Credential)
	cookie(w, cookieAsk, "", -1)
	if err != nil {
		return err
	}
	if c, err := r.Cookie(identity.CookieSession); err == nil { // the session that this one replaces must not live on
		if err := s.Identity.SignOut(r.Context(), visit(r), c.Value); err != nil {
			s.Log.Error("replaced session not ended", "request", traceOf(r).id, "err", err)
		}
	}
	s.admitted(w, in)
	cookie(w, identity.CookieSignIn, "", -1)
	return sendJSON(w, http.StatusOK, map[string]string{"to": s.landing(&Visitor{Actor: in.Session.Actor}, a.Back)})
}

// passkeyOwn makes a challenge for who is signed in, for one purpose.
func (s *server) passkeyOwn(purpose string) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		p, err := s.relying(r)
		if err != nil {
			return err
		}
		options, err := s.Identity.AskOwn(r.Context(), purpose, v.token, p)
		if err != nil {
			return err
		}
		return sendOptions(w, options)
	}
}

func (s *server) passkeyProof(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	a, p, err := s.readAnswer(r)
	if err == nil {
		err = s.Identity.ProvePasskey(r.Context(), visit(r), v.token, p, a.Credential)
	}
	if err == nil {
		err = s.renew(w, r, v)
	}
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]string{"to": ownPath(a.Back)})
}

func (s *server) passkeyUnlock(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	a, p, err := s.readAnswer(r)
	if err == nil {
		err = s.Identity.ReopenPasskey(r.Context(), visit(r), v.token, p, a.Credential)
	}
	if err == nil {
		err = s.renew(w, r, v)
	}
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]string{"to": ownPath(a.Back)})
}

func (s *server) passkeyOffer(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	p, err := s.relying(r)
	if err != nil {
		return err
	}
	options, err := s.Identity.OfferPasskey(r.Context(), visit(r), v.token, p)
	if err != nil {
		return err
	}
	return sendOptions(w, options)
}

func (s *server) passkeyAdd(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	a, p, err := s.readAnswer(r)
	if err == nil {
		err = s.Identity.AddPasskey(r.Context(), visit(r), v.token, p, a.Name, a.Credential)
	}
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, map[string]string{"to": "/me/factors?done=passkey"})
}

func (s *server) passkeyRemove(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Identity.RemovePasskey(r.Context(), visit(r), v.token, r.PathValue("id")); err != nil {
		return s.factorsAgain(w, r, v, "", err)
	}
	return goTo(w, r, "/me/factors?done=removed")
}
