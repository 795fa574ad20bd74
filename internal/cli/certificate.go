package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/words"
)

// Certificates is what app gives to the verbs that need a stopped service's data.
type Certificates struct {
	List func(ctx context.Context, o Options) ([]certificate.Entry, error)
	// Show gives one certificate as it is handed out.
	Show func(ctx context.Context, o Options, id string) (*certificate.File, error)
	// Keys gives the public half, for those who verify.
	Keys func(ctx context.Context, o Options) (certificate.Trust, error)
	// Revoke withdraws one, with a reason.
	Revoke func(ctx context.Context, o Options, id, reason string) error
	// RotateKey makes a new signing key and returns its public half.
	RotateKey func(ctx context.Context, o Options) (string, error)
}

func certificateCommands() []command {
	return []command{certificateVerifyCommand(), certificateListCommand(), certificateShowCommand(), certificateKeyCommand(), certificateRevokeCommand(), certificateRotateCommand()}
}

// certificateVerdict is the JSON of a verification.
type certificateVerdict struct {
	OK       bool      `json:"ok"`
	ID       string    `json:"id,omitempty"`
	Stage    int       `json:"stage,omitempty"`
	State    string    `json:"state,omitempty"`
	Tenant   string    `json:"tenant,omitempty"`
	IssuedAt string    `json:"issued_at,omitempty"`
	Digest   string    `json:"digest,omitempty"`
	LogIndex int64     `json:"log_index"`
	Revoked  bool      `json:"revoked"`
	Problems []problem `json:"problems"`
}

func verdict(r certificate.Report) certificateVerdict {
	v := certificateVerdict{OK: r.OK, Digest: r.Digest, LogIndex: r.LogIndex, Revoked: r.Revoked, Problems: []problem{}}
	if r.File != nil {
		b := r.File.Certificate
		v.ID, v.Stage, v.State, v.Tenant, v.IssuedAt = b.ID, b.Stage, r.File.State(), b.Tenant.Name, b.IssuedAt.JST
	}
	if r.Revoked {
		v.State = certificate.Revoked
	}
	for _, f := range r.Problems {
		t := words.Fault(f)
		v.Problems = append(v.Problems, problem{f.Code, t.Message, t.Kept, t.Next})
	}
	return v
}

func certificateVerifyCommand() command {
	return command{
		name: "certificate verify", says: "消去証明書のファイルを検証します。通信もデータも要りません。公開鍵は発行元の /certificates/key から取ります。",
		args: "証明書.json --key 公開鍵のファイル [--log-key 監査ログの公開鍵のファイル] [--json]", operand: "証明書.json",
		examples: []string{
			"rakudos certificate verify certificate.json --key certificates-key.txt",
			"rakudos certificate verify certificate.json --key certificates-key.txt --json",
		},
		setup: func(f *flag.FlagSet) action {
			key := f.String("key", "", "発行元が公開している鍵のファイル（必須）")
			logKey := f.String("log-key", "", "監査ログの公開鍵のファイル（省略時は --key のファイルにあるもの）")
			return func(_ context.Context, s *stage) error {
				if err := need("証明書.json", s.operand, "--key", *key); err != nil {
					return err
				}
				trust, err := readTrust(*key)
				if err != nil {
					return err
				}
				if *logKey != "" {
					logs, err := readTrust(*logKey)
					if err != nil {
						return err
					}
					trust.Logs = logs.Logs
				}
				b, err := readBounded(s.operand)
				if err != nil {
					return err
				}
				r := certificate.Verify(b, trust)
				v := verdict(r)
				if err := s.answer(v, func(w io.Writer) { tellVerdict(w, v) }); err != nil {
					return err
				}
				if !r.OK {
					return reported{fault.New(fault.Conflict, "cli.certificate_bad")}
				}
				return nil
			}
		},
	}
}

func readTrust(path string) (certificate.Trust, error) {
	f, err := os.Open(path)
	if err != nil {
		return certificate.Trust{}, fault.New(fault.Missing, "cli.file", "file", path).Because(err)
	}
	defer f.Close() //nolint:errcheck // read only
	return certificate.ReadTrust(f)
}

// readBounded reads a file, one byte more than is allowed, so that the reader can refuse it.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Missing, "cli.file", "file", path).Because(err)
	}
	defer f.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(io.LimitReader(f, certificate.MaxFile+1))
	if err != nil {
		return nil, fault.New(fault.Missing, "cli.file", "file", path).Because(err)
	}
	return b, nil
}

