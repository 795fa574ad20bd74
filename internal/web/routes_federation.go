package web

import (
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity/sso"
)

// federationRoutes are the rows of signing in through a company's own provider, of its personnel system, and
// of the pages on which its administrator ties both to the service.
func (s *server) federationRoutes() []Route {
	return []Route{
		{Pattern: "GET /federation", Permission: access.FederationManage, Action: s.federationPage},
		{Pattern: "GET /federation/connection", Permission: access.FederationManage, Action: s.connectionForm},
		{Pattern: "POST /federation/oidc", Permission: access.FederationManage, Verb: "federation.save", Action: s.saveOIDC},
		{Pattern: "POST /federation/saml", Permission: access.FederationManage, Verb: "federation.save", Action: s.saveSAML, Upload: true},
		{Pattern: "POST /federation/test", Permission: access.FederationManage, Verb: "federation.test", Action: s.testConnection},
		{Pattern: "POST /federation/confirm", Permission: access.FederationManage, Verb: "federation.confirm", Action: s.federationAct("saved", s.confirmConnection)},
		{Pattern: "POST /federation/second", Permission: access.FederationSecond, Verb: "federation.confirm", Action: s.federationAct("saved", s.confirmForTenant)},
		{Pattern: "POST /federation/remove", Permission: access.FederationManage, Verb: "federation.remove", Action: s.federationAct("saved", s.removeConnection)},
		{Pattern: "POST /federation/unlink", Permission: access.FederationManage, Verb: "federation.unlink", Action: s.federationAct("saved", s.unlink)},
		{Pattern: "POST /federation/roles", Permission: access.FederationManage, Verb: "federation.roles", Action: s.federationAct("saved", s.onlyRoles)},
		{Pattern: "POST /federation/token", Permission: access.FederationManage, Verb: "federation.token", Action: s.makeToken},
		{Pattern: "POST /federation/revoke", Permission: access.FederationManage, Verb: "federation.revoke", Action: s.federationAct("saved", s.revokeToken)},
		{Pattern: "GET /federation/token/{id}", Permission: access.FederationManage, Action: s.tokenPage},
		{Pattern: "POST /federation/undo", Permission: access.FederationManage, Verb: "federation.undo", Action: s.undoToken},
		{Pattern: "POST /federation/waiting", Permission: access.FederationManage, Verb: "federation.waiting", Action: s.federationAct("saved", s.confirmWaiting)},
		{Pattern: "POST /federation/group", Permission: access.FederationManage, Verb: "federation.group", Action: s.federationAct("saved", s.mapGroup)},

		{Pattern: "POST /unlock/sso", Permission: SignedIn, Verb: "screen.ask", Action: s.unlockAsk, Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},
		{Pattern: "GET /sso", Permission: Public, Action: s.ssoForm},
		{Pattern: "GET /sso/{tenant}", Permission: Public, Action: s.ssoForm},
		{Pattern: "POST /sso", Permission: Public, Verb: "signin.sso", Action: s.ssoBegin},
		{Pattern: "GET /sso/oidc/{id}", Permission: Public, Action: s.ssoCallback},
		{Pattern: "GET " + sso.PathLeft, Permission: Public, Action: s.ssoLeft},
		{Pattern: "POST /sso/saml/{id}/acs", Permission: Public, Verb: "signin.saml", Action: s.ssoACS, CrossSite: true},
		{Pattern: "GET /sso/saml/{id}/metadata", Permission: Public, Action: s.ssoMetadata},
		{Pattern: "GET /sso/continue", Permission: Public, Action: s.ssoContinue},

		{Pattern: "GET /scim/v2/ServiceProviderConfig", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/ResourceTypes", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/ResourceTypes/{id}", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/Schemas", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/Schemas/{id}", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/Users", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "POST /scim/v2/Users", Permission: access.Provision, Verb: "scim.user", Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/Users/{id}", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "PUT /scim/v2/Users/{id}", Permission: access.Provision, Verb: "scim.user", Action: s.provisionOnly},
		{Pattern: "PATCH /scim/v2/Users/{id}", Permission: access.Provision, Verb: "scim.user", Action: s.provisionOnly},
		{Pattern: "DELETE /scim/v2/Users/{id}", Permission: access.Provision, Verb: "scim.user", Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/Groups", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "POST /scim/v2/Groups", Permission: access.Provision, Verb: "scim.group", Action: s.provisionOnly},
		{Pattern: "GET /scim/v2/Groups/{id}", Permission: access.Provision, Action: s.provisionOnly},
		{Pattern: "PUT /scim/v2/Groups/{id}", Permission: access.Provision, Verb: "scim.group", Action: s.provisionOnly},
		{Pattern: "PATCH /scim/v2/Groups/{id}", Permission: access.Provision, Verb: "scim.group", Action: s.provisionOnly},
		{Pattern: "DELETE /scim/v2/Groups/{id}", Permission: access.Provision, Verb: "scim.group", Action: s.provisionOnly},
	}
}
