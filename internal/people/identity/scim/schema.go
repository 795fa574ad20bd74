package scim

import (
	"net/http"
	"slices"
)

// about answers what the service can do. The same for everybody who has a token.
func about(r Request) (Response, error) {
	if r.Method != http.MethodGet {
		return Response{}, notAllowed()
	}
	list := func(all ...object) (Response, error) {
		if r.ID != "" {
			i := slices.IndexFunc(all, func(o object) bool { return o["id"] == r.ID })
			if i < 0 {
				return Response{}, problem(http.StatusNotFound, "", "no such resource")
			}
			return Response{Status: http.StatusOK, Body: all[i]}, nil
		}
		return Response{Status: http.StatusOK, Body: object{"schemas": []string{schemaList}, "totalResults": len(all), "startIndex": 1, "itemsPerPage": len(all), "Resources": all}}, nil
	}
	switch r.Resource {
	case "ResourceTypes":
		return list(
			object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": "User", "name": "User", "endpoint": "/Users", "schema": schemaUser, "schemaExtensions": []object{{"schema": schemaEnterprise, "required": false}}, "meta": object{"resourceType": "ResourceType", "location": r.Base + Path + "/ResourceTypes/User"}},
			object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": "Group", "name": "Group", "endpoint": "/Groups", "schema": schemaGroup, "meta": object{"resourceType": "ResourceType", "location": r.Base + Path + "/ResourceTypes/Group"}},
		)
	case "Schemas":
		return list(
			schema(schemaUser, "User",
				attribute("userName", "string", "immutable", true, "server"), attribute("externalId", "string", "readWrite", false, "server"), attribute("displayName", "string", "readWrite", false, "none"),
				with(attribute("name", "complex", "readWrite", false, "none"), false, attribute("formatted", "string", "readWrite", false, "none"), attribute("familyName", "string", "readWrite", false, "none"), attribute("givenName", "string", "readWrite", false, "none")),
				with(attribute("emails", "complex", "readWrite", true, "none"), true, attribute("value", "string", "readWrite", true, "none"), attribute("type", "string", "readWrite", false, "none"), attribute("primary", "boolean", "readWrite", false, "none")),
				attribute("active", "boolean", "readWrite", false, "none"), attribute("password", "string", "writeOnly", false, "none")),
			schema(schemaEnterprise, "EnterpriseUser", attribute("employeeNumber", "string", "immutable", false, "none")),
			schema(schemaGroup, "Group", attribute("displayName", "string", "readWrite", true, "none"), attribute("externalId", "string", "readWrite", false, "none"),
				with(attribute("members", "complex", "readWrite", false, "none"), true, attribute("value", "string", "immutable", true, "none"), attribute("display", "string", "readOnly", false, "none"))),
		)
	}
	yes, no := object{"supported": true}, object{"supported": false}
	return Response{Status: http.StatusOK, Body: object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":   yes, "etag": yes, "sort": no, "changePassword": no, "bulk": object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0}, "filter": object{"supported": true, "maxResults": pageMost},
		"authenticationSchemes": []object{{"type": "oauthbearertoken", "name": "Bearer token", "description": "A token that the tenant's administrator makes.", "primary": true}},
		"meta":                  object{"resourceType": "ServiceProviderConfig", "location": r.Base + Path + "/ServiceProviderConfig"},
	}}, nil
}

func schema(id, name string, attributes ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": id, "name": name, "attributes": attributes, "meta": object{"resourceType": "Schema"}}
}

func attribute(name, kind, mutability string, required bool, uniqueness string) object {
	returned := "default"
	if mutability == "writeOnly" {
		returned = "never"
	}
	return object{"name": name, "type": kind, "multiValued": false, "required": required, "caseExact": false, "mutability": mutability, "returned": returned, "uniqueness": uniqueness}
}

func with(of object, many bool, sub ...object) object {
	of["multiValued"], of["subAttributes"] = many, sub
	return of
}
