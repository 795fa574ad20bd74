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
				if err := s.answer(r, func(w io.Writer) { tellReport(w, r) }); err != nil {
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
