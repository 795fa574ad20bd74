package app

import "golang.org/x/sys/unix"

// noCore keeps the system from writing this process's memory, and with it every open key, into a core file. A system
// that hands core dumps to a program of its own (core_pattern with a pipe) leaves the limit to that program.
func noCore() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
