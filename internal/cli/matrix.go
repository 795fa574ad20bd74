package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
)

// matrixRow is one permission of the matrix as JSON.
type matrixRow struct {
	Permission access.Permission `json:"permission"`
	Says       string            `json:"says"`
	Roles      []actor.Role      `json:"roles"`
}

func accessMatrixCommand() command {
	return command{
		name: "access matrix", says: "役割ごとにできることと見られるものの表を出します（プログラムの判断に使われている表そのもの）。",
		args:     "[--csv | --json]",
		examples: []string{"rakudos access matrix --csv > access-matrix.csv", "rakudos access matrix"},
		setup: func(f *flag.FlagSet) action {
			asCSV := f.Bool("csv", false, "CSV で出力します")
			return func(_ context.Context, s *stage) error {
				if *asCSV {
					return access.WriteCSV(s.Out)
				}
				rows := []matrixRow{}
				for _, r := range access.Matrix {
					rows = append(rows, matrixRow{r.Permission, r.Says, append([]actor.Role{}, r.Roles...)})
				}
				var b bytes.Buffer
				if err := access.WriteCSV(&b); err != nil {
					return err
				}
				table, err := csv.NewReader(&b).ReadAll()
				if err != nil {
					return err
				}
				return s.answer(rows, func(w io.Writer) { tellMatrix(w, table) })
			}
		},
	}
}

// tellMatrix prints what each line allows to whom, one line each.
func tellMatrix(w io.Writer, table [][]string) {
	head := table[0]
	for _, line := range table[1:] {
		if line[1] == head[1] {
			fmt.Fprintln(w)
			continue
		}
		var who []string
		for i, mark := range line[2:] {
			switch mark {
			case "", "×":
			case "○", "◎", "●":
				who = append(who, head[i+2])
			default:
				who = append(who, head[i+2]+"("+mark+")")
			}
		}
		fmt.Fprintf(w, "%s: %s\n", line[1], strings.Join(who, "、"))
	}
}
