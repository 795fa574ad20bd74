package checkup

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The judgement of a result is stored as a few bytes an item; the words are made again when it is shown.
const judgementFormat = 1

const (
	flagMedicationUnknown = 1 << iota
)

func letterCode(l Letter) byte {
	if l == "" {
		return 0
	}
	return l[0] - 'A' + 1
}

func letterFrom(b byte) Letter {
	if b == 0 || int(b) > len(Letters) {
		return ""
	}
	return Letters[b-1]
}

func (j *Judgement) flags() byte {
	if j.MedicationUnknown {
		return flagMedicationUnknown
	}
	return 0
}

// head is what brief and whole encodings begin with.
func (j *Judgement) head(dst []byte) []byte {
	return append(dst, judgementFormat, letterCode(j.Overall), actionRank[j.Action], byte(j.Metabolic), j.flags())
}

// appendBrief is what lists need: the head and the deciding items.
func (j *Judgement) appendBrief(dst []byte) []byte {
	dst = j.head(dst)
	worst := j.Worst()
	dst = append(dst, byte(min(len(worst), 255)))
	for _, it := range worst[:min(len(worst), 255)] {
		dst = binary.AppendUvarint(dst, uint64(it.ID))
	}
	return dst
}

// appendWhole is everything.
func (j *Judgement) appendWhole(dst []byte) []byte {
	dst = j.head(dst)
	dst = append(dst, byte(j.Sex))
	dst = binary.AppendVarint(dst, int64(j.Age))
	dst = binary.AppendUvarint(dst, uint64(len(j.Items)))
	for _, i := range j.Items {
		dst = binary.AppendUvarint(dst, uint64(i.Item.ID))
		dst = append(dst, letterCode(i.Letter)<<4|actionRank[i.Action], byte(i.Marks))
	}
	return appendValues(dst, "", j.Derived)
}

// Brief is what a list shows of a judgement.
type Brief struct {
	Overall           Letter
	Action            Action
	Metabolic         Metabolic
	MedicationUnknown bool
	Worst             []*Item
}

func (r *reader) head() (b Brief, err error) {
	if f := r.byte(); f != judgementFormat {
		return b, fmt.Errorf("checkup: stored judgement has format %d", f)
	}
	b.Overall = letterFrom(r.byte())
	b.Action = actions[min(int(r.byte()), len(actions)-1)]
	b.Metabolic = Metabolic(r.byte())
	b.MedicationUnknown = r.byte()&flagMedicationUnknown != 0
	return b, nil
}

func (r *reader) item() *Item {
	if id := r.uint(); id < maxItem && byID[id] != nil {
		return byID[id]
	}
	r.bad = true
	return nil
}

func decodeBrief(plain []byte) (Brief, error) {
	r := reader{b: plain}
	b, err := r.head()
	if err != nil {
		return b, err
	}
	for range int(r.byte()) {
		b.Worst = append(b.Worst, r.item())
	}
	return b, r.end()
}

func decodeJudgement(plain []byte) (*Judgement, error) {
	r := reader{b: plain}
	b, err := r.head()
	if err != nil {
		return nil, err
	}
	j := &Judgement{Overall: b.Overall, Action: b.Action, Metabolic: b.Metabolic, MedicationUnknown: b.MedicationUnknown}
	j.Sex = Sex(r.byte())
	j.Age = int(r.int())
	n := r.uint()
	if n > 2*maxItem {
		return nil, fmt.Errorf("checkup: stored judgement has %d items", n)
	}
	for range n {
		i := ItemJudgement{Item: r.item()}
		c := r.byte()
		i.Letter, i.Action, i.Marks = letterFrom(c>>4), actions[min(int(c&15), len(actions)-1)], Mark(r.byte())
		j.Items = append(j.Items, i)
	}
	if r.bad {
		return nil, r.end()
	}
	_, j.Derived, err = decodeValues(r.b)
	return j, err
}

// keepTreated carries over what a physician has set: E stays E whatever the criteria say.
func (j *Judgement) keepTreated(old *Judgement) {
	for _, i := range old.Items {
		if i.Has(Treated) {
			j.setTreated(i.Item, true)
		}
	}
}

// setTreated sets or takes back E for an item. Taking back needs a judgement made anew.
func (j *Judgement) setTreated(it *Item, on bool) bool {
	n := slices.IndexFunc(j.Items, func(i ItemJudgement) bool { return i.Item == it })
	if n < 0 || !on {
		return false
	}
	j.Items[n].Letter = E
	j.Items[n].Marks |= Treated
	j.Items[n].Marks &^= Part
	j.sum()
	return true
}
