package sso

import (
	"context"
	"encoding/json"

	"rakudos/internal/people/identity"
)

// Continue goes on with an answer that was put aside. It takes the cookie of the browser that began: an
// answer that somebody else's browser was made to post leads nowhere.
func (s *Service) Continue(ctx context.Context, v identity.Visit, token string) (Result, error) {
	a, err := s.byToken(ctx, token, "answered")
	if err != nil {
		return Result{}, err
	}
	plain, err := a.key.Open(at(flowsTable, a.row.id, "answer"), a.row.answer)
	if err != nil {
		return Result{}, err
	}
	var who identityOf
	if err := json.Unmarshal(plain, &who); err != nil {
		return Result{}, err
	}
	if err := s.move(ctx, a, "answered", "used", []byte{}); err != nil {
		return Result{}, err
	}
	return s.finish(ctx, v, a, who)
}
