package asset

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/control"
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
			Says: "資源（プロセス、待受け、ファイル、データベース、保管場所、鍵、証明書、ディスク）は、実際の一覧から作る台帳で、持ち主・区分・処分の方法とともに管理し、台帳にないものを見つけます。",
			NotProven: "データフォルダーは、いちばん上の階層の名前を台帳と突き合わせ、その下では、SQLiteのデータベースのファイルだけを中身の始まりで見分けて探し（一時フォルダーを除く）、ほかのファイルは数と大きさだけを数えています。プロセスはこのプログラムだけ、待受はそのTCPの待受だけ、証明書はその待受のものだけで、" +
				"この機械のほかのプロセスやファイルは調べていません。クラウドの資源の一覧は、クラウドに置いたときに集めます。利用者側の機器は対象外です。",
			Probe:  s.probeLedger,
			Mutant: s.mutantLedger,
		},
		{
			ID: "AST-DISPOSE", Clauses: []string{"2-4"}, Grades: []control.Grade{control.Real, control.Inherited}, Owner: "SRE", Every: 24 * time.Hour, Fresh: 8 * 24 * time.Hour,
			Says:      "資源の処分は、申請者とは別の人の承認を経て、データを上書きして読めない状態にし、読み返して確かめてから行い、記録を残します。",
			NotProven: "検査用の資源を処分した結果です。申請者と承認者は検査のための仮の二人で、二人が互いに独立した人かどうかの判定はこの検査に含まれません。SSDなどの媒体の内部に残る写しは調べていません。媒体の物理的な処分は設置者・クラウド事業者によります。",
			Probe:     s.probeDispose,
			Mutant:    s.mutantDispose,
		},
		{
			ID: "ER-REUSE", Grades: real, Owner: "SRE", Every: 24 * time.Hour, Fresh: 8 * 24 * time.Hour,
			Says:      "記憶域を再利用する前に、前のデータが読めないことを確かめます。ファイルの領域は上書きしてから手放し、データベースは消した行の場所を空白にします。",
			NotProven: "ファイルの領域とデータベースのファイルを調べた結果です。クラウド事業者の設備の内部は対象外です。データベースの行は、消去のときと同じ手順で消して調べています。ほかの削除では、消した行の内容が、変更の控え（WAL）に、次の書込みで上書きされるまで残ることがあります。PostgreSQLを使うときは、そのサーバのファイルを調べられず、この約束は未確認とします。",
			Probe:     s.probeReuse,
			Mutant:    func(ctx context.Context) (control.Evidence, error) { return s.careless().probeReuse(ctx) },
		},
	}
}

// blind is the mutant that does not look into the data directory.
func (s *Service) blind() *Service {
	m := &Service{o: s.o, dry: true}
	m.o.Collectors = nil
	return m
}

// credulous is the mutant whose plan foresees everything, so that whatever is met is entered as known.
func (s *Service) credulous() *Service {
	m := &Service{o: s.o, late: s.late, dry: true}
	m.o.Plan = slices.Concat(s.o.Plan, []Rule{{Prefix: "*", Class: Internal, Owner: "SRE", Disposal: byEnd, Optional: true}})
	return m
}

// mutantLedger: neither who does not look nor who believes everything may pass.
func (s *Service) mutantLedger(ctx context.Context) (out control.Evidence, err error) {
	for _, m := range []*Service{s.blind(), s.credulous(), s.shallow()} {
		e, err := m.probeLedger(ctx)
		if err != nil || e.OK {
			return e, err
		}
		out.Measured, out.Failed = e.Measured, append(out.Failed, e.Failed...)
	}
	return out, nil
}

// shallow is the mutant that looks for no database below the first level.
func (s *Service) shallow() *Service {
	m := &Service{o: s.o, late: s.late, dry: true}
	m.o.Collectors = slices.DeleteFunc(slices.Clone(s.o.Collectors), func(c Collector) bool { return slices.Contains(c.Kinds, Database) })
	return m
}

// careless is the mutant that removes names without overwriting.
func (s *Service) careless() *Service { return &Service{o: s.o, keep: true} }

