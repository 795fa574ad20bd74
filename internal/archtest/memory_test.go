package archtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/governance/erasure"
)

// what a process may keep without being somebody's.
const (
	itsOwn    = "" // names, limits and figures of the service itself
	oneImport = "lives as long as the reading of one file"
)

// memories are the fields that outlive a request, each with its line in the register (memoryStores) or the reason why
// it needs none.
var memories = map[string]string{
	"internal/people/org.Service.cache":              "org.directory",
	"internal/health/checkup.snapshots.m":            "checkup.snapshots",
	"internal/health/checkup.criteriaCache.m":        "checkup.criteria",
	"internal/health/checkup.progress.done":          "checkup.progress",
	"internal/health/checkup.progress.watchers":      "checkup.progress",
	"internal/health/checkup.Service.stray":          "checkup.strays",
	"internal/engine/vault.Vault.cache":              "vault.cache",
	"internal/engine/vault.Vault.dropped":            itsOwn, // numbers of tenants whose keys are gone
	"internal/engine/vault.Vault.absent":             itsOwn, // numbers of destroyed keys
	"internal/engine/vault.Vault.bare":               itsOwn, // names of columns, in a sandbox
	"internal/web.tenantNames.kept":                  "web.tenants",
	"internal/web.streams.open":                      "web.streams",
	"internal/people/identity.touches.pending":       "identity.touches",
	"internal/people/identity.touches.writing":       "identity.touches",
	"internal/people/identity/sso.Service.providers": "sso.limits",
	"internal/people/identity/sso.Service.starts":    "sso.limits",
	"internal/people/identity/scim.Service.limits":   "scim.limits",
	"internal/people/identity/scim.Service.taking":   "scim.limits",
	"internal/health/checkup.intake.seen":            oneImport,
	"internal/health/checkup.intake.known":           oneImport,
	"internal/people/identity.gate.from":             "identity.gate",
	"internal/app.stage.open":                        itsOwn,
	"internal/app.stage.reviews":                     itsOwn,
	"internal/app.stage.inside":                      itsOwn,
	"internal/defense/tlscert.Store.names":           itsOwn,
	"internal/engine/audit.First.seen":               itsOwn, // what is published: digests
	"internal/engine/db.DB.stmts":                    itsOwn,
	"internal/engine/db.kept.open":                   itsOwn, // descriptors of database files
	"internal/engine/job.Queue.kinds":                itsOwn,
	"internal/engine/job.Queue.schedules":            itsOwn,
	"internal/engine/mail.Memory.held":               itsOwn, // mail of the probes, who are invented
	"internal/engine/probe.Site.signing":             itsOwn,
	"internal/engine/vault.fileRoot.pass":            itsOwn,
	"internal/engine/vault.fileRoot.keys":            itsOwn,
	"internal/governance/erasure.Ledger.files":       itsOwn,
	"internal/governance/erasure.Gateway.unlike":     itsOwn, // numbers of holds, which outlive whom they hold
	"internal/governance/certificate.told.revoked":   itsOwn, // digests of certificates, which are published
	"internal/governance/certificate.told.refused":   itsOwn, // numbers of keys
	"internal/operations/asset.Service.late":         itsOwn,
	"internal/operations/asset.Service.last":         itsOwn,
	"internal/operations/backup.Service.checked":     itsOwn,
	"internal/operations/keys.Service.alerts":        itsOwn,
	"internal/operations/keys.Service.strays":        itsOwn, // where copies of the key store lie
	"internal/statement.Service.seen":                itsOwn, // evidence about the service
}

// TestEveryMemoryIsDeclared finds the types that several requests share, for they hold a lock, and what they keep in
// maps, lists and pools: a cache that the register of erasure does not know would outlive an erasure until the next
// start. It cannot see what is kept without a lock; the race detector finds that.
func TestEveryMemoryIsDeclared(t *testing.T) {
	declared, used := map[string]bool{}, map[string]bool{}
	for _, s := range erasure.Tables(erasure.Memory) {
		declared[s.Name] = true
	}
	found := 0
	for _, f := range load(t) {
		if f.test || !program(f) || strings.HasPrefix(f.pkg, "internal/testkit") {
			continue
		}
		tree, _ := f.syntax(t)
		for _, name := range kept(tree) {
			found++
			name = f.pkg + "." + name
			store, ok := memories[name]
			if !ok {
				t.Errorf("%s outlives a request: what of a tenant or a person does it keep? Declare it in internal/governance/erasure/stores_memory.go and above", name)
			}
			if store != itsOwn && store != oneImport && !declared[store] {
				t.Errorf("%s is said to be %q, which nobody declared", name, store)
			}
			used[name], used[store] = true, true
		}
	}
	for name := range memories {
		if !used[name] {
			t.Errorf("%s is named and does not exist", name)
		}
	}
	for name := range declared {
		if !used[name] && name != "checkup.export" {
			t.Errorf("memory.%s is declared, and no field is named for it", name)
		}
	}
	if found < 25 {
		t.Errorf("only %d fields were found", found)
	}
}

// kept are the fields of shared types that hold many things.
func kept(tree *ast.File) (out []string) {
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		fields, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		shared := slices.ContainsFunc(fields.Fields.List, func(f *ast.Field) bool { return isSync(f.Type, "Mutex") || isSync(f.Type, "RWMutex") })
		for _, f := range fields.Fields.List {
			many := isSync(f.Type, "Map") || isSync(f.Type, "Pool")
			switch f.Type.(type) {
			case *ast.MapType, *ast.ArrayType, *ast.IndexExpr:
				many = many || shared
			}
			for _, name := range f.Names {
				if many {
					out = append(out, spec.Name.Name+"."+name.Name)
				}
			}
		}
		return true
	})
	return out
}

func isSync(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "sync" && s.Sel.Name == name
}
