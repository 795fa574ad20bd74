package certificate

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// unknown is why a probe could not decide, for the reader of the statement.
type unknown string

func (u unknown) Error() string  { return "certificate: " + string(u) }
func (u unknown) Reason() string { return string(u) }

const noneYet = unknown("まだ消去が行われておらず、確かめる証明書がありません。試しの会社の消去の後に確かめます。")

// Desk presents certificates as the association's desk does, and Page is the public page of verification.
type Desk interface {
	Present(ctx context.Context, id string, r Request) (presentation string, file []byte, err error)
	Page(ctx context.Context, file []byte) (genuine bool, err error)
}

// Probing is what the probes of ER-CERT and ER-PRESENT act on.
type Probing struct {
	Service *Service
	Desk    Desk
	// Uncertified names the completed erasures that have no certificate, among how many; whole tells that these are
	// all that there are, and not the newest alone.
	Uncertified func(ctx context.Context) (runs int, whole bool, missing []string, err error)
	// BackupsGone tells whether every backup that was taken before an instant is gone.
	BackupsGone func(ctx context.Context, before time.Time) (bool, error)
	// Gone tells whether the customer of a certificate can sign in no more.
	Gone func(ctx context.Context, t ids.Tenant) (bool, error)
	Temp string // where the mutants build their sandboxes
}

// Controls gives ER-CERT (clause 6-3a) and ER-PRESENT (6-4).
func Controls(p Probing) []control.Control {
	real := []control.Grade{control.Real}
	return []control.Control{
		{
			ID: "ER-CERT", Clauses: []string{"6-3a"}, Grades: real, Owner: "DPO", Every: time.Hour, Fresh: 26 * time.Hour,
			Says:      fmt.Sprintf("データの消去が終わったら、署名した消去証明書を自動で発行し、%d年間保管します。主たる記録と鍵の消去（第1段階）と、バックアップが期限で消えたこと（第2段階）を分けて示し、証明書はファイルと公開鍵だけで検証できます。", KeepYears),
			NotProven: "証明書は発行した時点の状態を示し、その後のことは示しません。試しの会社と実際の消去の証明書のうち、最も新しいものを検証した結果です。",
			Probe:     p.probeCertified,
			Mutant: func(ctx context.Context) (control.Evidence, error) {
				e, err := mutant(ctx, p.Temp, func(s *Service) { s.Unsigned = true }, probeCertified)
				if err != nil || e.OK {
					return e, err
				}
				late, err := mutant(ctx, p.Temp, func(*Service) {}, probeForgotten) // the second stage never came
				if err != nil || late.OK {
					return late, err
				}
				hasty, err := mutant(ctx, p.Temp, func(*Service) {}, probeHasty) // the second stage came while backups are there
				if err != nil || hasty.OK {
					return hasty, err
				}
				late.Failed = slices.Concat(e.Failed, late.Failed, hasty.Failed)
				return late, nil
			},
		},
		{
			ID: "ER-PRESENT", Clauses: []string{"6-4"}, Grades: real, Owner: "DPO", Every: 7 * 24 * time.Hour, Fresh: 8 * 24 * time.Hour,
			Says:      "消去証明書は、契約先がサインインできなくなった後も、求めに応じて提示します。求めた人を別の手段で確かめ、だれに示したかを記録してから渡します。",
			NotProven: "求めた人が権限を持つかの確認は、人が行います。ここでは、消去した試しの会社の証明書を検査用の窓口で提示し、記録されることを確かめます。",
			Probe:     p.probePresented,
			Mutant: func(ctx context.Context) (control.Evidence, error) {
				return mutant(ctx, p.Temp, func(s *Service) { s.Unregistered = true }, probePresented)
			},
		},
	}
}

func (p Probing) probeCertified(ctx context.Context) (control.Evidence, error) {
	return probeCertified(ctx, p)
}

func (p Probing) probePresented(ctx context.Context) (control.Evidence, error) {
	return probePresented(ctx, p)
}

var prober = actor.System(ids.System, "probe")

