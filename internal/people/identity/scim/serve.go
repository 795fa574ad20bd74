package scim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Serve answers one request of a bearer.
func (s *Service) Serve(ctx context.Context, t Token, r Request) Response {
	out, err := s.serve(ctx, t, r)
	if err == nil {
		return out
	}
	var p *protocol
	if errors.As(err, &p) {
		return Failure(p.status, p.kind, p.detail)
	}
	f := fault.Of(err)
	status, kind := kinds(f)
	if status >= http.StatusInternalServerError {
		s.Logger.Error("scim", "request", r.Request, "code", f.Code, "err", f.Error())
	}
	return Failure(status, kind, f.Code)
}

func (s *Service) serve(ctx context.Context, t Token, r Request) (Response, error) {
	switch r.Resource {
	case "ServiceProviderConfig", "ResourceTypes", "Schemas":
		return about(r)
	case "Users":
		return s.serveUsers(ctx, t, r)
	case "Groups":
		return s.serveGroups(ctx, t, r)
	}
	return Response{}, problem(http.StatusNotFound, "", "no such resource")
}

// body reads the object of a request.
func body(r Request) (object, error) {
	var out object
	if err := json.Unmarshal(r.Body, &out); err != nil || out == nil {
		return nil, problem(http.StatusBadRequest, "invalidSyntax", "the body is not a JSON object")
	}
	return out, twice(out)
}

// twice refuses an object that says one attribute in two spellings: which of them counts would be chance.
func twice(o object) error {
	seen := map[string]bool{}
	for name := range o {
		if seen[strings.ToLower(name)] {
			return problem(http.StatusBadRequest, "invalidSyntax", name+" stands there twice")
		}
		seen[strings.ToLower(name)] = true
	}
	return nil
}

// versioned adds the version, which is made of what is shown, and answers a condition.
func versioned(r Request, status int, resource object) (Response, error) {
	tag := version(resource)
	meta := resource["meta"].(object)
	meta["version"] = tag
	location := meta["location"].(string)
	if r.Method == http.MethodGet && r.IfNone != "" && r.IfNone == tag {
		return Response{Status: http.StatusNotModified, ETag: tag}, nil
	}
	return Response{Status: status, Body: resource, ETag: tag, Location: location}, nil
}

func version(resource object) string {
	b, _ := json.Marshal(resource) // made of strings, bools and maps here
	h := sha256.Sum256(b)
	return `W/"` + hex.EncodeToString(h[:8]) + `"`
}

// matches refuses a change of something that has changed meanwhile.
func matches(r Request, resource object) error {
	if r.IfMatch != "" && r.IfMatch != "*" && r.IfMatch != version(resource) {
		return problem(http.StatusPreconditionFailed, "", "the resource has changed")
	}
	return nil
}

// page cuts a list as startIndex and count ask, within bounds.
func page(r Request, all []object) (Response, error) {
	number := func(name string, usual int) (int, error) {
		v := r.Query.Get(name)
		if v == "" {
			return usual, nil
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			return 0, problem(http.StatusBadRequest, "invalidValue", name+" is no number")
		}
		return max(n, 0), nil
	}
	start, err := number("startIndex", 1)
	if err != nil {
		return Response{}, err
	}
	count, err := number("count", pageUsual)
	if err != nil {
		return Response{}, err
	}
	start, count = max(start, 1), min(count, pageMost)
	from := min(start-1, len(all))
	part := all[from:min(from+count, len(all))]
	for _, one := range part {
		one["meta"].(object)["version"] = version(one)
	}
	if strings.Contains(strings.ToLower(r.Query.Get("excludedAttributes")), "members") {
		for _, one := range part {
			delete(one, "members")
		}
	}
	return Response{Status: http.StatusOK, Body: object{"schemas": []string{schemaList}, "totalResults": len(all), "startIndex": start, "itemsPerPage": len(part), "Resources": append([]object{}, part...)}}, nil
}

func notAllowed() error { return problem(http.StatusMethodNotAllowed, "", "no such method here") }
