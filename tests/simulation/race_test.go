//go:build race

package simulation

// underRace says that the race detector makes everything some ten times slower.
const underRace = true
