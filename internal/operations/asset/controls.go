package asset

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// sweepName begins the names of what the probes make, so that a killed one's leftovers are swept.
const sweepName = "canary-asset-"

// CanaryFiles matches what a killed probe leaves in the data directory.
const CanaryFiles = sweepName + "*"

// Controls gives AST-LEDGER, AST-DISPOSE (clause 2-4) and the extension ER-REUSE.
func Controls(s *Service) []control.Control {
	real := []control.Grade{control.Real}
	return []control.Control{
		{
			ID: "AST-LEDGER", Clauses: []string{"2-4"}, Grades: real, Owner: "SRE", Every: time.Hour, Fresh: 3 * time.Hour,
			Says:      "資源（プロセス、待受け、ファイル、データベース、保管場所、鍵、証明書、ディスク）は、実際の一覧から作る台帳で、持ち主・区分・処分の方法とともに管理し、台帳にないものを見つけます。",
			NotProven: "この機械の資源とデータフォルダーの中を調べた結果です。クラウドの資源の一覧は、クラウドに置いたときに集めます。利用者側の機器は対象外です。",
			Probe:     s.probeLedger,
			Mutant:    func(ctx context.Context) (control.Evidence, error) { return s.blind().probeLedger(ctx) },
		},
		{
			ID: "AST-DISPOSE", Clauses: []string{"2-4"}, Grades: []control.Grade{control.Real, control.Inherited}, Owner: "SRE", Every: 24 * time.Hour, Fresh: 8 * 24 * time.Hour,
			Says:      "資源の処分は、申請者とは別の人の承認を経て、データを上書きして読めない状態にし、読み返して確かめてから行い、記録を残します。",
			NotProven: "検査用の資源を処分した結果です。SSDなどの媒体の内部に残る写しは調べていません。媒体の物理的な処分は設置者・クラウド事業者によります。",
			Probe:     s.probeDispose,
			Mutant:    func(ctx context.Context) (control.Evidence, error) { return s.careless().probeDispose(ctx) },
		},
		{
			ID: "ER-REUSE", Grades: real, Owner: "SRE", Every: 24 * time.Hour, Fresh: 8 * 24 * time.Hour,
			Says:      "記憶域を再利用する前に、前のデータが読めないことを確かめます。ファイルの領域は上書きしてから手放し、データベースは消した行の場所を空白にします。",
			NotProven: "ファイルの領域とデータベースのファイルを調べた結果です。クラウド事業者の設備の内部は対象外です。PostgreSQLを使うときは、そのサーバのファイルを調べていません。",
			Probe:     s.probeReuse,
			Mutant:    func(ctx context.Context) (control.Evidence, error) { return s.careless().probeReuse(ctx) },
		},
	}
}

// blind is the mutant that does not look into the data directory.
func (s *Service) blind() *Service {
	m := &Service{o: s.o}
	m.o.Collectors = nil
	return m
}

// careless is the mutant that removes names without overwriting.
func (s *Service) careless() *Service { return &Service{o: s.o, keep: true} }

func (s *Service) canaryName() string { return sweepName + ids.New[string]() }

// probeLedger compares, and lays a file that nobody planned beside the others: it must be found.
func (s *Service) probeLedger(ctx context.Context) (control.Evidence, error) {
	name := s.canaryName()
	path := filepath.Join(s.o.Dir, name)
	if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
		return control.Evidence{}, err
	}
	v, err := s.Look(ctx)
	if e := os.Remove(path); err == nil {
		err = e
	}
	if err != nil {
		return control.Evidence{}, err
	}
	e := control.Evidence{Failed: []string{}}
	noticed := false
	for _, f := range v.Difference.Orphans {
		switch {
		case f.ID == "store:"+name:
			noticed = true
		case !OfProbe(f.ID):
			e.Failed = append(e.Failed, "台帳にない資源: "+f.ID)
		}
	}
	if !noticed {
		e.Failed = append(e.Failed, "置いてみた検査用のファイルに気づかなかった")
	}
	for _, x := range v.Difference.Vanished {
		e.Failed = append(e.Failed, "処分の記録なしになくなった資源: "+x.ID)
	}
	for _, x := range v.Difference.Back {
		e.Failed = append(e.Failed, "処分したはずの資源がある: "+x.ID)
	}
	for _, x := range v.Difference.Incomplete {
		e.Failed = append(e.Failed, "持ち主・区分・処分の方法がない資源: "+x.ID)
	}
	live := 0
	for _, x := range v.Entries {
		if !x.Gone() {
			live++
		}
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"resources": live, "kinds": len(v.Looked), "differences": len(e.Failed), "canary_found": noticed}
	e.Measured = fmt.Sprintf("%sに%d種類の資源を実際に調べ、台帳の%d件と突き合わせました。食い違いは%d件で、置いてみた検査用のファイルは台帳にないものとして見つけま%s。",
		jst.Stamp(v.At), len(v.Looked), live, len(e.Failed), map[bool]string{true: "した", false: "せんでした"}[noticed])
	return e, nil
}
