package pgtool

import "syscall"

// dieTogether has the kernel send a signal when the service is gone, killed ones included.
func dieTogether(s syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: s} }
