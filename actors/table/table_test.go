package table_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/actors/table"
	"github.com/seed14814784/holdfast/messages"
)

// letter is a name: 0 is a.
type letter uint8

func (l letter) String() string { return string(rune('a' + l)) }

func TestSetIsWhatWasPutInInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SliceOf(rapid.Custom(func(t *rapid.T) letter { return letter(rapid.IntRange(0, 31).Draw(t, "letter")) }))
		in, out := letters.Draw(t, "in"), letters.Draw(t, "out")
		var want []letter
		for l := range letter(32) {
			if slices.Contains(in, l) && !slices.Contains(out, l) {
				want = append(want, l)
			}
		}
		set := table.Of(in...).Without(out...)
		if got := set.List(); !slices.Equal(got, want) {
			t.Fatalf("%v without %v is %v", in, out, got)
		}
		for l := range letter(32) {
			if set.Has(l) != slices.Contains(want, l) {
				t.Fatalf("%v has %s: %v", want, l, set.Has(l))
			}
		}
		if again := table.Of(want...); again != set {
			t.Fatalf("%s is not %s", again, set)
		}
	})
}

func TestSetReadsAsAList(t *testing.T) {
	if got := table.Of[letter](2, 0).String(); got != "a, c" {
		t.Errorf("got %q", got)
	}
	if got := table.Of[letter]().String(); got != "" {
		t.Errorf("the empty set reads %q", got)
	}
}

// light turns green and red, unless it is broken.
type light struct{ broken, green bool }

var lights = table.New([]table.Row[letter, letter, light]{
	table.Line(1, table.Of[letter](0, 1), letter(0), table.If("it works", func(l *light) bool { return !l.broken }), table.Of[letter](1), messages.ReasonOK,
		"turns green", func(l *light) { l.green = true }),
	table.Line(2, table.Of[letter](0), letter(0), table.If("it is broken", func(l *light) bool { return l.broken }), 0, messages.ReasonActorPanic,
		"stays dark", func(*light) {}),
}, []table.Row[letter, letter, light]{
	table.Line(3, table.Of[letter](1), letter(1), table.Guard[light]{}, table.Of[letter](0), messages.ReasonOK,
		"turns red", func(l *light) { l.green = false }),
})

func TestRulesFindTheRowThatFits(t *testing.T) {
	for _, test := range []struct {
		status, on letter
		light      light
		want       int
	}{
		{0, 0, light{}, 1},
		{1, 0, light{}, 1},
		{0, 0, light{broken: true}, 2},
		{1, 0, light{broken: true}, 0},
		{1, 1, light{}, 3},
		{0, 1, light{}, 0},
		{31, 63, light{}, 0},
		{32, 0, light{}, 0},
		{0, 64, light{}, 0},
	} {
		name := fmt.Sprint(test.status, test.on, test.light)
		got := 0
		if row := lights.Find(test.status, test.on, &test.light); row != nil {
			got = row.Number
		}
		if got != test.want {
			t.Errorf("%s: row %d, want %d", name, got, test.want)
		}
		if n := len(lights.Fitting(test.status, test.on, &test.light)); n != min(test.want, 1) {
			t.Errorf("%s: %d rows fit", name, n)
		}
	}
}

func TestRulesKeepTheirRows(t *testing.T) {
	rows := lights.Rows()
	rows[0].Number = 99
	if got := lights.Rows()[0].Number; got != 1 {
		t.Errorf("row %d", got)
	}
}

func TestRowReadsAsOneLine(t *testing.T) {
	for i, want := range []string{"1 a, b + a [it works] -> b", "2 a + a [it is broken] -> same (702 ActorPanic)", "3 b + b -> a"} {
		if got := lights.Rows()[i].String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
