package backup

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup/pgtool"
)

// Physical is what copying a PostgreSQL cluster needs; without it there are daily sets only.
type Physical struct {
	DSN  string        // of a role that may replicate
	Dir  string        // where pg_receivewal writes; nothing else is there
	Beat time.Duration // how often WAL is shipped, and marked with a commit
}

// Standing is how point-in-time recovery stands in this process.
type Standing struct {
	Made  bool      `json:"made"`          // WAL arrives and is shipped
	Why   string    `json:"why,omitempty"` // a fault's code: what keeps it from being made
	Since time.Time `json:"since"`
}

// whys are the reasons for the reader of the statement, by the fault's code.
var whys = map[string]string{
	"backup.pitr_tools":       "pg_basebackup と pg_receivewal がこのホストにありません",
	"backup.pitr_version":     "このホストの PostgreSQL の道具の版が、サーバーの版と違います",
	"backup.pitr_old_server":  "サーバーの PostgreSQL の版が古すぎます",
	"backup.pitr_keys_inside": "鍵の保管庫が記録と同じクラスターにあり、消した鍵が写しに残るおそれがあるため、写しを取りません",
	"backup.pitr_others":      "クラスターにほかのデータベースがあるため、写しを取りません",
	"backup.pitr_tablespaces": "追加のテーブル空間があるため、写しを取れません",
	"backup.pitr_role":        "データベースの役割に、複製の権限（REPLICATION）がありません",
	"backup.pitr_hba":         "サーバーが複製の接続を許していません（pg_hba.conf）",
	"backup.pitr_password":    "複製の接続のパスワードが違います",
	"backup.pitr_senders":     "サーバーが複製の接続を受け付けていません（max_wal_senders）",
	"backup.pitr_level":       "サーバーの wal_level が replica より低くなっています",
	"backup.pitr_slots":       "サーバーの複製スロットに空きがありません",
	"backup.pitr_taken":       "複製スロットを、ほかの接続が使っています",
}

// why is the sentence for a code, never empty.
func why(code string) string {
	if w := whys[code]; w != "" {
		return w
	}
	return "WAL が届いていません（" + code + "）"
}

// Standing tells how it stands; ok is false where there is nothing to stand: without a PostgreSQL cluster.
func (s *Service) Standing() (st Standing, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing, s.o.Physical != nil
}

// stand notes a change and tells whether it was one.
func (s *Service) stand(made bool, code string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.standing.Made == made && s.standing.Why == code && !s.standing.Since.IsZero() {
		return false
	}
	s.standing = Standing{made, code, now}
	return true
}

// copying is what is needed to copy the cluster, checked anew for every connection.
type copying struct {
	cluster db.Cluster
	tools   pgtool.Tools
	conn    pgtool.Conn
}

// eligible finds out whether the cluster may be copied at all. A copy takes everything in it: a key store
// would come along and outlive the destruction of its keys (clause 6-2), other databases are not ours to keep.
func (s *Service) eligible(ctx context.Context) (c copying, err error) {
	if c.cluster, err = s.o.Main.Cluster(ctx); err != nil {
		return c, err
	}
	keys, err := s.o.Keys.Cluster(ctx)
	if err != nil {
		return c, err
	}
	switch {
	case keys.System == c.cluster.System, c.cluster.Keys:
		return c, fault.New(fault.Denied, "backup.pitr_keys_inside")
	case len(c.cluster.Others) > 0:
		return c, fault.New(fault.Denied, "backup.pitr_others", "database", c.cluster.Others[0])
	case c.cluster.Tablespaces > 0:
		return c, fault.New(fault.Denied, "backup.pitr_tablespaces")
	}
	if c.tools, err = pgtool.FindCopying(ctx, c.cluster.Major); err != nil {
		return c, err
	}
	c.conn, err = pgtool.ParseConn(s.o.Physical.DSN)
	return c, err
}
