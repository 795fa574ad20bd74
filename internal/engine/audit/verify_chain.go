package audit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// chains is what reading the tables leaves behind for the comparison with the tree.
type chains struct {
	heads     map[ids.Tenant]head
	people    map[spotOf]crowd
	seals     map[spotOf]sealRow
	unsealed  map[spotOf]bool      // stops without a seal that no later start has explained
	promised  map[spotOf][]byte    // hashes that seals have signed
	last      map[ids.Tenant]int64 // newest number read
	seen      []bool               // by leaf: an event names it
	waiting   map[spotOf][]byte    // events without a place in the log, with their hashes
	misplaced map[spotOf][]byte    // events whose place in the log is not theirs
	ahead     []spotOf             // events with a place beyond the tree as it was when it was read
	highest   uint64               // the highest of those places
	final     map[ids.Tenant]head  // what the newest seal says
	newest    spotOf               // the newest seal
	shredded  map[ids.Tenant]int64 // events whose key was destroyed
	gaps      []gap                // only when not everything is read
	publicKey string               // as the newest "audit.opened" says

	tenant ids.Tenant
	prev   []byte
	seq    int64
}

type gap struct {
	tenant   ids.Tenant
	from, to int64
}

func (v *verifier) readChains(t tables) error {
	c := &v.chains
	*c = chains{heads: map[ids.Tenant]head{}, seals: map[spotOf]sealRow{}, promised: map[spotOf][]byte{},
		last: map[ids.Tenant]int64{}, waiting: map[spotOf][]byte{}, final: map[ids.Tenant]head{}, misplaced: map[spotOf][]byte{}, unsealed: map[spotOf]bool{},
		shredded: map[ids.Tenant]int64{}, seen: make([]bool, len(v.state.leaves))}
	if err := t.heads(func(h head) error { c.heads[h.tenant] = h; return nil }); err != nil {
		return err
	}
	if err := t.seals(v.readSeal); err != nil {
		return err
	}
	var err error
	if c.people, err = readPeople(t, v.state.from); err != nil {
		return err
	}
	if err := t.events(v.state.from, v.readEvent); err != nil {
		return err
	}
	v.endChain()
	for _, g := range c.gaps {
		n, err := t.count(g.tenant, g.from, g.to)
		if err != nil {
			return err
		}
		if n != g.to-g.from+1 {
			v.dbBad(Bad{EventRemoved, "audit_event", g.tenant, g.from, fmt.Sprintf("records %d to %d are not all there", g.from, g.to)})
		}
	}
	v.endChains()
	return nil
}

func (v *verifier) readSeal(s sealRow) error {
	c := &v.chains
	at := spotOf{s.tenant, s.seq}
	c.seals[at] = s
	bad := func(what string) {
		v.dbBad(Bad{SealAltered, "audit_seal", s.tenant, s.seq, what})
	}
	if v.keyOK && !v.key.verifier.Verify(s.message(), s.signature) {
		bad("the seal of this stop does not carry the log's signature: the row was altered")
		return nil
	}
	heads, err := unpackHeads(s.heads)
	if err != nil || s.tenant != ids.System {
		bad("the seal of this stop is not one that the service writes")
		return nil
	}
	if s.seq > c.newest.seq {
		c.newest = at
		clear(c.final)
		for _, h := range heads {
			c.final[h.tenant] = h
		}
	}
	for _, h := range heads {
		k := spotOf{h.tenant, h.seq}
		if old, ok := c.promised[k]; ok && !bytes.Equal(old, h.hash) {
			bad("two seals name different hashes for one record")
		}
		c.promised[k] = h.hash
	}
	return nil
}

func (v *verifier) readEvent(r row) error {
	c := &v.chains
	if err := v.ctx.Err(); err != nil {
		return err
	}
	if r.tenant != c.tenant || c.seq == 0 {
		v.endChain()
		c.tenant, c.seq, c.prev = r.tenant, 0, genesis
		v.report.Tenants++
	}
	v.report.Events++
	v.checkLink(&r)
	if err := v.checkBody(&r); err != nil {
		return err
	}
	v.checkMarks(&r)
	v.checkPlace(&r)
	c.seq, c.prev = r.seq, r.hash
	c.last[r.tenant] = r.seq
	return nil
}

