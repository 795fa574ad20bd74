// Package words is the message catalogue: it turns a fault into what a person reads. It must never
// decide anything, and never show an argument that the fault did not carry for showing.
package words

import (
	"maps"
	"strings"

	"rakudos/internal/base/fault"
)

// Text is one message in three parts: what happened, what was kept, what to do next. Kept and Next may
// be empty. {name} is replaced by the fault's argument of that name.
type Text struct {
	Message, Kept, Next string
}

// subjects lists the catalogue of every subject; each stands in the file named after it.
var subjects = []map[string]Text{
	appTexts,
	auditTexts,
	commonTexts,
	dateTexts,
	tabularTexts,
	webTexts,
	blobTexts,
	retentionTexts,
	cliTexts,
	jobTexts,
	mailTexts,
	erasureTexts,
	orgTexts,
	tenantTexts,
	identityTexts,
	ssoTexts,
	scimTexts,
	accessTexts,
	checkupTexts,
	statementTexts,
	supportTexts,
	vaultTexts,
	backupTexts,
	keysTexts,
	assetTexts,
	certificateTexts,
	paperTexts,
	reviewTexts,
	handoverTexts,
	terminationTexts,
}

var catalogue = join(subjects)

func join(all []map[string]Text) map[string]Text {
	out := map[string]Text{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// Fault gives the words for f. A code without words of its own gets those of its kind; nil gives the
// zero Text.
func Fault(f *fault.Fault) Text {
	if f == nil {
		return Text{}
	}
	t, ok := catalogue[f.Code]
	if !ok {
		t, ok = kindTexts[f.Kind]
	}
	if !ok {
		t = kindTexts[fault.Internal]
	}
	if f.Args["hidden"] != "" { // what nobody sees in the input is said wherever it was typed
		t.Message = hiddenText
	}
	return Text{Message: fill(t.Message, f.Args), Kept: fill(t.Kept, f.Args), Next: fill(t.Next, f.Args)}
}

// hiddenText is what a fault says whose input has something nobody sees; package glyph names it.
const hiddenText = "{of}に{hidden}が入っているため、受け付けられません。取り除いて、入力し直してください。"

// Known tells whether code has words of its own.
func Known(code string) bool { _, ok := catalogue[code]; return ok }

// fill replaces {name} by its argument; a name without an argument becomes 「不明」.
func fill(s string, args map[string]string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		b.WriteString(s[:i])
		if v, ok := args[s[i+1:i+j]]; ok {
			b.WriteString(v)
		} else {
			b.WriteString("不明")
		}
		s = s[i+j+1:]
	}
	b.WriteString(s)
	return b.String()
}
