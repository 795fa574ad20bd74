package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/base/fault"
	"rakudos/internal/operations/asset"
)

var assetKinds = map[asset.Kind]string{
	asset.Process: "プロセス", asset.Listener: "待受け", asset.Database: "データベース", asset.Store: "ファイルとフォルダー", asset.Bucket: "保管場所",
	asset.Key: "鍵", asset.Certificate: "証明書", asset.Disk: "ディスク",
}

var assetClasses = map[asset.Class]string{
	asset.Published: "公開", asset.Internal: "内部", asset.Confidential: "機密", asset.Sensitive: "要配慮個人情報",
}

func assetListCommand() command {
	return command{
		name: "asset list", says: "資源の台帳を、実際にあるものと突き合わせて表示します。食い違いがあれば 1 で終わります（サービスを止めた状態で）。", args: "[--data フォルダー] [--json]",
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
							fmt.Fprintf(w, "%s  %s  区分 %s  持ち主 %s  %s  %s\n", assetKinds[e.Kind], e.Name, cmp.Or(assetClasses[e.Class], "未定"), cmp.Or(e.Owner, "未定"), e.Facts, e.ID)
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