// checkLink: numbers without a gap, every hash over its own record and the one before.
func (v *verifier) checkLink(r *row) {
	c := &v.chains
	gapped := false
	if want := c.seq + 1; r.seq != want {
		switch {
		case r.seq < want:
			v.dbBad(Bad{EventForged, "audit_event", r.tenant, r.seq, "the record's number is impossible"})
		case v.state.from > 0: // the older ones are not looked at, only counted
			c.gaps, gapped = append(c.gaps, gap{r.tenant, want, r.seq - 1}), true
		default:
			what := "the record was removed"
			if r.seq > want+1 {
				what = fmt.Sprintf("the records %d to %d were removed", want, r.seq-1)
			}
			v.dbBad(Bad{EventRemoved, "audit_event", r.tenant, want, what})
			gapped = true
		}
	}
	if !bytes.Equal(r.hash, r.link()) {
		v.dbBad(Bad{EventAltered, "audit_event", r.tenant, r.seq, "the record was altered: its content does not give its hash"})
	} else if !gapped && !bytes.Equal(r.prev, c.prev) {
		v.dbBad(Bad{EventAltered, "audit_event", r.tenant, r.seq, "the record does not continue the one before it: one of the two was replaced"})
	}
}

// checkBody: the sealed body opens in its place, gives the commitment, and the person index says the same. It is
// an error when the key cannot be asked for: a key service that is away says nothing of the record.
func (v *verifier) checkBody(r *row) error {
	c := &v.chains
	at := spotOf{r.tenant, r.seq}
	indexed := c.people[at]
	delete(c.people, at)
	salted, err := v.sealer.OpenAudit(v.ctx, r.tenant, r.place(), r.sealed)
	if destroyed(err) {
		c.shredded[r.tenant]++
		return nil
	}
	if fault.Is(err, fault.Busy) || fault.Is(err, fault.Denied) {
		return err
	}
	if err != nil {
		v.dbBad(Bad{EventAltered, "audit_event", r.tenant, r.seq, "the sealed body does not open: it or the columns beside it were altered, or the record was not written by the service"})
		return nil
	}
	if !bytes.Equal(commit(salted), r.commitment) {
		v.dbBad(Bad{EventAltered, "audit_event", r.tenant, r.seq, "the body is not the one that the record commits to"})
		return nil
	}
	b, err := readBody(salted)
	if err != nil {
		v.dbBad(Bad{EventForged, "audit_event", r.tenant, r.seq, "the body is not one that the service writes"})
		return nil
	}
	if r.verb == verbOpened && r.tenant == ids.System {
		c.publicKey, _ = b.Detail["public_key"].(string)
		if n, ok := b.Detail[keyUnfinished].(float64); ok {
			delete(c.unsealed, spotOf{ids.System, int64(n)})
		}
	}
	if want := crowdOf(b.Subjects); want.n > 0 || indexed.n > 0 {
		switch {
		case want.n > indexed.n:
			v.dbBad(Bad{PersonAltered, "audit_person", r.tenant, r.seq, "people of this record were removed from the index"})
		case want.n < indexed.n:
			v.dbBad(Bad{PersonAltered, "audit_person", r.tenant, r.seq, "people were added to this record in the index"})
		case want != indexed:
			v.dbBad(Bad{PersonAltered, "audit_person", r.tenant, r.seq, "people of this record were exchanged in the index"})
		}
	}
	return nil
}

