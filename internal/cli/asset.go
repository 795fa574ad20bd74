package cli

import (
	"context"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/base/fault"
)

func assetListCommand() command {
	return command{
		name: "asset list", says: "資源の台帳を、実際にあるものと突き合わせて表示します。食い違いがあれば 1 で終わります。", args: "[--data フォルダー] [--json]",
		examples: []string{"rakudos asset list --data data", "rakudos asset list --data data --json"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				v, err := s.house.Assets(ctx, o)
				if err != nil {
					return err
				}
				err = s.answer(v, func(w io.Writer) {
					for _, e := range v.Entries {
						if !e.Gone() {
							fmt.Fprintf(w, "%-14s %-50s %-12s %-6s %s\n", e.Kind, e.ID, e.Class, e.Owner, e.Facts)
						}
					}
					for _, x := range v.Difference.Orphans {
						fmt.Fprintf(w, "台帳にない: %s  %s\n", x.ID, x.Facts)
					}
					for _, x := range v.Difference.Vanished {
						fmt.Fprintf(w, "処分の記録なしになくなった: %s\n", x.ID)
					}
					for _, x := range v.Difference.Back {
						fmt.Fprintf(w, "処分したはずなのにある: %s\n", x.ID)
					}
				})
				if err == nil && !v.Difference.None() {
					err = reported{fault.New(fault.Conflict, "cli.asset_difference")}
				}
				return err
			}
		},
	}
}
