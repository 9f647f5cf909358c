// Package gauge has what the questions measure with: counters that can be waited
// for, what a process weighs, what work cost, and how long things took.
package gauge
