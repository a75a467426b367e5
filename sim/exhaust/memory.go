package exhaust

import (
	"encoding/binary"
	"hash/maphash"
	"reflect"
	"unsafe"
)

// A layout says how a type lies in memory, so that a machine can be copied and
// hashed from outside with all its private state. What interfaces and functions
// hold is shared by all copies and not hashed: in the protocols these are keys and
// names, which never change.
type layout struct {
	size  uintptr
	flat  []span    // bytes without pointers and without padding
	refs  []ref     // pointers and slices
	texts []uintptr // offsets of strings
}

type span struct{ at, length uintptr }

type ref struct {
	at    uintptr
	slice bool
	typ   reflect.Type // of the slice, or of what is pointed to
	elem  *layout
}

// layouts by type; a search runs in one goroutine.
type layouts map[reflect.Type]*layout

func (ls layouts) of(t reflect.Type) *layout {
	if l, ok := ls[t]; ok {
		return l
	}
	l := &layout{size: t.Size()}
	ls[t] = l
	ls.add(l, t, 0)
	return l
}

// add puts what a value of type t at this offset consists of into l.
func (ls layouts) add(l *layout, t reflect.Type, at uintptr) {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			ls.add(l, f.Type, at+f.Offset)
		}
	case reflect.Array:
		for i := range t.Len() {
			ls.add(l, t.Elem(), at+uintptr(i)*t.Elem().Size())
		}
	case reflect.Pointer, reflect.Slice:
		r := ref{at: at, slice: t.Kind() == reflect.Slice, typ: t.Elem(), elem: ls.of(t.Elem())}
		if r.slice {
			r.typ = t
		}
		l.refs = append(l.refs, r)
	case reflect.String:
		l.texts = append(l.texts, at)
	case reflect.Interface, reflect.Func:
	case reflect.Map, reflect.Chan, reflect.UnsafePointer:
		panic("exhaust: a " + t.String() + " in a machine cannot be copied")
	default:
		if last := len(l.flat) - 1; last >= 0 && l.flat[last].at+l.flat[last].length == at {
			l.flat[last].length += t.Size()
		} else {
			l.flat = append(l.flat, span{at, t.Size()})
		}
	}
}

// copier copies and hashes states of one type.
type copier[S any] struct {
	layouts
	buffer []byte
}

// fresh copies *p, and everything that it points to.
func (c *copier[S]) fresh(p *S) *S {
	made := new(S)
	*made = *p
	c.of(reflect.TypeFor[S]()).own(unsafe.Pointer(made))
	return made
}

// key is a 128-bit hash. Among a million states two different ones meet with a
// probability of 1e-27.
type key [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// hash sums up *p with everything that it points to, and what was said.
func (c *copier[S]) hash(p *S, said Said) key {
	c.buffer = binary.LittleEndian.AppendUint64(c.buffer[:0], uint64(said))
	c.buffer = c.of(reflect.TypeFor[S]()).append(c.buffer, unsafe.Pointer(p))
	return key{maphash.Bytes(seeds[0], c.buffer), maphash.Bytes(seeds[1], c.buffer)}
}

// own replaces what the value at p points to by copies.
func (l *layout) own(p unsafe.Pointer) {
	for _, r := range l.refs {
		target := (*unsafe.Pointer)(unsafe.Add(p, r.at)) // the first word of a slice is its array
		if *target == nil {
			continue
		}
		count := 1
		if r.slice {
			old := reflect.NewAt(r.typ, unsafe.Pointer(target)).Elem()
			count = old.Len()
			made := reflect.MakeSlice(r.typ, count, count)
			reflect.Copy(made, old)
			old.Set(made)
		} else {
			made := reflect.New(r.typ)
			made.Elem().Set(reflect.NewAt(r.typ, *target).Elem())
			*target = made.UnsafePointer()
		}
		if len(r.elem.refs) > 0 {
			for i := range count {
				r.elem.own(unsafe.Add(*target, uintptr(i)*r.elem.size))
			}
		}
	}
}

// append writes the value at p in an unambiguous form.
func (l *layout) append(buffer []byte, p unsafe.Pointer) []byte {
	for _, s := range l.flat {
		buffer = append(buffer, unsafe.Slice((*byte)(unsafe.Add(p, s.at)), s.length)...)
	}
	for _, at := range l.texts {
		text := *(*string)(unsafe.Add(p, at))
		buffer = binary.LittleEndian.AppendUint64(buffer, uint64(len(text)))
		buffer = append(buffer, text...)
	}
	for _, r := range l.refs {
		target := (*unsafe.Pointer)(unsafe.Add(p, r.at))
		count := 1
		if r.slice {
			count = len(*(*[]byte)(unsafe.Pointer(target)))
		} else if *target == nil {
			count = 0
		}
		buffer = append(buffer, byte(count), byte(count>>8), byte(count>>16))
		for i := range count {
			buffer = r.elem.append(buffer, unsafe.Add(*target, uintptr(i)*r.elem.size))
		}
	}
	return buffer
}