// mutantDispose: neither who overwrites nothing nor who keeps no record may pass.
func (s *Service) mutantDispose(ctx context.Context) (out control.Evidence, err error) {
	for _, m := range []*Service{s.careless(), {o: s.o, silent: true}} {
		e, err := m.probeDispose(ctx)
		if err != nil || e.OK {
			return e, err
		}
		out.Measured, out.Failed = e.Measured, append(out.Failed, e.Failed...)
	}
	return out, nil
}

// canaryName is short: the record of its disposal stands in the ledger for people to read.
func (s *Service) canaryName() string { return sweepName + rand.Text()[:12] }

// lures are a file and a socket that nobody planned, for as long as the probe looks.
type lures struct {
	ids  map[string]string // and what each is called
	path []string
	open net.Listener
}

// lay lays them out. The socket takes no connection: it only listens, on this machine's own address.
func (s *Service) lay() (*lures, error) {
	name, folder := s.canaryName(), s.canaryName()
	l := &lures{path: []string{filepath.Join(s.o.Dir, name), filepath.Join(s.o.Dir, folder)}}
	inside := folder + "/a/b/copy.bin"
	err := errors.Join(
		os.WriteFile(l.path[0], []byte(name), 0o600),
		os.MkdirAll(filepath.Join(l.path[1], "a", "b"), 0o700),
		os.WriteFile(filepath.Join(s.o.Dir, filepath.FromSlash(inside)), []byte("SQLite format 3\x00"), 0o600))
	if err == nil {
		l.open, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, errors.Join(err, l.sweep())
	}
	l.ids = map[string]string{"store:" + name: "ファイル", strayID + inside: "データベース", "listener:" + l.open.Addr().String(): "待受"}
	return l, nil
}

func (l *lures) take() error { return errors.Join(l.open.Close(), l.sweep()) }

func (l *lures) sweep() (err error) {
	for _, path := range l.path {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// probeLedger compares, and lays out what nobody planned: it must be found.
func (s *Service) probeLedger(ctx context.Context) (control.Evidence, error) {
	l, err := s.lay()
	if err != nil {
		return control.Evidence{}, err
	}
	v, err := s.Look(ctx)
	if err = errors.Join(err, l.take()); err != nil {
		return control.Evidence{}, err
	}
	if !slices.Contains(v.Looked, Listener) { // nothing listens in a service that was never started
		maps.DeleteFunc(l.ids, func(id, _ string) bool { return strings.HasPrefix(id, "listener:") })
	}
	e := control.Evidence{Failed: []string{}}
	laid, rest := len(l.ids), v.Difference
	rest.Orphans = slices.DeleteFunc(slices.Clone(rest.Orphans), func(f Found) bool { return l.ids[f.ID] != "" || OfProbe(f.ID) })
	s.last.Store(&rest)       // nobody is to be asked about the lures
	wrong := map[string]int{} // counted: the page is public, and a file may be called by a customer's name
	for _, f := range v.Difference.Orphans {
		switch {
		case l.ids[f.ID] != "":
			delete(l.ids, f.ID)
		case !OfProbe(f.ID):
			wrong["台帳にない資源（"+string(f.Kind)+"）"]++
		}
	}
	for _, what := range slices.Sorted(maps.Values(l.ids)) {
		e.Failed = append(e.Failed, "置いてみた検査用の"+what+"に気づかなかった")
	}
	for what, all := range map[string][]Entry{"処分の記録なしになくなった資源": v.Difference.Vanished, "処分したはずなのにある資源": v.Difference.Back, "持ち主・区分・処分の方法がない資源": v.Difference.Incomplete} {
		for _, x := range all {
			wrong[what+"（"+string(x.Kind)+"）"]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(wrong)) {
		e.Failed = append(e.Failed, fmt.Sprintf("%s: %d件", what, wrong[what]))
	}
	live := 0
	for _, x := range v.Entries {
		if !x.Gone() {
			live++
		}
	}
	e.OK = len(e.Failed) == 0
	e.Facts = map[string]any{"resources": live, "kinds": len(v.Looked), "differences": len(e.Failed), "lures": laid, "lures_found": laid - len(l.ids)}
	e.Measured = fmt.Sprintf("%sに%d種類の資源を実際に調べ、台帳の%d件と突き合わせました。食い違いは%d件で、台帳にないものとして置いてみた検査用のファイル・データベース・待受%d件のうち%d件を見つけました。",
		jst.Stamp(v.At), len(v.Looked), live, len(e.Failed), laid, laid-len(l.ids))
	return e, nil
}
