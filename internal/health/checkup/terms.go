package checkup

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Letter is a judgement class of the 人間ドック table; the zero Letter means "not judged".
type Letter string

const (
	A Letter = "A" // 異常なし
	B Letter = "B" // 軽度異常
	C Letter = "C" // 要再検査・生活改善
	D Letter = "D" // 要精密検査・治療
	E Letter = "E" // 治療中: only a physician sets it
)

// Letters in order of severity.
var Letters = []Letter{A, B, C, D, E}

var letterNames = map[Letter]string{A: "異常なし", B: "軽度異常", C: "要再検査・生活改善", D: "要精密検査・治療", E: "治療中"}

// Japanese is the class in words.
func (l Letter) Japanese() string { return letterNames[l] }

// Worse tells whether l is a more severe class than o.
func (l Letter) Worse(o Letter) bool { return l > o }

func letterOf(s string) (Letter, bool) {
	_, ok := letterNames[Letter(s)]
	return Letter(s), ok
}

// Action is what the 特定健診 thresholds ask for.
type Action string

const (
	NoAction Action = "none"
	Guidance Action = "guidance" // 保健指導
	Referral Action = "referral" // 受診勧奨
)

var actionRank = map[Action]uint8{NoAction: 0, Guidance: 1, Referral: 2}
var actions = [...]Action{NoAction, Guidance, Referral}

// Japanese is the action in words.
func (a Action) Japanese() string {
	switch a {
	case Guidance:
		return "保健指導"
	case Referral:
		return "受診勧奨"
	}
	return "なし"
}

func worseAction(a, b Action) Action {
	if actionRank[b] > actionRank[a] {
		return b
	}
	return a
}

// Sex as criteria need it; 0 is unknown, and also "either" in a rule.
type Sex uint8

const (
	AnySex Sex = iota
	Male
	Female
)

// Japanese is 男, 女 or nothing.
func (s Sex) Japanese() string { return [...]string{"", "男", "女"}[min(s, Female)] }

// ParseSex accepts 男 女 男性 女性 M F 1 2 in any width.
func ParseSex(s string) (Sex, bool) {
	switch s {
	case "男", "1":
		return Male, true
	case "女", "2":
		return Female, true
	}
	switch strings.ToLower(strings.TrimSpace(norm.NFKC.String(s))) {
	case "男", "男性", "男子", "m", "male", "1":
		return Male, true
	case "女", "女性", "女子", "f", "female", "2":
		return Female, true
	}
	return AnySex, false
}

// Metabolic is the class of the 特定健診 metabolic-syndrome rule; 0 means "not looked at".
type Metabolic uint8

const (
	MetabolicYes     Metabolic = 1 // 基準該当
	MetabolicNear    Metabolic = 2 // 予備群該当
	MetabolicNo      Metabolic = 3 // 非該当
	MetabolicUnknown Metabolic = 4 // 判定不能
)

// Japanese is the class in words.
func (m Metabolic) Japanese() string {
	return [...]string{"", "基準該当", "予備群該当", "非該当", "判定不能"}[min(m, MetabolicUnknown)]
}

// Fitness is the physician's opinion on work (就業区分).
type Fitness string

const (
	Undecided  Fitness = ""
	Normal     Fitness = "normal"     // 通常勤務
	Restricted Fitness = "restricted" // 就業制限
	Leave      Fitness = "leave"      // 要休業
)

// Fitnesses in the order in which screens offer them.
var Fitnesses = []Fitness{Normal, Restricted, Leave}

// Japanese is the class in words.
func (f Fitness) Japanese() string {
	switch f {
	case Normal:
		return "通常勤務"
	case Restricted:
		return "就業制限"
	case Leave:
		return "要休業"
	}
	return "未判定"
}

// Valid tells whether f is a decision.
func (f Fitness) Valid() bool { return f == Normal || f == Restricted || f == Leave }
