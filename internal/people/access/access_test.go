package access

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// The expectation is written apart from the matrix, one letter per role in the order
// e mployee, m anager, h r, n urse, p hysician, implementer of stress chec k s, j their staff, t enantadmin, o perator, i tsm, a uditor, support of l ists,
// s upport of one person, e mergency. A row may end early: who comes after has nothing.
const roleLetters = "emhnpkjtoialse"

const permissionsExpected = `
home.read         emhnpkjtoia
account.self      emhnpkjtoia
people.import     --h--------
people.read       --hnp------l
people.change     --h--------
person.read       --hnp-------s
person.read.self  e----------
consent.self      e----------
measures.read     -mhnp------
erasure.run       -----------
erasure.read      -------t-ia
hold.manage       -------t-i-
checkup.import    --hn-------
import.read       --hn-------l
import.withdraw   --hn-------
mapping.edit      --hn-------
checkup.list      --hnp------l
checkup.export    --hnp------
checkup.values    ---np------
checkup.decide    ----p------
followup.note     ---np------
criteria.read     --hnp------
criteria.edit     ---np------
criteria.approve  ----p------
audit.read        -------toia
audit.read.self   emhnpkjtoia
trust.evidence    -------toia
matrix.read       -------toia
account.manage    -------t-i-
account.unlock    -------t-i---e
account.vouch     -------t-i-
account.vouch.for ---------i-
federation.manage -------t-i-
federation.second ---------i-
scim.provision    -----------
tenant.manage     ---------i-
asset.read        --------oia
asset.manage      --------oi-
review.read       -------toia
review.decide     -------toi-
job.read          --------oi-
key.read          --------oi-
key.rotate        ---------i-
job.retry         --------oi-
termination.request -------t---
termination.desk  --------oi-
certificate.present --------oi-
retention.read    -------t-ia
retention.customer -------t---
retention.desk    ---------i-
handover.ask      -------t---
handover.take     ---np------
certificate.read  --------oia
certificate.manage ---------i-
demo.mail         -----------
sealed.read       -------t-ia
sealed.seal       -------t-i-
sealed.review     -------t-ia
emergency.act     -------------e
support.desk      --------oi-
support.ask       --------oi-
support.approve   ---------i-
support.see       -------t--a
support.stop      -------t---
`

func human(roles ...actor.Role) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: "t1", Account: "a1", Person: "p1", Roles: roles}
}

func TestEveryPermissionCell(t *testing.T) {
	cellsSeen, rows := 0, map[Permission]bool{}
	for line := range strings.Lines(strings.TrimSpace(permissionsExpected)) {
		f := strings.Fields(line)
		p := Permission(f[0])
		rows[p] = true
		for i, r := range actor.Columns {
			want := i < len(f[1]) && f[1][i] != '-'
			if want && f[1][i] != roleLetters[i] {
				t.Fatalf("the expectation of %s is out of column", p)
			}
			if got := Allows(human(r), p); got != want {
				t.Errorf("%s for %s: %v, want %v", p, r, got, want)
			}
			if err := Require(human(r), p); (err == nil) != want || (err != nil && !fault.Is(err, fault.Denied)) {
				t.Errorf("Require(%s, %s) = %v", r, p, err)
			}
			cellsSeen++
		}
	}
	for _, row := range Matrix {
		if !rows[row.Permission] {
			t.Errorf("%s is in no expectation", row.Permission)
		}
		if row.Says == "" {
			t.Errorf("%s has no words", row.Permission)
		}
	}
	if len(rows) != len(Matrix) {
		t.Errorf("%d permissions expected, %d in the matrix", len(rows), len(Matrix))
	}
	t.Logf("%d cells", cellsSeen)
}

