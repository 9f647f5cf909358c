package stage

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// Profiled runs a phase, and writes its CPU profile, and after it a profile of
// allocations, if profiles are wanted. Profiling slows what it looks at.
func (r *Run) Profiled(phase string, run func() error) error {
	folder := r.settings.profile
	if folder == "" {
		return run()
	}
	name := filepath.Join(folder, r.brief.Peer+"-"+phase)
	cpu, err := os.Create(name + ".cpu")
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	err = run()
	pprof.StopCPUProfile()
	memory, createErr := os.Create(name + ".mem")
	if createErr != nil {
		return errors.Join(err, cpu.Close(), createErr)
	}
	runtime.GC()
	return errors.Join(err, cpu.Close(), pprof.Lookup("allocs").WriteTo(memory, 0), memory.Close())
}
