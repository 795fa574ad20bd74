// Package cli is the service's verbs for those who run it: one binary, help with examples on every verb,
// exit codes a script can rely on. It must never do what a service of the house refuses, and never print a
// secret or a health value.
package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"rakudos/internal/base/fault"
)

// Exit codes, the same for every verb.
const (
	Done   = 0 // done
	Failed = 1 // refused or failed
	Usage  = 2 // wrong usage: nothing was tried
)

// Process is what the command line knows of the process that it runs in.
type Process struct {
	Args []string // without the program's name
	Env  []string
	In   io.Reader
	Out  io.Writer
	Err  io.Writer
}

// command is one verb. setup declares its flags and returns what to do once they are parsed.
type command struct {
	name     string // "audit verify"
	says     string // one Japanese line
	args     string // the flags in short, for the first line of its help
	operand  string // the name of the one word that is no flag; empty: there is none
	examples []string
	setup    func(f *flag.FlagSet) action
}

type action func(ctx context.Context, s *stage) error

// stage is what an action works with.
type stage struct {
	Process
	house   House
	json    bool
	operand string
}

func commands() []command {
	all := []command{
		serveCommand(), importCommand("roster"), importCommand("checkups"), statementCommand(),
		auditVerifyCommand(), explainJudgeCommand(), explainPasswordCommand(), explainTerminationCommand(),
		explainRetentionCommand(), explainReviewCommand(), reviewStatusCommand(), accessMatrixCommand(), assetListCommand(),
		tenantListCommand(), tenantCreateCommand(), tenantTwoFactorCommand(), mailBounceCommand(), configCheckCommand(), versionCommand(),
	}
	return slices.Concat(all, userCommands(), backupCommands(), erasureCommands(), certificateCommands(), keyCommands(), mailCommands())
}

// Main runs one verb and returns the exit code.
func Main(p Process, h House) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process the hard way
	all := commands()
	if len(p.Args) == 0 {
		overview(p.Err, all)
		return Usage
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, p.Args[0]) {
		if c, _, ok := find(all, p.Args[1:]); ok {
			c.help(p.Out)
		} else {
			overview(p.Out, group(all, p.Args[1:]))
		}
		return Done
	}
	c, rest, ok := find(all, p.Args)
	if !ok {
		return unknown(p, all)
	}
	return run(ctx, p, h, c, rest)
}

func run(ctx context.Context, p Process, h House, c command, rest []string) int {
	s := &stage{Process: p, house: h}
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&s.json, "json", false, "結果を JSON で出力します")
	act := c.setup(flags)
	once(flags)
	if c.operand != "" && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") { // flags may stand before and after it
		s.operand, rest = rest[0], rest[1:]
	}
	err := flags.Parse(rest)
	if errors.Is(err, flag.ErrHelp) {
		c.help(p.Out)
		return Done
	}
	if err == nil && c.operand != "" && s.operand == "" && flags.NArg() == 1 {
		s.operand = flags.Arg(0)
	} else if err == nil && flags.NArg() > 0 {
		err = extra(flags.Arg(0))
	}
	if err != nil {
		return s.fail(wrong("cli.flags", "detail", flagWords(err), "verb", c.name))
	}
	if both := contrary(flags); both != "" {
		return s.fail(wrong("cli.formats", "flags", both))
	}
	if err := act(ctx, s); err != nil {
		return s.fail(err)
	}
	return Done
}

// find takes the longest verb that the arguments begin with.
func find(all []command, args []string) (command, []string, bool) {
	var best command
	n := 0
	for _, c := range all {
		words := strings.Fields(c.name)
		if len(words) > n && len(words) <= len(args) && slices.Equal(words, args[:len(words)]) {
			best, n = c, len(words)
		}
	}
	return best, args[n:], n > 0
}

// group is the verbs that begin with the first argument, such as "backup"; all when there are none.
func group(all []command, args []string) []command {
	if len(args) == 0 {
		return all
	}
	own := slices.DeleteFunc(slices.Clone(all), func(c command) bool { return !strings.HasPrefix(c.name, args[0]+" ") })
	if len(own) == 0 {
		return all
	}
	return own
}

func unknown(p Process, all []command) int {
	own := group(all, p.Args)
	if len(own) < len(all) && slices.ContainsFunc(p.Args[1:], func(a string) bool { return a == "--help" || a == "-help" || a == "-h" }) {
		overview(p.Out, own)
		return Done
	}
	s := &stage{Process: p, json: slices.Contains(p.Args, "--json")}
	if len(own) < len(all) && len(p.Args) == 1 { // a group alone asks what there is
		overview(p.Err, own)
		return Usage
	}
	code := s.fail(wrong("cli.verb", "verb", strings.Join(verbPart(p.Args), " ")))
	if !s.json {
		overview(p.Err, own)
	}
	return code
}

func verbPart(args []string) []string {
	if i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") }); i >= 0 {
		return args[:i]
	}
	return args
}

// usage marks an error as wrong usage: exit code 2.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func wrong(code string, args ...string) error {
	return usage{fault.New(fault.Invalid, code, args...)}
}

// need names the first flag that has no value, in the order of the arguments: name, value, name, value, …
func need(flags ...string) error {
	for i := 0; i < len(flags); i += 2 {
		if flags[i+1] == "" {
			return wrong("cli.need_flag", "flag", flags[i])
		}
	}
	return nil
}