// provenWithin is how long a certificate may be on its way into the log, before which nobody can have it.
const provenWithin = time.Hour

// newest is the youngest certificate that is proven; unknown while there is none. Younger ones that should be proven by
// now, and are not, are stuck.
func newest(ctx context.Context, p Probing, now time.Time, fits func(Entry) (bool, error)) (_ Entry, _ []byte, stuck []string, err error) {
	all, err := p.Service.List(ctx, prober, 200)
	if err != nil {
		return Entry{}, nil, nil, err
	}
	for _, e := range all {
		ok, err := fits(e)
		if err != nil {
			return Entry{}, nil, nil, err
		}
		if !ok || e.State == Revoked {
			continue
		}
		f, err := p.Service.File(ctx, prober, e.ID)
		if fault.Is(err, fault.Busy) {
			if now.Sub(e.IssuedAt) > provenWithin {
				stuck = append(stuck, e.ID)
			}
			continue
		}
		if err != nil {
			return Entry{}, nil, nil, err
		}
		text, err := f.Encode()
		return e, text, stuck, err
	}
	return Entry{}, nil, stuck, noneYet
}

// hasty names second stages although backups from before the erasure are still there, among how many.
func hasty(ctx context.Context, p Probing) (out []string, looked int, err error) {
	all, err := p.Service.List(ctx, prober, 1000)
	if err != nil {
		return nil, 0, err
	}
	all = slices.DeleteFunc(all, func(e Entry) bool { return e.Stage != Backups || e.State == Revoked })
	slices.SortStableFunc(all, func(a, b Entry) int { return strings.Compare(b.Body.Finished.UTC, a.Body.Finished.UTC) })
	for _, e := range all { // the latest end first: when nothing is left from before that, so it is for all the others
		end, ok := e.Body.Finished.Time()
		if ok {
			ok, err = p.BackupsGone(ctx, end)
		}
		if ok || err != nil {
			return out, len(all), err
		}
		out = append(out, e.ID)
	}
	return out, len(all), nil
}

