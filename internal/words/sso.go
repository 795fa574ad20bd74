package words

// ssoTexts are the messages of signing in through a company's own identity provider.
var ssoTexts = map[string]Text{
	"sso.unavailable":        {Message: "この契約先コードでは、会社のアカウントでのサインインを使えません。", Kept: "サインインしていません。", Next: "契約先コードを確かめるか、パスワードでサインインしてください。"},
	"sso.no_flow":            {Message: "サインインの途中の情報がないか、時間切れです。", Kept: "サインインしていません。", Next: "はじめからやり直してください。"},
	"sso.refused":            {Message: "会社のアカウントでのサインインを受け付けられませんでした。", Kept: "サインインしていません。", Next: "もう一度お試しください。続くときは会社の管理者へご連絡ください。"},
	"sso.too_soon":           {Message: "サインインの開始が続いたため、少し間をあけています。", Kept: "サインインしていません。", Next: "しばらく待ってから、もう一度お試しください。"},
	"sso.provider":           {Message: "会社の認証サービスにつながりませんでした。", Kept: "サインインしていません。", Next: "しばらく待ってからもう一度お試しください。続くときは会社の管理者へご連絡ください。"},
	"sso.field":              {Message: "{says}", Kept: "何も変わっていません。"},
	"sso.no_person":          {Message: "その社員番号の人は名簿にいません。"},
	"sso.missing":            {Message: "その連携の設定はありません。", Kept: "何も変わっていません。"},
	"sso.too_many":           {Message: "登録できる連携の数に達しています。", Kept: "何も変わっていません。", Next: "使っていない連携を削除してください。"},
	"sso.none_enabled":       {Message: "使用中の連携がないため、パスワードを使わない役割を決められません。", Kept: "何も変わっていません。", Next: "先に連携を登録し、使用中にしてください。"},
	"sso.nothing_to_confirm": {Message: "確かめる設定がありません。", Kept: "何も変わっていません。", Next: "「二段階の認証とみなす値」を入れて、連携の設定を保存し直してください。"},
	"sso.own_change":         {Message: "設定を変えた人は、自分では確かめられません。", Kept: "何も変わっていません。", Next: "別の管理者に確認を依頼してください。管理者が一人だけのときは、保健会が確かめます。"},
	"sso.changed_meanwhile":  {Message: "表示のあとで設定が変わりました。", Kept: "何も確認していません。", Next: "今の設定を見て、もう一度確かめてください。"},
	"sso.not_alone":          {Message: "この契約先には、確かめられる管理者がほかにいます。", Kept: "何も変わっていません。", Next: "契約先の管理者が確かめます。"},
	"sso.not_linked":         {Message: "会社のアカウントと結び付いていないため、この方法では解除できません。", Kept: "画面はロックしたままです。", Next: "パスワードかパスキーで解除してください。"},
	"sso.again_refused":      {Message: "会社のアカウントで解除できませんでした。会社の画面で、サインインしているご本人が、もう一度本人確認をしてください。", Kept: "画面はロックしたままです。"},
	"sso.test_failed":        {Message: "認証サービスから必要な情報を読み取れませんでした。{says}。", Kept: "設定はそのままです。", Next: "発行者のURLと、認証サービスが動いていることを確かめてください。"},
}
