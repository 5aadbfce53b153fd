package data

import (
	"context"
	"fmt"
	"strings"

	"rolechain/internal/chain"
	"rolechain/internal/refusal"
	"rolechain/internal/settings"
)

// A Table is a table of the Glue catalog.
type Table struct {
	Catalog         string // account; "" is the role's
	Database, Table string
}

func (t Table) String() string {
	name := t.Database + "." + t.Table
	if t.Catalog != "" {
		name = t.Catalog + ":" + name
	}
	return "table " + name
}

// ParseTable reads DATABASE.TABLE, or ACCOUNT:DATABASE.TABLE for another account's catalog.
func ParseTable(text string) (Table, error) {
	account, rest, other := strings.Cut(text, ":")
	if !other {
		account, rest = "", text
	}
	db, table, ok := strings.Cut(rest, ".")
	if !ok || db == "" || table == "" || strings.ContainsAny(rest, "/:* ") || other && !isAccount(account) {
		return Table{}, fmt.Errorf("%q is not a table: write DATABASE.TABLE, or ACCOUNT:DATABASE.TABLE for the catalog of another account", text)
	}
	return Table{account, db, table}, nil
}

// Table reads a table's definition.
func (p *Probe) Table(ctx context.Context, t Table) {
	l := Line{Step: "table", Target: t.String()}
	owner := t.Catalog
	in := map[string]string{"DatabaseName": t.Database, "Name": t.Table}
	if owner == "" {
		owner = settings.Account(p.Role)
	} else {
		in["CatalogId"] = owner
	}
	arn := strings.Join([]string{"arn", partition(p.Role), "glue", p.region(), owner, ""}, ":")
	c := refusal.Call{
		Role: p.Role, Action: "glue:GetTable", Service: "glue", Owner: owner, Attached: "the policy of the Glue catalog of account " + owner,
		Resources: []string{arn + "catalog", arn + "database/" + t.Database, arn + "table/" + t.Database + "/" + t.Table},
	}
	var out struct {
		Table struct {
			StorageDescriptor struct{ Location string }
			Parameters        map[string]string
		}
	}
	if err := p.ask(ctx, "glue", p.region(), "AWSGlue.GetTable", in, &out); err != nil {
		hint := ""
		a := answerOf(err)
		if strings.Contains(a.message, "Lake Formation") {
			p.failAs(l, err, refusal.Explanation{Causes: []string{fmt.Sprintf("Lake Formation guards the table, and no policy of IAM opens it: its administrator has to grant what AWS names, for example aws lakeformation grant-permissions --principal DataLakePrincipalIdentifier=%s --permissions DESCRIBE SELECT --resource '{\"Table\":{\"CatalogId\":\"%s\",\"DatabaseName\":\"%s\",\"Name\":\"%s\"}}'", p.Role, owner, t.Database, t.Table)}})
			return
		}
		if a.code == "EntityNotFoundException" {
			hint = fmt.Sprintf("there is no such database or table in the catalog of account %s in %s: look at the region, and at whose catalog it is (ACCOUNT:DATABASE.TABLE)", owner, p.region())
		}
		p.fail(l, err, c, hint)
		return
	}
	l.Text = "its definition can be read"
	if at := out.Table.StorageDescriptor.Location; at != "" {
		l.Text += fmt.Sprintf("; its data is at %s, which -bucket tries", chain.Clean(at))
	}
	p.Say(l)
}
