package cli

import (
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

func tellReport(w io.Writer, r audit.Report) {
	if r.OK {
		fmt.Fprintf(w, "監査ログは元のままです。記録 %d 件、契約先など %d、公開ログ %d 件を確かめました。\n", r.Events, r.Tenants, r.Leaves)
	} else {
		fmt.Fprintln(w, "監査ログに、書き換え・削除・切り詰めのいずれかがあります。")
		if b := r.First; b != nil {
			fmt.Fprintf(w, "最初に見つかった箇所: %s（テナント %s、番号 %d）: %s\n", b.Where, b.Tenant, b.Seq, b.What)
		}
		fmt.Fprintln(w, "データフォルダーをこのまま保全し、バックアップと比べてください。")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "・%s\n", n)
	}
}