// checkMarks: the marks of the service itself and what the seals have signed.
func (v *verifier) checkMarks(r *row) {
	c := &v.chains
	at := spotOf{r.tenant, r.seq}
	if hash, ok := c.promised[at]; ok {
		delete(c.promised, at)
		if !bytes.Equal(hash, r.hash) {
			v.dbBad(Bad{EventAltered, "audit_event", r.tenant, r.seq, "the record is not the one that a seal has signed"})
		}
	}
	if r.verb != verbSealed || r.tenant != ids.System {
		return
	}
	s, ok := c.seals[at]
	delete(c.seals, at)
	switch {
	case !ok && r.index != nil: // place and seal are written together, unless a start finds the place
		c.unsealed[at] = true
	case !ok:
		v.note("番号 %d の停止は、最後まで終わっていません。", r.seq)
	case s.at != r.at:
		v.dbBad(Bad{SealAltered, "audit_seal", r.tenant, r.seq, "the seal of this stop names another time than its record"})
	}
}

// endChain compares the end of the chain just read with its head.
func (v *verifier) endChain() {
	c := &v.chains
	if c.seq == 0 {
		return
	}
	h, ok := c.heads[c.tenant]
	switch {
	case !ok:
		v.dbBad(Bad{HeadRemoved, "audit_chain", c.tenant, c.seq, "the head of the chain was removed"})
	case h.seq > c.seq && v.state.from > 0: // not everything is read: those records must at least be there
		c.gaps = append(c.gaps, gap{c.tenant, c.seq + 1, h.seq})
	case h.seq > c.seq:
		v.dbBad(Bad{EventRemoved, "audit_event", c.tenant, c.seq + 1, fmt.Sprintf("records were cut from the end: the chain's head is %d", h.seq)})
	case h.seq < c.seq || !bytes.Equal(h.hash, c.prev):
		v.dbBad(Bad{HeadAltered, "audit_chain", c.tenant, c.seq, "the head of the chain is not its last record"})
	}
	c.seq = 0
}

// endChains looks at what no event has answered for.
func (v *verifier) endChains() {
	c := &v.chains
	if v.report.Events == 0 {
		v.dbBad(Bad{Code: Empty, Where: "audit_event", What: "there is no record at all, although the first start of the service writes one"})
	}
	for _, t := range slices.Sorted(maps.Keys(c.heads)) {
		h := c.heads[t]
		if _, ok := c.last[h.tenant]; !ok && v.state.from == 0 {
			v.dbBad(Bad{EventRemoved, "audit_event", h.tenant, 1, fmt.Sprintf("the whole chain of %d records was removed", h.seq)})
		}
	}
	if v.state.from == 0 {
		for _, at := range sortedSpots(c.seals) {
			v.dbBad(Bad{SealAltered, "audit_seal", at.tenant, at.seq, "there is a seal without its record"})
		}
		for _, at := range sortedSpots(c.promised) {
			v.dbBad(Bad{EventRemoved, "audit_event", at.tenant, at.seq, "a record that a seal has signed was removed"})
		}
	}
	for _, at := range sortedSpots(c.unsealed) {
		v.dbBad(Bad{SealRemoved, "audit_seal", at.tenant, at.seq, "the seal of this stop was removed"})
	}
	for _, at := range sortedSpots(c.people) {
		if c.shredded[at.tenant] == 0 {
			v.dbBad(Bad{PersonAltered, "audit_person", at.tenant, at.seq, "the index names people for a record that does not exist"})
		}
	}
	for t, n := range c.shredded {
		v.note("契約先 %s の鍵は破棄されています。記録 %d 件は要約値で成り立ちます。本文と人の索引は、もう読めません。", t, n)
	}
	if v.keyOK && c.publicKey != "" && c.publicKey != v.key.public {
		v.treeBad(Bad{Code: KeyChanged, Where: "log key", What: "the log's key is not the one that the service used when it last started"})
	}
	v.report.Sealed = v.isSealed()
}

// isSealed: nothing has happened since the newest seal.
func (v *verifier) isSealed() bool {
	c := &v.chains
	if c.newest.seq == 0 {
		return false
	}
	for t, n := range c.last {
		if h, ok := c.final[t]; !ok || n > h.seq {
			return false
		}
	}
	return true
}
