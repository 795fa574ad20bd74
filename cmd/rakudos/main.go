// Command rakudos is the whole service in one binary. Nothing else than handing over to cli happens here.
package main

import (
	"os"
	_ "time/tzdata" // Asia/Tokyo on machines without a zone database

	"rakudos/internal/app"
	"rakudos/internal/cli"
)

func main() {
	os.Exit(cli.Main(cli.Process{Args: os.Args[1:], Env: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, app.House()))
}
