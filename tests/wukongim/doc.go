// Package wukongim holds no code, only proof: what Holdfast writes for WuKongIM and
// reads of it, next to the codec that WuKongIM's own servers were built with. It is a
// module of its own so that users of Holdfast never download that.
//
//	go -C tests/wukongim test -race ./...
//	go -C tests/wukongim test -run '^$' -bench . ./...
//
// The benchmarks run both sides in turn, in one run, and report ratios: absolute
// figures drift with the machine.
package wukongim
