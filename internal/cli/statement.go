package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

func statementCommand() command {
	return command{
		name: "statement", says: "セキュリティ対策の宣言を、いまの証拠と一緒に表示します（未確認は未確認と表示）。",
		args:     "[--data フォルダー] [--config ファイル] [--json]",
		examples: []string{"rakudos statement --data data", "rakudos statement --json"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				st, err := s.house.Statement(ctx, o)
				if err != nil {
					return err
				}
				return s.answer(st.JSON, func(w io.Writer) { tellStatement(w, st) })
			}
		},
	}
}

// Statement is the rendered statement: what /trust.json answers, and its lines for people.
type Statement struct {
	JSON    any
	Clauses []StatementLine
}

// StatementLine is one clause in short.
type StatementLine struct{ Clause, Status, Says string }

func tellStatement(w io.Writer, st Statement) {
	count := map[string]int{}
	for _, l := range st.Clauses {
		count[l.Status]++
		fmt.Fprintf(w, "%-6s %-8s %s\n", l.Clause, statusWord(l.Status), strings.ReplaceAll(l.Says, "\n", " "))
	}
	fmt.Fprintf(w, "\n%d 項: 確認済み %d、例外 %d、期限切れ %d、未確認 %d、不合格 %d\n", len(st.Clauses),
		count["PASS"], count["EXCEPTION"], count["STALE"], count["UNKNOWN"], count["FAIL"])
}

var statusWords = map[string]string{"PASS": "確認済み", "EXCEPTION": "例外", "STALE": "期限切れ", "UNKNOWN": "未確認", "FAIL": "不合格"}

func statusWord(s string) string {
	if w, ok := statusWords[s]; ok {
		return w
	}
	return s
}
