package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"go.yaml.in/yaml/v3"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/cli"
	"rakudos/internal/engine/audit"
	"rakudos/internal/health/checkup"
	"rakudos/internal/words"
)

// House gives the command line everything that needs to know every type.
func House() cli.House {
	return cli.House{
		Version:      Version,
		Config:       houseConfig,
		Serve:        houseServe,
		Import:       houseImport,
		Statement:    houseStatement,
		VerifyAudit:  houseVerify,
		Password:     housePassword,
		Users:        houseUsers(),
		Returned:     houseReturned,
		Tenants:      houseTenants(),
		Backup:       houseBackups(),
		Erasures:     houseErasures(),
		Assets:       houseAssets,
		Certificates: houseCertificates(),
		Reviews:      houseReviews,
		Keys:         houseKeys(),
		Mails:        houseMails(),
	}
}

// configure is the file and the environment, overruled by what the command line names.
func configure(o cli.Options) (Config, error) {
	c, err := LoadConfig(o.Config, o.Env)
	if err != nil {
		return c, badConfig(o.Config, err)
	}
	if o.Data != "" {
		c.Data = o.Data
	}
	if o.Listen != "" {
		c.Listen = o.Listen
	}
	c.Demo = c.Demo || o.Demo
	return c, badConfig(o.Config, c.Check())
}

// badConfig says what is wrong with a configuration: the file that can't be opened, or a value in it.
func badConfig(file string, err error) error {
	var p *fs.PathError
	var f *fault.Fault
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.As(err, &p) && p.Path == file:
		return fault.New(fault.Missing, "cli.file", "file", file).Because(p)
	}
	return fault.New(fault.Invalid, "cli.config", "detail", err.Error())
}

func houseConfig(o cli.Options) (string, error) {
	c, err := configure(o)
	if err != nil {
		return "", err
	}
	b, err := yaml.Marshal(c)
	return string(b), err
}

func houseServe(ctx context.Context, o cli.Options, out io.Writer) error {
	if err := noCore(); err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" { // imports hold much for a moment: a little more work for the collector, a fifth less at the peak
		debug.SetGCPercent(60)
	}
	c, err := configure(o)
	if err != nil {
		return err
	}
	r, err := Start(ctx, c, slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	if err := r.welcome(out); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- r.Wait() }()
	select {
	case <-ctx.Done():
		return r.Close()
	case err := <-failed:
		_ = r.Close()
		return err
	}
}

// welcome tells a newcomer where to click.
func (r *Running) welcome(out io.Writer) error {
	c := r.Config
	text := fmt.Sprintf("%s  %s\n公開のセキュリティ対策ページ  %s/trust\n", c.Service.Name, r.URL, r.URL)
	if c.Demo {
		accounts, err := os.ReadFile(c.path("demo-accounts.txt"))
		if err != nil {
			return err
		}
		text += fmt.Sprintf("\n体験用の利用者（契約先コード 利用者ID パスワード、控えは %s）\n%s\nログインの認証コードは %s/demo/mail で読めます（メールの控えは %s）\n",
			c.path("demo-accounts.txt"), accounts, r.URL, c.path("mail"))
	} else if c.Mail.Mode == "spool" {
		text += fmt.Sprintf("メールは送信せず、暗号化して %s に置きます（rakudos mail list で読めます。mail.mode: smtp で送信します）\n", c.path("mail"))
	}
	remains, err := r.demoRemains(context.Background())
	if err != nil {
		return err
	}
	if remains {
		text += "注意: このデータには体験用の会社と利用者が入っています（パスワードは demo-accounts.txt にあります）。実際の運用には、新しいデータフォルダーを使ってください。\n"
	}
	_, err = fmt.Fprint(out, text+"止めるには Ctrl+C を押してください。\n")
	return err
}

// stopped opens the data of a service that does not run; it must be there already.
func stopped(ctx context.Context, o cli.Options) (*App, error) {
	c, err := configure(o)
	if err != nil {
		return nil, err
	}
	c.Demo = false
	if !HasData(c.Data) {
		return nil, fault.New(fault.Missing, "app.no_data", "dir", c.Data)
	}
	return Open(ctx, c, slog.New(slog.NewJSONHandler(os.Stderr, nil)))
}

func houseImport(ctx context.Context, o cli.Options, req cli.ImportRequest) (out cli.Import, err error) {
	a, err := stopped(ctx, o)
	if err != nil {
		return out, err
	}
	defer func() {
		if e := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = e
		}
	}()
	t, err := a.Tenant(ctx, req.Tenant)
	if err != nil {
		return out, err
	}
	who := actor.HostOperator(t.ID, "import")
	if req.Kind == "roster" {
		read := a.Org.ImportNow
		if req.Full {
			read = a.Org.ImportFullNow
		}
		v, err := read(ctx, who, req.Name, req.File, req.Confirm)
		if err == nil && len(req.Leave) > 0 {
			if err = a.Org.MarkLeaversByNumber(ctx, who, v.ID, req.Leave, req.LeaveOn); err == nil {
				v, err = a.Org.Import(ctx, who, v.ID)
			}
		}
		if err != nil {
			return out, err
		}
		v.Words(func(f *fault.Fault) string { return words.Fault(f).Message })
		return reshape(v)
	}
	v, err := a.Checkup.ImportNow(ctx, who, req.Name, req.File, req.Confirm)
	if err != nil {
		return out, err
	}
	return reshape(inWords(v))
}

func inWords(v *checkup.Import) *checkup.Import {
	v.Words(func(f *fault.Fault) string { return words.Fault(f).Message })
	return v
}

// reshape keeps one JSON form of an import for the web and the command line.
func reshape(v any) (out cli.Import, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(b, &out)
}

// houseStatement renders from a stopped service's newest evidence; without data it renders the statement
// of a service that has none, in a directory that is thrown away.
func houseStatement(ctx context.Context, o cli.Options) (out cli.Statement, err error) {
	c, err := configure(o)
	if err != nil {
		return out, err
	}
	c.Demo = false
	if !HasData(c.Data) {
		if o.Data != "" {
			return out, fault.New(fault.Missing, "app.no_data", "dir", c.Data)
		}
		dir, err := os.MkdirTemp("", "rakudos-statement-")
		if err != nil {
			return out, err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // an empty service's data in the system's temporary folder
		c.Data = filepath.Join(dir, "data")
	}
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return out, err
	}
	defer func() {
		if e := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = e
		}
	}()
	s, err := a.Statement.Statement(ctx)
	if err != nil {
		return out, err
	}
	out.JSON = s
	for _, cl := range s.Clauses {
		out.Clauses = append(out.Clauses, cli.StatementLine{Clause: cl.ID, Status: string(cl.Status), Says: cl.Says})
	}
	return out, nil
}

func houseVerify(ctx context.Context, o cli.Options) (audit.Report, error) {
	c, err := configure(o)
	if err != nil {
		return audit.Report{}, err
	}
	c.Demo = false
	if !HasData(c.Data) {
		return audit.Report{}, fault.New(fault.Missing, "app.no_data", "dir", c.Data)
	}
	return verifyOffline(ctx, c)
}
