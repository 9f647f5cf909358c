// Package layout keeps the house in order: which folder may import which, and
// who alone may import the libraries that Holdfast stands on.
package layout

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seed14814784/holdfast/"

// floors lists the folders from the ground up: each may import those before it.
var floors = []string{"messages", "transport", "actors", "supervisor", "examples", "tests"}

// tenants says which folders alone may import what. What is in a folder of its own
// is paid for only by those who import that.
var tenants = map[string][]string{
	"github.com/gobwas/":                 {"transport"},
	"github.com/asynkron/protoactor-go/": {"actors", "supervisor", "examples", "tests"},
	"github.com/sirupsen/logrus":         {"supervisor", "examples", "tests"},
	"github.com/klauspost/compress/":     {"transport"},
	"github.com/vishvananda/":            {"supervisor/netlink"},
	"golang.org/x/net/":                  {"transport"},
	"golang.org/x/sys/":                  {"supervisor/netlink", "transport"},
	"golang.org/x/time/":                 {"supervisor"},
	"go.uber.org/goleak":                 {},
	"pgregory.net/rapid":                 {},
}

// imported is one import of one file.
type imported struct {
	file, floor, path string
	test              bool
}

func imports(t *testing.T) []imported {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var all []imported
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && nested(path):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		floor, _, _ := strings.Cut(filepath.ToSlash(name), "/")
		for _, spec := range file.Imports {
			all = append(all, imported{name, floor, strings.Trim(spec.Path.Value, `"`), strings.HasSuffix(name, "_test.go")})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d imports were found; the walk is broken", len(all))
	}
	return all
}

// nested reports whether a folder is a module of its own, or hidden.
func nested(path string) bool {
	if strings.HasPrefix(filepath.Base(path), ".") {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

func TestImportsOnlyGoDown(t *testing.T) {
	for _, i := range imports(t) {
		inner, ours := strings.CutPrefix(i.path, module)
		if !ours {
			continue
		}
		floor, _, _ := strings.Cut(inner, "/")
		if slices.Index(floors, floor) > slices.Index(floors, i.floor) {
			t.Errorf("%s imports %s, which stands above it", i.file, i.path)
		}
		if i.floor == "examples" && floor == "tests" {
			t.Errorf("%s imports %s: examples show what users have", i.file, i.path)
		}
	}
}

func TestMessagesImportTheStandardLibraryOnly(t *testing.T) {
	for _, i := range imports(t) {
		first, _, _ := strings.Cut(i.path, "/")
		if i.floor == "messages" && !i.test && strings.Contains(first, ".") && !strings.HasPrefix(i.path, module+"messages") {
			t.Errorf("%s imports %s", i.file, i.path)
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, i := range imports(t) {
		for library, folders := range tenants {
			lives := slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(filepath.ToSlash(i.file), folder+"/") })
			if strings.HasPrefix(i.path, library) && !i.test && !lives {
				t.Errorf("%s imports %s, which only %v may", i.file, i.path, folders)
			}
		}
	}
}
