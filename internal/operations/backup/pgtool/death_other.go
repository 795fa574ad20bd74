//go:build !linux

package pgtool

import "syscall"

// dieTogether: only Linux tells a program that its parent is gone. Elsewhere the slot is found taken after a
// crash, until the old program notices by itself.
func dieTogether(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
