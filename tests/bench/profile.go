package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profiled runs a phase, and writes its CPU profile, and after it a profile of
// the heap, if profiles are wanted. Profiling slows what it looks at.
func profiled(s settings, phase string, run func() error) error {
	if s.profile == "" {
		return run()
	}
	cpu, err := os.Create(filepath.Join(s.profile, s.peer+"-"+phase+".cpu"))
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	err = run()
	pprof.StopCPUProfile()
	memory, createErr := os.Create(filepath.Join(s.profile, s.peer+"-"+phase+".mem"))
	if createErr != nil {
		return errors.Join(err, cpu.Close(), createErr)
	}
	runtime.GC()
	return errors.Join(err, cpu.Close(), pprof.Lookup("allocs").WriteTo(memory, 0), memory.Close())
}