func tellVerdict(w io.Writer, v certificateVerdict) {
	if v.OK {
		fmt.Fprintf(w, "本物です。署名・項目・監査ログへの記載のすべてが成り立ちます。\n証明書 %s（%s、%s）\n契約先 %s\n発行 %s\n監査ログの %d 番\n内容の SHA-256 %s\n",
			v.ID, certificate.StageName(v.Stage), certificate.StateName(v.State), v.Tenant, v.IssuedAt, v.LogIndex, v.Digest)
		return
	}
	if v.Revoked {
		fmt.Fprintln(w, "取り消された証明書です。")
	} else {
		fmt.Fprintln(w, "この証明書は、検証できません。")
	}
	for _, p := range v.Problems {
		fmt.Fprintf(w, "・%s（%s）\n", p.Message, p.Code)
		if p.Next != "" {
			fmt.Fprintf(w, "  %s\n", p.Next)
		}
	}
}

// certificateLine is a line of the register.
type certificateLine struct {
	ID       string `json:"id"`
	Stage    int    `json:"stage"`
	State    string `json:"state"`
	Tenant   string `json:"tenant"`
	Contract string `json:"contract"`
	IssuedAt string `json:"issued_at"`
	Keep     string `json:"keep_until"`
	Digest   string `json:"digest"`
}

func certificateListCommand() command {
	return command{
		name: "certificate list", says: "発行した消去証明書を、新しい順に表示します（サービスを止めた状態で）。",
		args: "[--data フォルダー] [--config ファイル] [--json]", examples: []string{"rakudos certificate list --data data"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				all, err := s.house.Certificates.List(ctx, o)
				if err != nil {
					return err
				}
				lines := []certificateLine{}
				for _, e := range all {
					lines = append(lines, certificateLine{e.ID, e.Stage, e.State, e.Body.Tenant.Name, e.Body.Tenant.Contract, jst.StampSec(e.IssuedAt), e.Keep, e.Digest})
				}
				return s.answer(lines, func(w io.Writer) {
					if len(lines) == 0 {
						fmt.Fprintln(w, "消去証明書はまだありません。")
					}
					for _, l := range lines {
						fmt.Fprintf(w, "%s  %s  %s  %s（%s）  %s まで保管\n", l.ID, certificate.StageName(l.Stage), certificate.StateName(l.State), l.Tenant, l.Contract, l.Keep)
					}
				})
			}
		},
	}
}

func certificateShowCommand() command {
	return command{
		name: "certificate show", says: "消去証明書を、手渡す形の JSON のまま出力します（サービスを止めた状態で）。",
		args: "証明書番号 [--data フォルダー] [--config ファイル]", operand: "証明書番号",
		examples: []string{"rakudos certificate show 019a0000-0000-7000-8000-000000000000 --data data > certificate.json"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("証明書番号", s.operand); err != nil {
					return err
				}
				file, err := s.house.Certificates.Show(ctx, o, s.operand)
				if err != nil {
					return err
				}
				b, err := file.Encode() // its only form: laid out anew it would not verify
				if err != nil {
					return err
				}
				_, err = s.Out.Write(b)
				return err
			}
		},
	}
}

func certificateKeyCommand() command {
	return command{
		name: "certificate key", says: "検証に使う公開鍵を、/certificates/key と同じ形で出力します（サービスを止めた状態で）。",
		args: "[--data フォルダー] [--config ファイル]", examples: []string{"rakudos certificate key --data data > certificates-key.txt"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				t, err := s.house.Certificates.Keys(ctx, o)
				if err != nil {
					return err
				}
				return t.Write(s.Out)
			}
		},
	}
}

func certificateRevokeCommand() command {
	return command{
		name: "certificate revoke", says: "消去証明書を取り消します。元に戻せません。公開の検証ページと公開鍵の一覧は、取り消した日時を示します（サービスを止めた状態で）。",
		args: "証明書番号 --reason 理由 [--data フォルダー] [--config ファイル] [--json]", operand: "証明書番号",
		examples: []string{"rakudos certificate revoke 01a2… --reason 契約先の取り違え --data data"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			reason := f.String("reason", "", "取り消す理由（必須。人の氏名を書かないでください）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("証明書番号", s.operand, "--reason", *reason); err != nil {
					return err
				}
				if err := s.house.Certificates.Revoke(ctx, o, s.operand, *reason); err != nil {
					return err
				}
				return s.answer(map[string]string{"revoked": s.operand}, func(w io.Writer) {
					fmt.Fprintf(w, "証明書 %s を取り消しました。\n", s.operand)
				})
			}
		},
	}
}

func certificateRotateCommand() command {
	return command{
		name: "certificate rotate-key", says: "証明書に署名する鍵を新しくします。前の鍵で署名した証明書は、そのまま検証できます（サービスを止めた状態で）。",
		args: "[--data フォルダー] [--config ファイル] [--json]", examples: []string{"rakudos certificate rotate-key --data data"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				public, err := s.house.Certificates.RotateKey(ctx, o)
				if err != nil {
					return err
				}
				return s.answer(map[string]string{"public_key": public}, func(w io.Writer) {
					fmt.Fprintf(w, "署名の鍵を新しくしました。公開鍵: %s\n", public)
				})
			}
		},
	}
}
