package identity

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/engine/db"
	smtp "rakudos/internal/engine/mail"
)

var (
	localForm = regexp.MustCompile("^[A-Za-z0-9.!#$%&'*+/=?^_{|}~`-]{1,64}$")
	hostForm  = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
)

// address refuses what no mail of the second step would reach, wherever an address is given: whoever mistypes it is shut
// out a day later.
func address(s string) error {
	if flaw := glyph.Flaw(s); flaw != "" {
		return fault.New(fault.Invalid, "identity.email_form", "hidden", flaw, "of", "メールアドレス")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return fault.New(fault.Invalid, "identity.email_wide")
	}
	m, err := mail.ParseAddress(s)
	if err != nil || m.Address != s || len(s) > 254 {
		return fault.New(fault.Invalid, "identity.email_form")
	}
	i := strings.LastIndexByte(s, '@')
	if !localForm.MatchString(s[:i]) {
		return fault.New(fault.Invalid, "identity.email_form")
	}
	if !hostForm.MatchString(s[i+1:]) { // a single name, or a number
		return fault.New(fault.Invalid, "identity.email_domain")
	}
	return nil
}

// another refuses the address that an account has already.
func (a *attempt) another(email string) error {
	now, err := a.key.Open(at(accountsTable, string(a.account.ID), "email"), a.account.email)
	if err == nil && strings.EqualFold(string(now), email) {
		return fault.New(fault.Invalid, "identity.email_same")
	}
	return err
}

// tellNew mails the address that is to become an account's, without making the request wait: who mistyped it, or whose
// address somebody else gave, learns of it before the day is over. It says nothing of the account. When that mailbox is
// refused, the present one is told.
func (s *Service) tellNew(a *attempt, email string, due time.Time) {
	text := fmt.Sprintf(`%s の健康管理のサービスで、このメールアドレスが、サインインの確認コードの送り先として登録されようとしています。

・切り替わる時刻：%s

ご自分で変更した場合や、会社から聞いている場合は、することはありません。このメールが届いていれば、切り替わった後のコードもここへ届きます。
お心当たりがない場合は、アドレスの打ち間違いかもしれません。このメールには返信せず、上の会社の健康管理の担当者へ知らせてください。あなたの情報は登録されていません。
`, oneLine(a.info.Name), moment(due))
	who := visitor(a.account.Tenant, a.account.ID, a.visit)
	s.later(func() {
		err := s.deliver(s.ending, a.account, a.key, smtp.Message{To: email, Subject: "メールアドレスの登録の予定", Text: text})
		result := "ok"
		if err != nil {
			result = "failed"
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 10*time.Second)
		defer cancel()
		_ = s.transact(ctx, func(tx *db.Tx) error { return s.record(tx, "auth.email_notice", who, result, nil) })
		if isRefused(err) {
			s.tell(a, "auth.email_notice", "新しいメールアドレスに届きません", fmt.Sprintf(`確認コードの送り先にしようとしている新しいアドレス（%s）は、送り先のサーバーに拒まれました。

・切り替わる時刻：%s

このままでは、切り替わった後にコードを受け取れず、サインインできなくなります。サインインして「サインインと安全」の画面で取り消し、正しいアドレスで申し込み直してください。
`, maskEmail(email), moment(due)))
		}
	})
}
