package audit

import (
	"fmt"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const (
	columns = `tenant_id, seq, id, at, verb, commitment, prev, hash, sealed, log_index`

	personRows = 100 // people in one insert of the person index
	shipRows   = 1024
)

var (
	// The new head's number is decided by the database, under the lock of the row; the hash that comes
	// back is the previous event's.
	qNext = db.Q("audit.next", `insert into audit_chain (tenant_id, seq, hash) values ($1, 1, $2)
		on conflict (tenant_id) do update set seq = audit_chain.seq + 1 returning seq, hash`)
	qHead   = db.Q("audit.head", `update audit_chain set hash = $2 where tenant_id = $1`)
	qInsert = db.Q("audit.insert", `insert into audit_event (tenant_id, seq, id, at, verb, commitment, prev, hash, sealed)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	qPerson  = db.Q("audit.person", personInsert(1))
	qPersons = db.Q("audit.persons", personInsert(personRows))

	qFind = db.Q("audit.find", `select `+columns+` from audit_event
		where tenant_id = $1 and seq < $2 and at >= $3 and at < $4 and (verb = $5 or $5 = '')
		order by seq desc limit $6`)
	qFindPerson = db.Q("audit.find_person", `select `+columns+` from audit_event
		where tenant_id = $1 and seq < $2 and at >= $3 and at < $4 and (verb = $5 or $5 = '')
		and seq in (select p.seq from audit_person p where p.tenant_id = $1 and p.person_id = $7)
		order by seq desc limit $6`)
	qOne   = db.Q("audit.one", `select `+columns+` from audit_event where tenant_id = $1 and seq = $2`)
	qIndex = db.Q("audit.index", `select log_index from audit_event where tenant_id = $1 and seq = $2 and log_index is not null`)

	qWaiting = db.GlobalQ("audit.waiting", `select tenant_id, seq, hash from audit_event where log_index is null order by at, tenant_id, seq limit $1`)
	qWaits   = db.GlobalQ("audit.waits", `select count(*), coalesce(min(at), 0) from audit_event where log_index is null`)
	qLogged  = db.GlobalQ("audit.logged", `select coalesce(max(log_index) + 1, 0) from audit_event where log_index is not null`)
	qAt      = db.GlobalQ("audit.at", `select `+columns+` from audit_event where log_index = $1`)
	qRecord  = db.Q("audit.record", `update audit_event set log_index = $3 where tenant_id = $1 and seq = $2 and hash = $4 and log_index is null`)

	qHeads = db.GlobalQ("audit.heads", `select tenant_id, seq, hash from audit_chain order by tenant_id`)
	// The heads that are in the log: a chain that somebody has gone on writing while the service stopped
	// is not sealed.
	qHeadsLogged = db.GlobalQ("audit.heads_logged", `select c.tenant_id, c.seq, c.hash from audit_chain c
		join audit_event e on e.tenant_id = c.tenant_id and e.seq = c.seq where e.log_index is not null order by c.tenant_id`)
	// The newest event of the service itself, when it is a stop that was not finished.
	qUnfinished = db.Q("audit.unfinished", `select e.seq from audit_event e
		join audit_chain c on c.tenant_id = e.tenant_id and c.seq = e.seq
		where e.tenant_id = $1 and e.verb = $2
		and not exists (select 1 from audit_seal s where s.tenant_id = e.tenant_id and s.seq = e.seq)`)
	qSealAdd  = db.Q("audit.seal_add", `insert into audit_seal (tenant_id, seq, at, heads, signature) values ($1, $2, $3, $4, $5)`)
	qSealed   = db.GlobalQ("audit.sealed", `select count(*) from audit_seal`)
	qEventAge = db.GlobalQ("audit.event_age", `select coalesce(max(at) - min(at), 0) from audit_event`)
	qSeals    = db.GlobalQ("audit.seals", `select tenant_id, seq, at, heads, signature from audit_seal order by tenant_id, seq`)

	qEvents = db.GlobalQ("audit.events", `select `+columns+` from audit_event order by tenant_id, seq`)
	// Those that are not yet logged, and those from a place on. Sorted by the reader: asked to sort, the
	// engines walk the whole table in order instead of using the index.
	qEventsFrom = db.GlobalQ("audit.events_from", `select `+columns+` from audit_event where log_index >= $1
		union all select `+columns+` from audit_event where log_index is null`)
	qIndexed   = db.GlobalQ("audit.indexed", `select tenant_id, seq, person_id from audit_person order by tenant_id, seq`)
	qIndexedTo = db.GlobalQ("audit.indexed_from", `select e.tenant_id, e.seq, p.person_id from audit_event e
		join audit_person p on p.tenant_id = e.tenant_id and p.seq = e.seq where e.log_index >= $1
		union all select e.tenant_id, e.seq, p.person_id from audit_event e
		join audit_person p on p.tenant_id = e.tenant_id and p.seq = e.seq where e.log_index is null`)
	qSpan = db.Q("audit.span", `select count(*) from audit_event where tenant_id = $1 and seq between $2 and $3`)
)

// personInsert makes an insert of n rows: $1 tenant, $2 number of the event, then the people.
func personInsert(n int) string {
	var b strings.Builder
	b.WriteString(`insert into audit_person (tenant_id, person_id, seq) values `)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($1, $%d, $2)", 3+i)
	}
	return b.String()
}

func scanRow(s db.Scanner) (r row, err error) {
	return r, s.Scan(&r.tenant, &r.seq, &r.id, &r.at, &r.verb, &r.commitment, &r.prev, &r.hash, &r.sealed, &r.index)
}

// head is the end of one chain.
type head struct {
	tenant ids.Tenant
	seq    int64
	hash   []byte
}

func scanHead(s db.Scanner) (h head, err error) { return h, s.Scan(&h.tenant, &h.seq, &h.hash) }

func scanNext(s db.Scanner) (h head, err error) { return h, s.Scan(&h.seq, &h.hash) }

// sealRow is one clean stop.
type sealRow struct {
	tenant    ids.Tenant
	seq       int64
	at        int64
	heads     []byte
	signature []byte
}

func scanSeal(s db.Scanner) (r sealRow, err error) {
	return r, s.Scan(&r.tenant, &r.seq, &r.at, &r.heads, &r.signature)
}
