package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
)

// moment writes an instant without any run of eight digits: 「2026年11月23日 14時05分」.
func moment(t time.Time) string {
	j := t.In(jst.Zone)
	return fmt.Sprintf("%s %d時%02d分", jst.Japanese(jst.Of(t)), j.Hour(), j.Minute())
}

// plain writes an address so that it can't be taken for a code: shortened, with long runs of digits broken.
func plain(addr string) string {
	if addr == "" {
		return "不明"
	}
	var b strings.Builder
	run := 0
	for _, r := range clip(addr, 60) {
		if r < ' ' || r == 0x7f {
			continue
		}
		if run++; r < '0' || r > '9' {
			run = 0
		}
		if run == CodeDigits {
			b.WriteByte(' ')
			run = 1
		}
		b.WriteRune(r)
	}
	return b.String()
}

// oneLine keeps a tenant's name from adding lines to a mail or looking like a code.
func oneLine(name string) string { return plain(strings.Join(strings.Fields(name), " ")) }

// codeMail carries the code as its only run of eight digits, and no health data.
func (s *Service) codeMail(to string, info TenantInfo, v Visit, code string, p Pending) mail.Message {
	return mail.Message{To: to, Subject: "サインインの確認コード", Text: fmt.Sprintf(`%s のサインイン画面で、次の確認コードを入力してください。

%s

・有効期限：%s（送信から%s。一度だけ使えます）
・パスワードが入力された時刻：%s
・接続元：%s
・サインインの画面：%s

同じサインインの画面でコードを再送したときは、前のコードは使えません。
このコードを他の人に教えないでください。保健会の職員がおたずねすることもありません。
お心当たりがない場合は、パスワードを知られている可能性があります。すぐにパスワードを変え、自社の管理者へ知らせてください。
`, oneLine(info.Name), code, moment(p.ExpiresAt), spanJA(s.policy.CodeFor), moment(p.SentAt), plain(v.Addr), plain(s.site))}
}

func (s *Service) tellLocked(a *attempt) {
	s.tell(a, "auth.lock_notice", "利用者IDがロックされました", fmt.Sprintf(`%s の利用者IDが、パスワードの入力の失敗が続いたためロックされました。

・時刻：%s
・最後の接続元：%s

正しいパスワードでもサインインできません。自社の管理者に解除を依頼してください。
以前サインインに成功したことのある端末からは、ロックされていても通常どおりサインインできる場合があります。
お心当たりがない場合は、そのことも管理者へ知らせてください。
`, oneLine(a.info.Name), moment(time.Now()), plain(a.visit.Addr)))
}

func (s *Service) tellUnlocked(a *attempt) {
	s.tell(a, "auth.unlock_notice", "利用者IDのロックが解除されました", fmt.Sprintf(`%s の利用者IDのロックを、管理者が理由を記録して解除しました。

・時刻：%s

お心当たりがない場合は、自社の管理者へ知らせてください。
`, oneLine(a.info.Name), moment(time.Now())))
}

func (s *Service) tellChanged(a *attempt) {
	s.tell(a, "auth.change_notice", "パスワードが変更されました", fmt.Sprintf(`%s の利用者IDのパスワードが変更され、ほかの端末のサインインはすべて終了しました。

・時刻：%s
・接続元：%s

お心当たりがない場合は、すぐに自社の管理者へ知らせてください。
`, oneLine(a.info.Name), moment(time.Now()), plain(a.visit.Addr)))
}

// tell mails the owner of an account without making the request wait, so that its time tells nothing.
// Whether it went out is an event.
func (s *Service) tell(a *attempt, verb, subject, text string) {
	email, err := a.key.Open(at(accountsTable, string(a.account.ID), "email"), a.account.email)
	if err != nil || strings.HasSuffix(string(email), sealedDomain) { // an envelope has no mailbox
		return
	}
	who := visitor(a.account.Tenant, a.account.ID, a.visit)
	s.later(func() {
		var err error
		for try := range 3 {
			if err = s.deliver(s.ending, a.account, a.key, mail.Message{To: string(email), Subject: subject, Text: text}); err == nil || s.ending.Err() != nil || isRefused(err) {
				break
			}
			select {
			case <-s.ending.Done():
			case <-time.After(time.Duration(try+1) * 10 * time.Second):
			}
		}
		result := "ok"
		if err != nil {
			result = "failed"
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 10*time.Second)
		defer cancel()
		_ = s.transact(ctx, func(tx *db.Tx) error { return s.record(tx, verb, who, result, nil) })
	})
}
