package cli

import (
	"context"
	"io"

	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/operations/asset"
	"rakudos/internal/people/identity"
)

// Options choose the service and its data. An empty field leaves the configuration's value.
type Options struct {
	Config string // YAML file
	Data   string
	Listen string
	Demo   bool
	Env    []string
}

// House is what app gives to the command line: everything that needs to know every type.
type House struct {
	Version string
	// Config checks the configuration and returns it as YAML with every default filled in.
	Config func(o Options) (string, error)
	// Serve runs the service until ctx ends; a clean stop returns nil. It tells people on out where to look.
	Serve func(ctx context.Context, o Options, out io.Writer) error
	// Import reads a file into a stopped service's data.
	Import func(ctx context.Context, o Options, r ImportRequest) (Import, error)
	// Statement renders the statement from a stopped service's data, or from a new, empty one.
	Statement func(ctx context.Context, o Options) (Statement, error)
	// VerifyAudit checks everything that the log of a stopped service promises.
	VerifyAudit func(ctx context.Context, o Options) (audit.Report, error)
	// Password decides a password rule by rule; it needs no data.
	Password func(o Options, c PasswordCheck) ([]identity.RuleResult, error)
	Users    Users
	// Returned acts on a notification of a mail that came back; out says what became of it.
	Returned func(ctx context.Context, o Options, r io.Reader) (identity.Outcome, error)
	Tenants  Tenants
	// Backup makes, checks and restores backups.
	Backup Backups
	// Keys shows and rotates keys.
	Keys KeyRing
	// Mails reads the sealed mail spool.
	Mails Mails
	// Assets compares the ledger of assets with what is there on a stopped service's data.
	Assets func(ctx context.Context, o Options) (*asset.View, error)
	// Certificates reads the register of certificates of erasure.
	Certificates Certificates
	// Erasures verifies the erasure ledger and lists what was erased.
	Erasures Erasures
	// Reviews tells where the quarterly reviews stand, of one tenant or of all.
	Reviews func(ctx context.Context, o Options, tenant string) ([]accessreview.Standing, error)
}

// ImportRequest is one file for one tenant.
type ImportRequest struct {
	Kind     string // "roster" or "checkups"
	Tenant   string // tenant code
	Name     string // the file's name, for the record
	File     io.Reader
	Confirm  bool                  // false: preview only, nothing stays
	Progress func(done, total int) // may be nil

	Full    bool     // of a roster: the file names everybody
	Leave   []string // employee numbers, of those whom it does not name, to be marked as leavers
	LeaveOn jst.Date // their last day
}

// Import is the state of an import, the same words as GET /imports/{id} answers.
type Import struct {
	ID        string      `json:"id,omitempty"`
	State     string      `json:"state"` // reading, preview, applying, applied, failed, withdrawn
	Rows      int         `json:"rows"`
	Accepted  int         `json:"accepted"`
	Rejected  []Rejected  `json:"rejected"`
	Unmatched []Unmatched `json:"unmatched"`
	Unchanged int         `json:"unchanged"`
	Applied   int         `json:"applied"`

	RejectedMore  int `json:"rejected_more,omitempty"`  // refused lines beyond those that are kept
	UnmatchedMore int `json:"unmatched_more,omitempty"` // the same of unmatched ones
	ReasonsMore   int `json:"reasons_more,omitempty"`   // further reasons of lines that are kept

	Full        bool     `json:"full,omitempty"`         // the file names everybody
	AbsentCount int      `json:"absent_count,omitempty"` // people whom it did not name when it was read
	Absent      []Absent `json:"absent,omitempty"`       // of them, those without a last day now
}

// Absent is somebody whom a full list does not name.
type Absent struct {
	Number string `json:"number"`
}

// Rejected is a line that was refused, with every reason.
type Rejected struct {
	Line   int         `json:"line"`
	Errors []CellError `json:"errors"`
}

// CellError names the column and the reason; never the cell's content.
type CellError struct {
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// Unmatched is a line whose person was not found or not certain.
type Unmatched struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}
