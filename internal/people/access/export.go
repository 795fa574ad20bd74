package access

import (
	"encoding/csv"
	"io"

	"rakudos/internal/base/actor"
)

// WriteCSV writes the tables: permission by role with ○, data by role with its marks, and below them what nobody
// holds together: ● at both sides, △ for roles that count as having personnel authority until it is stated.
func WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	head := []string{"権限", "内容"}
	for _, r := range actor.Columns {
		head = append(head, RoleName(r))
	}
	_ = c.Write(head)
	for _, row := range Matrix {
		line := []string{string(row.Permission), row.Says}
		for _, r := range actor.Columns {
			mark := ""
			if byPermission[row.Permission].roles&bit[r] != 0 {
				mark = "○"
			}
			line = append(line, mark)
		}
		_ = c.Write(line)
	}
	_ = c.Write(append([]string{"データ", "内容"}, head[2:]...))
	for _, row := range Data {
		line := []string{string(row.Kind), row.Says}
		for _, r := range actor.Columns {
			line = append(line, row.Level[r].Mark())
		}
		_ = c.Write(line)
	}
	_ = c.Write(append([]string{"同時に持てない役割", "内容"}, head[2:]...))
	for _, p := range Duties {
		one, other := p.names()
		line := []string{one + " × " + other, p.Why + "。" + p.Source}
		for _, r := range actor.Columns {
			line = append(line, p.mark(r))
		}
		_ = c.Write(line)
	}
	c.Flush()
	return c.Error()
}