// probeCertified: no erasure without a certificate; the newest verifies with the public keys alone and on the
// public page, and with one bit flipped it verifies nowhere.
func probeCertified(ctx context.Context, p Probing) (control.Evidence, error) {
	runs, whole, missing, err := p.Uncertified(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	waiting, late, err := p.Service.Overdue(ctx, time.Now())
	if err != nil {
		return control.Evidence{}, err
	}
	e := control.Evidence{OK: true}
	fail := func(format string, a ...any) { e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf(format, a...)) }
	for _, m := range missing {
		fail("消去 %s の証明書がありません。", m)
	}
	for _, id := range late {
		fail("証明書 %s の第2段階が、バックアップの期限を%d日過ぎても発行されていません。", id, lateAfter)
	}
	among := fmt.Sprintf("終わった消去%d件のすべて", runs)
	if !whole {
		among = fmt.Sprintf("終わった消去のうち新しい%d件", runs)
	}
	early, second, err := hasty(ctx, p)
	if err != nil {
		return control.Evidence{}, err
	}
	for _, id := range early {
		fail("消去より前のバックアップ（か、いつのものか分からないもの）がまだあるのに、それが消えたとする第2段階の証明書 %s が出ています。", id)
	}
	entry, file, stuck, err := newest(ctx, p, time.Now(), func(Entry) (bool, error) { return true, nil })
	for _, id := range stuck {
		fail("証明書 %s が、発行から%d分を過ぎても監査ログに公開されず、渡せません。", id, int(provenWithin/time.Minute))
	}
	if err != nil {
		if !e.OK {
			e.Measured = fmt.Sprintf("終わった消去%d件のうち%d件に証明書がありません。検証できる証明書はありません。", runs, len(missing))
			return e, nil
		}
		return control.Evidence{}, err
	}
	trust, err := p.Service.Trust(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	rep := Verify(file, trust)
	if !rep.OK {
		fail("証明書 %s が検証に通りません（%s）。", entry.ID, rep.Problems[0].Code)
	}
	if rep.File != nil && rep.File.Certificate.Stage == Primary && slices.Contains(rep.File.Certificate.Says, saysBackups) {
		fail("第1段階の証明書 %s が、バックアップの消去を主張しています。", entry.ID)
	}
	genuine, err := p.Desk.Page(ctx, file)
	if err != nil {
		return control.Evidence{}, err
	}
	if !genuine {
		fail("公開の検証ページが、証明書 %s を本物と認めません。", entry.ID)
	}
	flipped := bytes.Clone(file)
	flipped[len(flipped)/2] ^= 1
	taken, err := p.Desk.Page(ctx, flipped)
	if err != nil {
		return control.Evidence{}, err
	}
	if taken || Verify(flipped, trust).OK {
		fail("1ビット変えた証明書が、検証に通りました。")
	}
	e.Measured = fmt.Sprintf("%sに第1段階の証明書があるか、第2段階が遅れていないか（期限を待つもの%d件、遅れ%d件）、出ている第2段階%d件より前のバックアップが残っていないかを調べました。最も新しい証明書（監査ログの%d番）を公開鍵だけと公開ページで検証し、1ビット変えたものが通らないことを確かめました。問題は%d件です。", among, waiting, len(late), second, rep.LogIndex, len(e.Failed))
	e.Facts = map[string]any{"runs": runs, "whole": whole, "missing": len(missing), "waiting": waiting, "late": len(late), "certificate": entry.ID, "log_index": rep.LogIndex}
	return e, nil
}

// probePresented asks for the certificate of a customer that is gone, as the desk does.
func probePresented(ctx context.Context, p Probing) (control.Evidence, error) {
	entry, _, stuck, err := newest(ctx, p, time.Now(), func(e Entry) (bool, error) {
		if e.Body.Of != OfTenant {
			return false, nil
		}
		return p.Gone(ctx, ids.Tenant(e.Body.Tenant.ID))
	})
	e := control.Evidence{OK: true}
	fail := func(format string, a ...any) { e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf(format, a...)) }
	for _, id := range stuck {
		fail("証明書 %s が、発行から%d分を過ぎても監査ログに公開されず、渡せません。", id, int(provenWithin/time.Minute))
	}
	if err != nil {
		if !e.OK {
			e.Measured = "提示できる証明書がありません。"
			return e, nil
		}
		return control.Evidence{}, err
	}
	if _, _, err := p.Desk.Present(ctx, entry.ID, Request{Requester: "検査", Organisation: "検査"}); err == nil {
		fail("確かめ方を書かずに提示できました。")
	}
	asked := Request{"定期の検査", "検査", "検査のための提示（実在の相手はいません）"}
	presentation, file, err := p.Desk.Present(ctx, entry.ID, asked)
	if err != nil {
		fail("提示できませんでした（%s）。", fault.Of(err).Code)
		e.Measured = "消去した会社の証明書の提示を試み、できませんでした。"
		return e, nil
	}
	trust, err := p.Service.Trust(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	if rep := Verify(file, trust); !rep.OK {
		fail("渡された証明書が検証に通りません（%s）。", rep.Problems[0].Code)
	} else if rep.File.Certificate.ID != entry.ID {
		fail("求めたものと別の証明書が渡されました。")
	}
	list, err := p.Service.Presentations(ctx, prober, entry.ID)
	if err != nil {
		return control.Evidence{}, err
	}
	i := slices.IndexFunc(list, func(l Presentation) bool { return l.ID == presentation })
	if i < 0 || list[i].Taken == 0 || list[i].Request != asked {
		fail("提示が、求めた人と確かめ方とともに記録に残っていません。")
	}
	e.Measured = fmt.Sprintf("サインインできなくなった会社の証明書を窓口で提示し、渡されたファイルを検証し、提示の記録を読み直しました。問題は%d件です。", len(e.Failed))
	e.Facts = map[string]any{"certificate": entry.ID, "presentations": len(list)}
	return e, nil
}
