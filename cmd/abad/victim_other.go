//go:build !unix

package main

import "errors"

// Stop is not possible here.
func (victim) Stop() error { return errors.ErrUnsupported }

// Continue has nothing to do.
func (victim) Continue() error { return nil }
