package table

import (
	"fmt"
	"math/bits"
	"strings"
)

// Name is a small number that stands for something and can say for what: a
// status, a kind of event, a timer.
type Name interface {
	~uint8
	fmt.Stringer
}

// Set is a set of names with numbers below 32. The operators |, & and &^ are those
// of sets.
type Set[N Name] uint32

// Of is the set of these names.
func Of[N Name](names ...N) Set[N] { return Set[N](0).With(names...) }

// Has reports whether the name is in the set.
func (s Set[N]) Has(name N) bool { return s&(1<<name) != 0 }

// With is the set with those names added.
func (s Set[N]) With(names ...N) Set[N] {
	for _, name := range names {
		s |= 1 << name
	}
	return s
}

// Without is the set with those names removed.
func (s Set[N]) Without(names ...N) Set[N] { return s &^ Of(names...) }

// List gives the names of the set in the order of their numbers.
func (s Set[N]) List() []N {
	var list []N
	for rest := uint32(s); rest != 0; rest &= rest - 1 {
		list = append(list, N(bits.TrailingZeros32(rest)))
	}
	return list
}

// String lists the names in the set, such as "Backoff, Suspended".
func (s Set[N]) String() string {
	var names []string
	for _, name := range s.List() {
		names = append(names, name.String())
	}
	return strings.Join(names, ", ")
}
