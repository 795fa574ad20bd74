package handover

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/tabular"
)

// packed makes a package of two people, opens it, lets it be altered, and closes it again; with list the list of its
// contents says what the altered files say.
func packed(t *testing.T, list bool, alter func(map[string][]byte)) []byte {
	t.Helper()
	people := table("people", []string{"0001", "=山田\n太郎"}, []string{"0002", "佐藤"}, []string{"0003", ""})
	var b bytes.Buffer
	if _, err := Write(t.Context(), &b, About{"s", "t", time.Now(), t.TempDir()}, []Table{people}); err != nil {
		t.Fatal(err)
	}
	files, err := unpacked(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	alter(files)
	if list {
		var m Manifest
		if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
			t.Fatal(err)
		}
		for i, e := range m.Files {
			m.Files[i].Bytes, m.Files[i].Digest = int64(len(files[e.Name])), digest(files[e.Name])
		}
		if files["manifest.json"], err = json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, b := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func expectTwo(file []byte) Expect {
	return Expect{Digest: digest(file), Lines: []Line{{"people", map[string]string{"番号": "0001", "名|値": "=山田\n太郎"}}},
		Counts: []Count{{"people", 3, nil}, {"people", 1, func(map[string]string) string { return "" }}}, Foreign: []string{"9999"}}
}

func TestInspect(t *testing.T) {
	replace := func(name, from, to string) func(map[string][]byte) {
		return func(all map[string][]byte) {
			if !bytes.Contains(all[name], []byte(from)) {
				t.Fatalf("%s has no %q: %s", name, from, all[name])
			}
			all[name] = bytes.ReplaceAll(all[name], []byte(from), []byte(to))
		}
	}
	sheet := func(rows ...[]string) func(map[string][]byte) {
		return func(all map[string][]byte) {
			var b bytes.Buffer
			if err := tabular.WriteXLSX(&b, "x", table("people").header(), slices.Values(rows)); err != nil {
				t.Fatal(err)
			}
			all["excel/people.xlsx"] = b.Bytes()
		}
	}
	for name, c := range map[string]struct {
		list  bool
		alter func(map[string][]byte)
		says  string
	}{
		"whole":             {true, func(map[string][]byte) {}, ""},
		"altered":           {false, replace("csv/people.csv", "佐藤", "加藤"), "csv/people.csv が manifest.json のハッシュ値と合いません。"},
		"CSV says else":     {true, replace("csv/people.csv", "佐藤", "加藤"), "csv/people.csv の内容が JSON と違います。"},
		"CSV header":        {true, replace("csv/people.csv", "番号", "番"), "csv/people.csv を読めないか、説明の列と合いません。"},
		"CSV unmarked":      {true, replace("csv/people.csv", "\ufeff", ""), "csv/people.csv を読めないか、説明の列と合いません。"},
		"JSON says else":    {true, replace("json/people.json", "=山田", "川田"), "元の記録のうち、表 people にないものがあります。"},
		"JSON cut off":      {true, replace("json/people.json", "]", ""), "json/people.json を読めないか、説明の列と合いません。"},
		"a sheet less":      {true, sheet([]string{"0001", "=山田\n太郎"}, []string{"0003", ""}), "excel/people.xlsx の内容が JSON と違います。"},
		"no workbook":       {true, func(all map[string][]byte) { all["excel/people.xlsx"] = []byte("PK") }, "excel/people.xlsx を読めないか、説明の列と合いません。"},
		"a stranger":        {true, replace("json/people.json", `"佐藤"`, `"9999"`), "json/people.json に、ほかの会社のデータがあります。"},
		"a stranger, sheet": {true, sheet([]string{"0001", "=山田\n太郎"}, []string{"0003", ""}, []string{"0002", "9999"}), "excel/people.xlsx に、ほかの会社のデータがあります。"},
		"paper cut off":     {true, func(all map[string][]byte) { all["pdf/people.pdf"] = all["pdf/people.pdf"][:900] }, "pdf/people.pdf を読めないか、一覧にない記録があります。"},
		"no paper":          {false, func(all map[string][]byte) { delete(all, "pdf/people.pdf") }, "pdf/people.pdf がありません。"},
		"no schema":         {true, func(all map[string][]byte) { all["schema.json"] = nil }, "schema.json を読めません。"},
		"unlisted":          {true, func(all map[string][]byte) { all["more.txt"] = nil }, "more.txt が manifest.json にありません。"},
		"no list":           {false, func(all map[string][]byte) { delete(all, "manifest.json") }, "manifest.json を読めません。"},
	} {
		file := packed(t, c.list, c.alter)
		got := Inspect(t.Context(), file, expectTwo(file))
		if c.says == "" && (len(got.Wrong) != 0 || got.Files != 7 || got.Records != 3) || c.says != "" && !slices.Contains(got.Wrong, c.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	file := packed(t, true, func(map[string][]byte) {})
	x := expectTwo(file)
	x.Digest, x.Counts[0].N = "", 4
	if got := Inspect(t.Context(), file, x); strings.Join(got.Wrong, "") != "受取りの記録のハッシュ値が、渡したファイルと合いません。表 people の記録は3件で、元の記録の4件と合いません。" {
		t.Errorf("%+v", got)
	}
	if got := Inspect(t.Context(), []byte("x"), x); !slices.Contains(got.Wrong, "渡したファイルを開けません。") {
		t.Errorf("%+v", got)
	}
}
