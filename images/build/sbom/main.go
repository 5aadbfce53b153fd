// Sbom prints what Go programs were linked from, as an SPDX 2.3 document.
//
//	go run ./images/build/sbom -created 1790000000 PROGRAM...
//
//	-created SECONDS   the document's date, in seconds since 1970, so that the same programs give the same document
//
// It reads the programs and not go.mod: what is in the module but not in a program cannot harm anybody.
package main

import (
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	flags.SetOutput(stderr)
	created := flags.Int64("created", 0, "`seconds` since 1970")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		fmt.Fprintln(stderr, "usage: sbom [-created SECONDS] PROGRAM...")
		return 2
	}
	doc, err := describe(flags.Args(), time.Unix(*created, 0).UTC())
	if err == nil {
		out := json.NewEncoder(stdout)
		out.SetIndent("", "  ")
		err = out.Encode(doc)
	}
	if err != nil {
		fmt.Fprintf(stderr, "sbom: %v\n", err)
		return 1
	}
	return 0
}

// document and below are the parts of SPDX 2.3 in which there is something to say.
type document struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"` // unique by the programs' checksums
	Creation      creation       `json:"creationInfo"`
	Packages      []pkg          `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type pkg struct {
	ID        string     `json:"SPDXID"`
	Name      string     `json:"name"`
	Version   string     `json:"versionInfo,omitempty"`
	Purpose   string     `json:"primaryPackagePurpose"`
	Download  string     `json:"downloadLocation"`
	Analyzed  bool       `json:"filesAnalyzed"`
	Checksums []checksum `json:"checksums,omitempty"`
	Refs      []ref      `json:"externalRefs,omitempty"`
	Comment   string     `json:"comment,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type ref struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

func describe(programs []string, created time.Time) (document, error) {
	doc := document{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "rolechain",
		Creation: creation{created.Format("2006-01-02T15:04:05Z"), []string{"Tool: rolechain-sbom"}},
	}
	modules, all := map[string]pkg{}, sha256.New()
	for _, path := range programs {
		program, linked, err := read(path)
		if err != nil {
			return document{}, err
		}
		fmt.Fprintln(all, program.Name, program.Checksums[0].Value)
		doc.Packages = append(doc.Packages, program)
		doc.Relationships = append(doc.Relationships, relationship{doc.ID, "DESCRIBES", program.ID})
		for _, m := range linked {
			modules[m.ID] = m
			doc.Relationships = append(doc.Relationships, relationship{program.ID, "CONTAINS", m.ID})
		}
	}
	doc.Namespace = fmt.Sprintf("https://spdx.org/spdxdocs/rolechain-%x", all.Sum(nil))
	for _, m := range modules {
		doc.Packages = append(doc.Packages, m)
	}
	slices.SortFunc(doc.Packages[len(programs):], func(a, b pkg) int { return cmp.Compare(a.ID, b.ID) })
	return doc, nil
}

// read describes a program and the modules in it.
func read(path string) (program pkg, linked []pkg, err error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return pkg{}, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return pkg{}, nil, err
	}
	name := filepath.Base(path)
	program = pkg{
		ID: id("Program", name), Name: name, Purpose: "APPLICATION", Download: "NOASSERTION",
		Checksums: []checksum{{"SHA256", fmt.Sprintf("%x", sha256.Sum256(data))}},
		Comment:   platform(info),
	}
	linked = []pkg{module("stdlib", strings.TrimPrefix(info.GoVersion, "go"), "")}
	for _, m := range info.Deps {
		for m.Replace != nil { // what is linked, not what it stands for
			m = m.Replace
		}
		linked = append(linked, module(m.Path, m.Version, m.Sum))
	}
	return program, linked, nil
}

// module describes a module. sum is the one that go.sum has: a hash over hashes, which is no checksum of a file to SPDX.
func module(path, version, sum string) pkg {
	m := pkg{
		ID: id("Module", path+"-"+version), Name: path, Version: version, Purpose: "LIBRARY", Download: "NOASSERTION",
		Refs: []ref{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + path + "@" + version}},
	}
	if sum != "" {
		m.Comment = "go.sum has " + sum
	}
	return m
}

func platform(info *debug.BuildInfo) string {
	var settings []string
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS", "GOARCH", "CGO_ENABLED":
			settings = append(settings, s.Key+"="+s.Value)
		}
	}
	return strings.Join(settings, " ")
}

// id is an SPDX identifier: letters, digits, dots and hyphens.
func id(kind, name string) string {
	return "SPDXRef-" + kind + "-" + strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}, name)
}
