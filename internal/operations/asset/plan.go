package asset

// Ways of disposal, as NIST SP 800-88r2 sorts them: cryptographic erase where the content is sealed, overwriting
// otherwise, and what no medium takes part in.
const (
	byKey       = "鍵を破棄し、上書きして消す"
	byOverwrite = "上書きして消す"
	byEnd       = "止める（媒体なし）"
	byErasure   = "消去の手続きで鍵を破棄する"
	byLadder    = "期限で消す（封印済み）"
	byRenewal   = "失効させ、新しいものに替える"
	byProvider  = "設置者・クラウド事業者の手順で処分する"
)

// Plan is every resource that the service makes by itself, by its exact name: a rule for a whole kind would enter by
// itself whatever is met, and nothing would ever be found. Families are only what has no name beforehand: the keys of
// registered tenants, the file systems, the copies of a root key's exchange. What is found and does not stand here is
// an orphan until somebody answers for it.
var Plan = []Rule{
	{Prefix: "process:rakudos", Class: Internal, Owner: "SRE", Disposal: byEnd, Optional: true},
	{Prefix: "listener:service", Class: Published, Owner: "SRE", Disposal: byEnd, Optional: true},
	{Prefix: "database:main", Class: Sensitive, Owner: "DEV", Disposal: byKey},
	{Prefix: "database:keys", Class: Confidential, Owner: "SEC", Disposal: byKey},
	{Prefix: "key:tenant/*", Class: Confidential, Owner: "SEC", Disposal: byErasure, Optional: true}, // of a tenant in the register
	{Prefix: "key:person/*", Class: Confidential, Owner: "SEC", Disposal: byErasure, Optional: true},
	{Prefix: "certificate:server", Class: Confidential, Owner: "SRE", Disposal: byRenewal, Optional: true},
	{Prefix: "bucket:backup", Class: Sensitive, Owner: "SRE", Disposal: byLadder},
	{Prefix: "bucket:backup-second", Class: Sensitive, Owner: "SRE", Disposal: byLadder, Optional: true},
	{Prefix: "disk:*", Class: Sensitive, Owner: "SRE", Disposal: byProvider, Optional: true},

	{Prefix: "store:main.db", Class: Sensitive, Owner: "DEV", Disposal: byKey, Optional: true},
	{Prefix: "store:keys.db", Class: Confidential, Owner: "SEC", Disposal: byKey, Optional: true},
	{Prefix: "store:root.key", Class: Confidential, Owner: "SEC", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:root.*", Class: Confidential, Owner: "SEC", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:log", Class: Confidential, Owner: "SEC", Disposal: byOverwrite},
	{Prefix: "store:log-key", Class: Confidential, Owner: "SEC", Disposal: byOverwrite},
	{Prefix: "store:blobs", Class: Sensitive, Owner: "DEV", Disposal: byKey},
	{Prefix: "store:backups", Class: Sensitive, Owner: "SRE", Disposal: byLadder, Optional: true},
	{Prefix: "store:erasure", Class: Confidential, Owner: "DPO", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:tls", Class: Confidential, Owner: "SRE", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:mail", Class: Confidential, Owner: "SRE", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:wal", Class: Sensitive, Owner: "SRE", Disposal: byLadder, Optional: true},
	{Prefix: "store:tmp", Class: Sensitive, Owner: "SRE", Disposal: byKey, Optional: true},
	{Prefix: "store:lock", Class: Internal, Owner: "SRE", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:demo-accounts.txt", Class: Confidential, Owner: "SRE", Disposal: byOverwrite, Optional: true},
	{Prefix: "store:a11y-report.*", Class: Published, Owner: "DEV", Disposal: byOverwrite, Optional: true},
}
