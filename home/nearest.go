package home

import "strings"

// nearest is the known key that was most likely meant, "" if none is near. Tables
// do not count: a right key in the wrong table is the nearest of all.
func nearest(key string, known []string) string {
	best, bestEdits := "", 1+min(max(2, len(key)/3), len(key)-1)
	if len(key) > 64 {
		return "" // nobody mistypes that much, and the time grows with the square
	}
	for _, k := range known {
		last := k[strings.LastIndexByte(k, '.')+1:]
		if n := edits(key, last); n < bestEdits {
			best, bestEdits = k, n
		}
	}
	return best
}

// edits is the Levenshtein distance: how many letters must be put in, taken out
// or changed to get from a to b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
