package membership

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

// picture reads the arrows of doc.go: after the caption, groups of statuses
// joined by arrows.
func picture(t *testing.T) map[[2]messages.RoomStatus]bool {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]messages.RoomStatus{}
	for _, status := range messages.RoomStatuses() {
		byName[status.String()] = status
	}
	arrows := map[[2]messages.RoomStatus]bool{}
	const captionWidth = 19
	for line := range strings.Lines(string(text)) {
		line, drawn := strings.CutPrefix(line, "//\t")
		if !drawn || !strings.Contains(line, "->") {
			continue
		}
		var before []messages.RoomStatus
		for group := range strings.SplitSeq(line[captionWidth:], "->") {
			var here []messages.RoomStatus
			for name := range strings.SplitSeq(group, ",") {
				status, ok := byName[strings.TrimSpace(name)]
				if !ok {
					t.Fatalf("the picture has an unknown status %q in %q", name, line)
				}
				here = append(here, status)
				for _, from := range before {
					arrow := [2]messages.RoomStatus{from, status}
					if arrows[arrow] && len(before) > 1 {
						t.Errorf("the picture draws %s -> %s twice", from, status)
					}
					arrows[arrow] = true
				}
			}
			before = here
		}
	}
	return arrows
}

func TestPictureShowsEveryArrowOfTheTableAndNoOther(t *testing.T) {
	drawn := picture(t)
	walked := map[[2]messages.RoomStatus]bool{}
	for _, seen := range everyWalk(t) {
		maps.Copy(walked, seen.arrows())
	}
	for arrow := range drawn {
		if !walked[arrow] {
			t.Errorf("the picture shows %s -> %s, which the table never does", arrow[0], arrow[1])
		}
	}
	for arrow := range walked {
		if !drawn[arrow] {
			t.Errorf("the table goes %s -> %s, which the picture does not show", arrow[0], arrow[1])
		}
	}
}
