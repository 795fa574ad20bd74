package cli

import (
	"flag"
	"fmt"
	"io"
)

// help prints a verb with its flags, examples and exit codes.
func (c command) help(w io.Writer) { // the flags are declared anew: printing parses nothing
	fmt.Fprintf(w, "%s\n\n使い方: rakudos %s", c.says, c.name)
	if c.args != "" {
		fmt.Fprintf(w, " %s", c.args)
	}
	fmt.Fprint(w, "\n\nオプション:\n")
	f := flag.NewFlagSet(c.name, flag.ContinueOnError)
	f.Bool("json", false, "結果を JSON で出力します")
	c.setup(f)
	f.VisitAll(func(o *flag.Flag) {
		name := "--" + o.Name
		if b, ok := o.Value.(interface{ IsBoolFlag() bool }); !ok || !b.IsBoolFlag() {
			name += " 値"
		}
		fmt.Fprintf(w, "  %-18s %s", name, o.Usage)
		if o.DefValue != "" && o.DefValue != "false" && o.DefValue != "0" {
			fmt.Fprintf(w, "（省略時 %s）", o.DefValue)
		}
		fmt.Fprintln(w)
	})
	fmt.Fprint(w, "\n例:\n")
	for _, e := range c.examples {
		fmt.Fprintf(w, "  %s\n", e)
	}
	fmt.Fprint(w, "\n終了コード: 0 完了、1 拒否または失敗、2 使い方の誤り\n")
}
