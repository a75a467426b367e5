//go:build !linux

package soak

import "syscall"

func childAttributes() *syscall.SysProcAttr { return nil }
