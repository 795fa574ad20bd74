package statement

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/canon"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// historyControl is DOC-HISTORY (clause 7).
func (s *Service) historyControl() control.Control {
	return control.Control{
		ID: "DOC-HISTORY", Clauses: on("7"), Grades: live, Owner: "CISO",
		Says: "この文書の版は、内容から計算した値で前の版と結んで保存し、いつ何が変わったかを改版履歴に示します。",
		NotProven: "移行した版（第1版から第3版）には当時の証跡がなく、版数・日付・変更内容だけを引き継いでいます。" +
			"案の版は、施行するまで内容が変わることがあります。第三者がこの文書を写したページの内容は確かめていません。",
		Fresh: 26 * time.Hour, Every: day,
		Probe: func(ctx context.Context) (control.Evidence, error) {
			return s.lookAtHistory(ctx, s.read)
		},
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			return s.lookAtHistory(ctx, altered(s.read, s.past.newest().SHA256+".json"))
		},
	}
}

// lookAtHistory checks the chain of editions, compares the newest with today's words, and reads the
// public pages as a stranger would.
func (s *Service) lookAtHistory(ctx context.Context, read reader) (control.Evidence, error) {
	if s.cfg.Stage == nil {
		return control.Evidence{}, cannot("サービスが動いていないため、公開のページを読めません。")
	}
	p, err := openPast(read)
	if err != nil {
		return control.Evidence{Measured: "版の連鎖が合いません。", Failed: []string{"版の連鎖"}}, nil //nolint:nilerr // an altered edition is the finding, not a failure to look
	}
	today := s.Document()
	d := drift(s.cfg.Figures, p.last, today)
	e := control.Evidence{Failed: d.Figures}
	site, err := s.cfg.Stage.Live(ctx)
	if err != nil {
		return e, err
	}
	pageFaults, err := readPages(ctx, site, today, p)
	if err != nil {
		return e, err
	}
	e.Failed = append(e.Failed, pageFaults...)
	e.OK = len(e.Failed) == 0
	n := p.newest()
	e.Facts = map[string]any{
		"editions": len(p.links), "edition": n.Number, "sha256": n.SHA256, "chain": n.Hash,
		"figures_changed": len(d.Figures), "words_changed": orNone(d.Words),
	}
	draft := ""
	if n.Draft {
		draft = "（まだ施行していない案）"
	}
	e.Measured = fmt.Sprintf("%d版の連鎖が正しく、第%s版%sと現在の数値の違いは%d件、言い回しの違いは%d条、公開ページとの違いは%d件です。",
		len(p.links), n.Number, draft, len(d.Figures), len(d.Words), len(pageFaults))
	return e, nil
}

// readPages reads /trust.json and /trust over the network and names what differs from today's words.
func readPages(ctx context.Context, site *probe.Site, today Document, p past) ([]string, error) {
	c := site.New()
	defer c.Close()
	page, err := c.GetJSON(ctx, "/trust.json")
	if err != nil {
		return nil, err
	}
	var shown Statement
	if page.Status != http.StatusOK || page.Cut || json.Unmarshal(page.Body, &shown) != nil {
		return []string{"/trust.json が読めません"}, nil
	}
	var bad []string
	want, err := canon.JSON(today)
	if err != nil {
		return nil, err
	}
	got, err := canon.JSON(DocumentOf(shown))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(want, got) {
		bad = append(bad, "/trust.json の条文が現在の値と違います")
	}
	if len(shown.History) != len(p.links) || shown.Edition != p.newest().Edition {
		bad = append(bad, "/trust.json の改版履歴が違います")
	}
	if page, err = c.Get(ctx, "/trust"); err != nil {
		return nil, err
	}
	text := html.UnescapeString(page.Text())
	if page.Status != http.StatusOK || page.Cut {
		return append(bad, "/trust が読めません"), nil
	}
	for _, k := range today.Clauses {
		if !strings.Contains(text, k.Says) {
			bad = append(bad, "/trust に "+k.ID+" の条文がありません")
		}
	}
	if !strings.Contains(text, p.newest().SHA256) {
		bad = append(bad, "/trust に最新の版のSHA-256がありません")
	}
	return bad, nil
}

// altered is a history in which one digit of one file is another: what a probe must notice.
func altered(read reader, file string) reader {
	return func(name string) ([]byte, error) {
		b, err := read(name)
		if err != nil || name != file {
			return b, err
		}
		i := bytes.LastIndexAny(b, "0123456789")
		if i < 0 {
			return nil, errors.New("statement: the edition has no figure to alter")
		}
		b = bytes.Clone(b)
		b[i] = '0' + (b[i]-'0'+1)%10
		return b, nil
	}
}

func orNone(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
