package statement

import "strings"

// layers are the six nouns of clause 1, by control or by the part of its id before the first hyphen. What
// stands in none of them serves the running of the others.
var layers = map[string]string{
	"NET": "通信", "PKI": "通信", "CR-TRANSIT": "通信",
	"AC-AUTHN": "認証", "AC-PWPOL": "認証", "AC-LOCK": "認証", "AC-2STEP": "認証", "AC-SESSION": "認証",
	"AC-PASSKEY": "認証", "AC-FEDERATE": "認証", "AC-SCREENLOCK": "認証", "AC-UNIQUE": "認証",
	"AC": "権限",
	"LG": "監視", "MON": "監視", "TM": "監視", "PRB": "監視", "MW": "監視", "IR": "監視",
	"CR": "データ保護", "ER": "データ保護", "KM": "データ保護", "LH": "データ保護", "AST": "データ保護", "ENV": "データ保護",
	"BK": "可用性", "SLA": "可用性", "SV": "可用性", "VM": "可用性", "IR-STATUS": "可用性",
}

// layer names the layer of a control.
func layer(id string) string {
	if l, ok := layers[id]; ok {
		return l
	}
	kind, _, _ := strings.Cut(id, "-")
	if l, ok := layers[kind]; ok {
		return l
	}
	return "統制"
}
