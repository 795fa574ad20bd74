package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
)

// configFault gives an error of the configuration words; one that has them keeps them.
func configFault(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return err
	}
	return fault.New(fault.Invalid, "cli.config", "detail", err.Error())
}

func auditVerifyCommand() command {
	return command{
		name: "audit verify", says: "監査ログがすべて元のままかを、サービスを止めた状態で調べます。",
		args:     "[--data フォルダー] [--config ファイル] [--json]",
		examples: []string{"rakudos audit verify --data data", "rakudos audit verify --data /var/lib/rakudos --json"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				r, err := s.house.VerifyAudit(ctx, o)
				if err != nil {
					return err
				}
				if err := s.answer(verification(r), func(w io.Writer) { tellReport(w, r) }); err != nil {
					return err
				}
				if !r.OK {
					return reported{fault.New(fault.Conflict, "cli.audit_altered")}
				}
				return nil
			}
		},
	}
}

// verified is the JSON of a verification.
type verified struct {
	OK      bool     `json:"ok"`
	Events  int64    `json:"events"`
	Tenants int64    `json:"tenants"`
	Leaves  int64    `json:"leaves"`
	Sealed  bool     `json:"sealed"` // the service was stopped cleanly: nothing may be missing at any end
	First   *badSpot `json:"first"`  // the first record that is not as it was written; null when all are
	Notes   []string `json:"notes"`
}

type badSpot struct {
	Code   string `json:"code"`
	Where  string `json:"where"`
	Tenant string `json:"tenant"`
	Seq    int64  `json:"seq"`
	What   string `json:"what"`
}

func verification(r audit.Report) verified {
	v := verified{OK: r.OK, Events: r.Events, Tenants: r.Tenants, Leaves: r.Leaves, Sealed: r.Sealed, Notes: r.Notes}
	if v.Notes == nil {
		v.Notes = []string{}
	}
	if b := r.First; b != nil {
		v.First = &badSpot{b.Code, b.Where, string(b.Tenant), b.Seq, b.What}
	}
	return v
}

// badWords say what does not hold; the English details stand in the JSON.
var badWords = map[string]string{
	audit.EventAltered: "記録が、書いたあとで変えられています", audit.EventRemoved: "記録がなくなっています", audit.EventForged: "サービスが書いたものでない記録があります",
	audit.EventUnlogged: "公開ログに載っているはずの記録が、載っていません", audit.HeadAltered: "記録の列の先頭の控えが、最後の記録と合いません", audit.HeadRemoved: "記録の列の先頭の控えがありません",
	audit.PersonAltered: "だれについての記録かを示す索引が、記録と合いません", audit.SealAltered: "正常に止めたときの封が変えられています", audit.SealRemoved: "正常に止めたときの封がありません",
	audit.IndexAltered: "公開ログの中の位置が変えられています", audit.LogMissing: "公開ログか、その署名した要約がありません", audit.LogBehind: "公開ログが、記録より古いものです",
	audit.FileAltered: "公開ログのファイルが変えられています", audit.FileMissing: "公開ログのファイルがなくなっています", audit.FileExtra: "公開ログのものでないファイルがあります",
	audit.SignatureBad: "公開ログの要約に、ログの鍵の署名がありません", audit.KeyMissing: "ログの署名鍵がないか、読めません", audit.KeyChanged: "ログの署名鍵が、前に起動したときのものと違います",
	audit.Empty: "記録が一つもありません",
}

// spot says where: table or file, and record.
func spot(b *audit.Bad) string {
	if b.Seq == 0 {
		return b.Where
	}
	return fmt.Sprintf("%s、契約先 %s、番号 %d", b.Where, b.Tenant, b.Seq)
}

func tellReport(w io.Writer, r audit.Report) {
	if r.OK {
		fmt.Fprintf(w, "監査ログは元のままです。記録 %d 件、契約先など %d、公開ログ %d 件を確かめました。\n", r.Events, r.Tenants, r.Leaves)
	} else {
		fmt.Fprintln(w, "監査ログに、書き換え・削除・切り詰めのいずれかがあります。")
		if b := r.First; b != nil {
			fmt.Fprintf(w, "最初に見つかった箇所: %s（%s、%s）\n", cmp.Or(badWords[b.Code], b.What), spot(b), b.Code)
		}
		fmt.Fprintln(w, "データフォルダーをこのまま保全し、バックアップと比べてください。")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "・%s\n", n)
	}
}
