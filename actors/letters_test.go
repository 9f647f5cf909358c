package actors

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A queue of letters is like a list.
func TestLettersAreAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q letters
		var list []any
		next := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				next++
				q.put(next)
				list = append(list, next)
			case 1:
				next++
				n := rapid.IntRange(0, len(list)).Draw(t, "n")
				q.overtake(next, n)
				list = slices.Insert(list, n, any(next))
			default:
				got, ok := q.take()
				if ok != (len(list) > 0) {
					t.Fatalf("there is %v", got)
				}
				if ok {
					if got != list[0] {
						t.Fatalf("%v came instead of %v", got, list[0])
					}
					list = list[1:]
				}
			}
			if q.count() != len(list) || q.empty() != (len(list) == 0) {
				t.Fatalf("%d are there, not %d", q.count(), len(list))
			}
			if len(list) > 0 && q.first() != list[0] {
				t.Fatalf("%v is the first", q.first())
			}
		}
	})
}
