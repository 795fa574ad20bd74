package audit

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Report is the result of a verification.
type Report struct {
	OK      bool
	Events  int64    // records read
	Tenants int64    // chains read
	Leaves  int64    // entries of the transparency log read
	Sealed  bool     // the state is that of a clean stop: nothing may be missing at any end
	From    int64    // first log entry looked at; 0: everything was
	First   *Bad     // the first record that does not hold
	Found   int      // how many do not hold (counting stops at 1,000)
	Notes   []string // Japanese sentences, for people
}

// Bad is something that does not hold. Code is stable, for translation; What is an English sentence.
type Bad struct {
	Code   string     // see the constants
	Where  string     // table or file
	Tenant ids.Tenant // empty when no tenant is concerned
	Seq    int64      // number of the record in the tenant's chain; 0 when unknown
	What   string
}

func (b Bad) String() string {
	s := b.Where
	if b.Seq > 0 {
		s += ", tenant " + string(b.Tenant) + ", record " + strconv.FormatInt(b.Seq, 10)
	}
	return s + ": " + b.What
}

// Codes of Bad.
const (
	EventAltered  = "event.altered"  // a record was changed after it was written
	EventRemoved  = "event.removed"  // a record is missing
	EventForged   = "event.forged"   // a record that was not written by the service
	EventUnlogged = "event.unlogged" // a record that must be in the transparency log is not
	HeadAltered   = "head.altered"   // the head of a chain does not fit its last record
	HeadRemoved   = "head.removed"   // a chain without a head
	PersonAltered = "person.altered" // the index of people does not fit the records
	SealAltered   = "seal.altered"   // the seal of a clean stop was changed
	SealRemoved   = "seal.removed"   // the seal of a clean stop is missing
	IndexAltered  = "index.altered"  // a record's place in the transparency log was changed
	LogMissing    = "log.missing"    // the transparency log or its checkpoint is gone
	LogBehind     = "log.behind"     // the transparency log is older than the records
	FileAltered   = "file.altered"   // a file of the transparency log was changed
	FileMissing   = "file.missing"   // a file of the transparency log is gone
	FileExtra     = "file.extra"     // a file that does not belong to the transparency log
	SignatureBad  = "signature.bad"  // the checkpoint is not signed by the log's key
	KeyMissing    = "key.missing"    // the log's key is gone or unreadable
	KeyChanged    = "key.changed"    // the log's key is not the one in use when the service last started
	Empty         = "empty"          // no record at all
)

// Verify checks everything offline: every chain, head, seal, body and person index, every leaf against
// its event and the reverse, every file of the transparency log, and the signature. It changes nothing
// and may run beside the service. An error means that it could not look.
//
// What it cannot see: that database, log directory and key store were all put back to the same earlier
// state, and records of the last seconds before a crash that had not yet reached the log.
func Verify(ctx context.Context, d *db.DB, s Sealer, cfg Config) (Report, error) {
	return verify(ctx, source(d), s, options{cfg: cfg, fs: os.DirFS(cfg.Dir)})
}

// options of one verification; the zero value but for cfg and fs is the full one.
type options struct {
	cfg    Config
	fs     fs.FS
	newest uint64 // look only at about so many newest leaves; 0: at all
	blind  bool   // sabotage: compare nothing. Only the mutant of LG-INTEGRITY sets it.
}

// verify repeats a failed verification when the log grew meanwhile: files are not read at one instant.
func verify(ctx context.Context, src rows, s Sealer, o options) (Report, error) {
	for try := 0; ; try++ {
		before, _ := fs.ReadFile(o.fs, "checkpoint")
		v := &verifier{ctx: ctx, sealer: s, o: o, tree: tree{o.fs}}
		if err := v.run(src); err != nil {
			return v.report, err
		}
		v.conclude()
		after, _ := fs.ReadFile(o.fs, "checkpoint")
		if v.report.OK || try == 3 || bytes.Equal(before, after) {
			return v.report, nil
		}
	}
}

// verifier collects findings by where they come from: what is wrong with a record is said before what
// follows from it elsewhere.
type verifier struct {
	ctx    context.Context
	sealer Sealer
	o      options
	tree   tree
	report Report

	key    key
	keyOK  bool
	state  treeState
	chains chains
	inDB   []Bad
	inTree []Bad
	across []Bad
}

func (v *verifier) run(src rows) error {
	v.readKey()
	v.readTree()
	if err := src.view(v.ctx, v.readChains); err != nil {
		return err
	}
	v.compare()
	v.checkFiles()
	return nil
}

func (v *verifier) readKey() {
	k, err := readKey(v.o.cfg.keyFile())
	if err != nil {
		v.treeBad(Bad{Code: KeyMissing, Where: "log key", What: "the log's signing key cannot be read, so no signature can be checked: " + err.Error()})
		return
	}
	v.key, v.keyOK = k, true
}

const most = 1000

func (v *verifier) dbBad(b Bad) { v.bad(&v.inDB, b) }

func (v *verifier) treeBad(b Bad) { v.bad(&v.inTree, b) }

func (v *verifier) acrossBad(b Bad) { v.bad(&v.across, b) }

func (v *verifier) bad(list *[]Bad, b Bad) {
	if !v.o.blind && len(*list) < most {
		b.Tenant, b.Where, b.What = ids.Tenant(printable(string(b.Tenant))), printable(b.Where), printable(b.What)
		*list = append(*list, b)
	}
}

// printable makes what comes out of altered data safe to print: valid UTF-8 without control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

func (v *verifier) note(format string, a ...any) {
	v.report.Notes = append(v.report.Notes, printable(fmt.Sprintf(format, a...)))
}

func (v *verifier) conclude() {
	all := append(append(append([]Bad{}, v.inDB...), v.inTree...), v.across...)
	v.report.Found = min(len(all), most)
	v.report.OK = len(all) == 0
	if len(all) > 0 {
		v.report.First = &all[0]
	}
}
