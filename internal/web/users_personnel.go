package web

import (
	"net/http"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// personnelWords are what can be stated about somebody's say in dismissal, promotion and transfer.
var personnelWords = map[actor.Personnel]string{
	actor.PersonnelUnknown: "未確認", actor.PersonnelHeld: "あり", actor.PersonnelNone: "なし",
}

func personnelChoices(now actor.Personnel) (out []choice) {
	for _, say := range actor.Personnels {
		out = append(out, choice{string(say), personnelWords[say], say == now})
	}
	return out
}

// PersonnelSays is what counts of an account, in words.
func (u userLine) PersonnelSays() string {
	var roles []actor.Role
	for _, g := range u.Grants {
		roles = append(roles, g.Role)
	}
	if says := personnelWords[u.Personnel]; u.Personnel != actor.PersonnelUnknown || !u.Personnel.Counts(roles) {
		return says
	}
	return "未確認（人事・上長の役割があるので、「あり」として扱います）"
}

// userPersonnel states whether somebody has personnel authority.
func (s *server) userPersonnel(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.SetPersonnel(r.Context(), v.Actor, id, actor.Personnel(r.PostFormValue("personnel")), reason)
}