func TestDeniedByDefault(t *testing.T) {
	for name, a := range map[string]actor.Actor{
		"nobody":          {},
		"no roles":        human(),
		"unknown role":    human("root"),
		"no tenant":       {Kind: actor.Human, Account: "a1", Roles: actor.Roles},
		"no kind":         {Tenant: "t1", Account: "a1", Roles: actor.Roles},
		"machine":         actor.System("t1", "x"),
		"machine as role": {Kind: actor.Machine, Tenant: "t1", Roles: actor.Roles},
	} {
		if Allows(a, CheckupDecide) || Allows(a, "checkup.unknown") || Allows(a, "") {
			t.Errorf("%s is allowed", name)
		}
	}
	if !Allows(actor.Actor{}, Public) || Allows(actor.Actor{}, SignedIn) || !Allows(human(), SignedIn) {
		t.Error("public or signed-in is wrong")
	}
	if Allows(actor.System("t1", ""), SignedIn) {
		t.Error("a machine counts as signed in")
	}
}

func TestMachineAndHost(t *testing.T) {
	want := map[Permission]string{
		PeopleImport: "mh", PeopleChange: "mh", CheckupImport: "mh", ImportRead: "mh", ImportWithdraw: "h", CheckupValues: "m", CriteriaRead: "mh",
		AuditRead: "h", TrustEvidence: "mh", MatrixRead: "h", AccountManage: "mh", AccountUnlock: "h", AccountVouch: "h", SealedSeal: "h", TenantManage: "mh", ErasureRun: "mh", ErasureRead: "mh", HoldManage: "mh", JobRead: "mh", AssetRead: "mh", JobRetry: "h",
		CertificateRead: "mh", CertificateManage: "mh",
		ReviewRead: "h", FederationManage: "m",
		KeyRead: "mh", KeyRotate: "mh",
	}
	for _, row := range Matrix {
		if got, w := Allows(actor.System("t1", ""), row.Permission), strings.Contains(want[row.Permission], "m"); got != w {
			t.Errorf("machine %s: %v", row.Permission, got)
		}
		if got, w := Allows(actor.HostOperator("t1", ""), row.Permission), strings.Contains(want[row.Permission], "h"); got != w {
			t.Errorf("host %s: %v", row.Permission, got)
		}
	}
}

func TestExportShowsEveryCell(t *testing.T) {
	var b bytes.Buffer
	if err := WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 3+len(Matrix)+len(Data)+len(Duties) {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		if len(l) != 2+len(actor.Columns) {
			t.Fatalf("%d columns in %v", len(l), l)
		}
	}
	for _, r := range actor.Columns {
		if RoleName(r) == string(r) {
			t.Errorf("%s has no name", r)
		}
	}
	if RoleName("x") != "x" {
		t.Error("an unknown role is given a name")
	}
}

func BenchmarkDecision(b *testing.B) {
	a, s := human(actor.Employee, actor.Manager, actor.HR), Subject{Tenant: "t1", Person: "p2", Site: "s1", Dept: "d1"}
	a.Places = map[actor.Role][]actor.Place{actor.HR: {{Site: "s0"}, {Site: "s1"}}, actor.Manager: {{Dept: "d0"}, {Dept: "d1"}}}
	b.Run("allows", func(b *testing.B) {
		for b.Loop() {
			Allows(a, CheckupDecide)
		}
	})
	b.Run("see", func(b *testing.B) {
		for b.Loop() {
			See(a, Judgement, s, DefaultRule())
		}
	})
}

// TestHouseIsEverythingBeyondTheOwnTenant: whatever only the association's roles and auditors have is about the
// whole service, and nothing else is; a permission of that kind that is forgotten here would be open to the
// auditors of customers.
func TestHouseIsEverythingBeyondTheOwnTenant(t *testing.T) {
	theirs := []actor.Role{actor.Operator, actor.ITSM, actor.Auditor}
	for _, row := range Matrix {
		only := len(row.Roles) > 0
		for _, r := range row.Roles {
			only = only && slices.Contains(theirs, r)
		}
		if only != slices.Contains(House, row.Permission) {
			t.Errorf("%s: only the association's %v, in House %v", row.Permission, only, !only)
		}
	}
}
