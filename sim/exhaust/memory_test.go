package exhaust

import (
	"reflect"
	"testing"
)

type inner struct {
	flag  bool
	words [2]uint64
	deep  *[]string
}

type outer struct {
	small uint8
	big   uint64
	list  []*inner
	name  any
}

func sample() *outer {
	texts := []string{"a", "b"}
	return &outer{1, 2, []*inner{{true, [2]uint64{3, 4}, &texts}, nil}, "shared"}
}

func TestCopiesAreApart(t *testing.T) {
	c := copier[outer]{layouts: layouts{}}
	x := sample()
	y := c.fresh(x)
	if !reflect.DeepEqual(x, y) || c.hash(x, 0) != c.hash(y, 0) {
		t.Fatal("a copy differs")
	}
	for name, change := range map[string]func(o *outer){
		"a number":  func(o *outer) { o.big++ },
		"a bit":     func(o *outer) { o.list[0].flag = false },
		"an array":  func(o *outer) { o.list[0].words[1]++ },
		"a text":    func(o *outer) { (*o.list[0].deep)[1] = "c" },
		"a pointer": func(o *outer) { o.list[1] = &inner{} },
		"a length":  func(o *outer) { o.list = o.list[:1] },
	} {
		y := c.fresh(x)
		change(y)
		if !reflect.DeepEqual(x, sample()) {
			t.Fatalf("%s of the copy changes the original", name)
		}
		if c.hash(x, 0) == c.hash(y, 0) {
			t.Errorf("%s does not change the hash", name)
		}
	}
	if c.hash(x, 0) == c.hash(x, 1) {
		t.Error("what was said does not change the hash")
	}
}

func TestMapsAreRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a map is copied")
		}
	}()
	layouts{}.of(reflect.TypeFor[struct{ m map[int]int }]())
}
