package lifecycle

import (
	"maps"
	"testing"

	"github.com/seed14814784/holdfast/actors/table/tabletest"
	"github.com/seed14814784/holdfast/messages"
)

func TestPictureShowsEveryArrowOfTheTableAndNoOther(t *testing.T) {
	walked := tabletest.Arrows[messages.Status]{}
	for _, seen := range everyWalk(t) {
		maps.Copy(walked, seen.arrows())
	}
	tabletest.Drawn(t, messages.Statuses()).Same(t, walked)
}
