// Package tabletest helps with the tests of a table.
package tabletest

import (
	"os"
	"strings"

	"github.com/seed14814784/holdfast/actors/table"
)

// captionWidth is where the arrows of a line of the picture begin.
const captionWidth = 19

// TB is what is needed of a test.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Arrows are changes of status.
type Arrows[S table.Name] map[[2]S]bool

// Drawn reads the arrows of doc.go in the folder of the test: after a caption,
// groups of statuses joined by arrows.
func Drawn[S table.Name](t TB, statuses []S) Arrows[S] {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatalf("%v", err)
	}
	arrows := Arrows[S]{}
	for line := range strings.Lines(string(text)) {
		line, drawn := strings.CutPrefix(line, "//\t")
		if !drawn || !strings.Contains(line, "->") {
			continue
		}
		var before []S
		for group := range strings.SplitSeq(line[captionWidth:], "->") {
			here := named(t, statuses, group)
			for _, from := range before {
				arrows.draw(t, from, here, len(before) > 1)
			}
			before = here
		}
	}
	return arrows
}

func named[S table.Name](t TB, statuses []S, group string) []S {
	t.Helper()
	var list []S
next:
	for name := range strings.SplitSeq(group, ",") {
		for _, status := range statuses {
			if status.String() == strings.TrimSpace(name) {
				list = append(list, status)
				continue next
			}
		}
		t.Fatalf("the picture has an unknown status %q", name)
	}
	return list
}

// draw adds arrows. One of several that begin together should be new.
func (a Arrows[S]) draw(t TB, from S, to []S, several bool) {
	t.Helper()
	for _, status := range to {
		arrow := [2]S{from, status}
		if a[arrow] && several {
			t.Errorf("the picture draws %s -> %s twice", from, status)
		}
		a[arrow] = true
	}
}

// Same fails the test unless the picture has every arrow that was walked, and no
// other. What leads from a status to itself is not drawn.
func (a Arrows[S]) Same(t TB, walked Arrows[S]) {
	t.Helper()
	for arrow := range a {
		if !walked[arrow] {
			t.Errorf("the picture shows %s -> %s, which the table never does", arrow[0], arrow[1])
		}
	}
	for arrow := range walked {
		if !a[arrow] && arrow[0] != arrow[1] {
			t.Errorf("the table goes %s -> %s, which the picture does not show", arrow[0], arrow[1])
		}
	}
}
