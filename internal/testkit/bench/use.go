package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// use is what a piece of work took. Processor time and memory are those of this process and of the programs that it
// started, without the server of the records.
type use struct {
	wall, cpu time.Duration
	peak      uint64 // MB
}

// measure runs a piece of our work.
func (b *subject) measure(work func() error) (u use, err error) {
	debug.FreeOSMemory()
	stop := watch(b.servers)
	start, cpu := time.Now(), spent()
	err = work()
	return use{time.Since(start), spent() - cpu, stop()}, err
}

// spent is the processor time so far, of programs that have ended too.
func spent() (d time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if syscall.Getrusage(who, &r) == nil {
			d += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	return d
}

// watch samples the memory until it is asked for the highest value, in MB.
func watch(without []int) func() uint64 {
	most := uint64(0)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			most = max(most, resident(os.Getpid(), without))
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); <-done; return most >> 10 }
}

// resident is what a process and those below it hold of the machine's memory, in kB; shared pages count once.
func resident(pid int, without []int) (kb uint64) {
	if slices.Contains(without, pid) {
		return 0
	}
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kb, _ = strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		}
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		b, _ := os.ReadFile(t)
		for _, child := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(child); err == nil {
				kb += resident(n, without)
			}
		}
	}
	return kb
}
