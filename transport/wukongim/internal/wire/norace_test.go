//go:build !race

package wire

// underRace says that the race detector is on: it takes memory of its own, and pools
// forget what is in them.
const underRace = false
