package netem

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Matrix has round-trip times between places, as somebody has measured them.
type Matrix struct {
	Places []string
	RTT    [][]float64 // milliseconds, from the place of the row to that of the column
}

//go:embed regions.csv
var regions string

// Regions are ten regions of a public cloud on five continents, see regions.csv.
func Regions() Matrix {
	m, err := ReadMatrix(strings.NewReader(regions))
	if err != nil {
		panic(fmt.Sprintf("netem: internal error: regions.csv: %v", err))
	}
	return m
}

// ReadMatrix reads round-trip times in milliseconds as CSV: a first line with the
// names of the places behind an empty field, then a line for each place. Lines that
// begin with # are comments; an empty field is 0.
func ReadMatrix(r io.Reader) (Matrix, error) {
	var m Matrix
	in := csv.NewReader(io.LimitReader(r, maxFile))
	in.Comment, in.TrimLeadingSpace = '#', true
	lines, err := in.ReadAll()
	if err != nil {
		return m, fmt.Errorf("the matrix: %w", err)
	}
	if len(lines) < 2 || len(lines)-1 != len(lines[0])-1 || len(lines)-1 > maxNodes {
		return m, fmt.Errorf("the matrix has %d lines: it takes one with the names of up to %d places, and one for each", len(lines), maxNodes)
	}
	m.Places = lines[0][1:]
	for i, line := range lines[1:] {
		if line[0] != m.Places[i] {
			return m, fmt.Errorf("line %d of the matrix is of %q, and %q is due", i+2, line[0], m.Places[i])
		}
		row := make([]float64, len(m.Places))
		for j, field := range line[1:] {
			if field = strings.TrimSpace(field); field == "" {
				continue
			}
			if row[j], err = strconv.ParseFloat(field, 64); err != nil || !(row[j] >= 0 && row[j] <= maxDelay) {
				return m, fmt.Errorf("from %q to %q: %q is not milliseconds", m.Places[i], m.Places[j], field)
			}
		}
		m.RTT = append(m.RTT, row)
	}
	return m, nil
}

// Network puts node i into place i, and starts over when the places run out. A
// one-way delay is half a round trip.
func (m Matrix) Network(nodes int) Network {
	var n Network
	for i := range nodes {
		row := make([]float64, nodes)
		for j := range row {
			row[j] = m.RTT[i%len(m.Places)][j%len(m.Places)] / 2
		}
		n.Delay = append(n.Delay, row)
	}
	return n
}
