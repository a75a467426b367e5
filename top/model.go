package top

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"abad/survey"
)

// pause is from one answer to the next question: a cluster is not to be loaded by
// who looks at it.
const pause = time.Second

// Model is the view. Run it with [Run].
type Model struct {
	take          func() Sample // asks, and may take as long as nodes may
	sample        *Sample       // the newest; nil before the first
	width, height int
}

// sampled comes when the nodes have answered, due when it is time to ask again.
type (
	sampled Sample
	due     struct{}
)

// NewModel shows what take gives, again and again.
func NewModel(take func() Sample) Model { return Model{take: take, width: 100, height: 30} }

func (m Model) Init() tea.Cmd { return m.ask }

func (m Model) ask() tea.Msg { return sampled(m.take()) }

func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q", "esc", "ctrl+c":
			return m, tea.Quit
		}
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case sampled:
		sample := Sample(msg)
		m.sample = &sample
		return m, tea.Tick(pause, func(time.Time) tea.Msg { return due{} })
	case due:
		return m, m.ask
	}
	return m, nil
}

// The colors are those of the terminal's own palette, so they fit its background.
// No meaning is in a color alone.
var (
	bold   = lipgloss.NewStyle().Bold(true)
	faint  = lipgloss.NewStyle().Faint(true)
	green  = lipgloss.NewStyle().Foreground(lipgloss.Green)
	yellow = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	red    = lipgloss.NewStyle().Foreground(lipgloss.Red)
	cyan   = lipgloss.NewStyle().Foreground(lipgloss.Cyan)
)

func (m Model) View() tea.View {
	lines := []string{bold.Render("abad top"), "asking all nodes"}
	if m.sample != nil {
		lines = m.fit(m.sample)
	}
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], m.width, "…")
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.WindowTitle = "abad top"
	return v
}

// fit draws the parts, the table of nodes getting what lines the others leave.
func (m Model) fit(s *Sample) []string {
	head := []string{bold.Render(s.title()) + "  " + faint.Render(s.clock()), m.verdict(s), ""}
	foot := m.activity(s)
	problems := m.problems(s)
	foot = append(foot, "", faint.Render("q quits"))
	table := m.table(s)
	room := m.height - len(head) - len(foot) - len(problems)
	if room < len(table) && len(problems) > 3 {
		more := len(problems) - 3
		problems = append(problems[:3:3], faint.Render(fmt.Sprintf("... %d more problems: abad status --cluster lists them", more)))
		room = m.height - len(head) - len(foot) - len(problems)
	}
	if least := 3; room < len(table) && len(table) > least {
		shown := max(room-1, least)
		if shown < len(table) {
			table = m.worstFirst(s, table)
			table = append(table[:shown:shown], faint.Render(fmt.Sprintf("... %d more nodes", len(table)-shown)))
		}
	}
	lines := append(append(append(head, table...), problems...), foot...)
	return lines[:min(len(lines), max(m.height, 1))]
}

func (m Model) verdict(s *Sample) string {
	style := green
	switch {
	case s.Survey.Nodes() == 0 || s.Survey.Spare() < 0:
		style = red
	case len(s.Survey.Problems()) > 0:
		style = yellow
	}
	return style.Render(s.Survey.Verdict())
}

func (m Model) problems(s *Sample) []string {
	var lines []string
	for _, p := range s.Survey.Problems() {
		lines = append(lines, yellow.Render("problem: ")+p.Text)
	}
	return lines
}

// worstFirst puts the nodes with which something is wrong where they are not cut off.
func (m Model) worstFirst(s *Sample, table []string) []string {
	sorted := []string{table[0]}
	for _, want := range []bool{false, true} {
		for i, a := range s.Survey.Answers {
			if good(a) == want {
				sorted = append(sorted, table[1+i])
			}
		}
	}
	return sorted
}

// table pads the columns and colors the signs.
func (m Model) table(s *Sample) []string {
	rows := s.table()
	wide := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			wide[i] = max(wide[i], ansi.StringWidth(cell))
		}
	}
	var lines []string
	for n, r := range rows {
		var b strings.Builder
		for i, cell := range r {
			pad := strings.Repeat(" ", wide[i]-ansi.StringWidth(cell)+2)
			b.WriteString(m.cell(s, n, i, cell) + pad)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// The columns that are colored.
const (
	columnState = 1
	columnSees  = 3
)

func (m Model) cell(s *Sample, row, column int, text string) string {
	switch {
	case row == 0:
		return faint.Render(text)
	case column == columnState && good(s.Survey.Answers[row-1]):
		return green.Render(text)
	case column == columnState:
		return red.Render(text)
	case column != columnSees:
		return text
	}
	var b strings.Builder
	for _, sign := range text {
		switch sign {
		case survey.SignUp:
			b.WriteString(green.Render(string(sign)))
		case survey.SignDown:
			b.WriteString(red.Render(string(sign)))
		default:
			b.WriteString(faint.Render(string(sign)))
		}
	}
	return b.String()
}

// activity is speed, latency and epochs, as one node tells them.
func (m Model) activity(s *Sample) []string {
	if s.Reporter < 0 {
		return nil
	}
	values, mean, _ := s.series()
	lines := []string{
		"",
		m.plot("speed", s.speedLine(), values),
		m.plot("latency", s.latencyLine(), mean),
		"",
		faint.Render(fmt.Sprintf("epochs at node %d: %s", s.Reporter, legend)),
	}
	for _, e := range s.epochs() {
		name := fmt.Sprintf("%-8d ", e.Epoch)
		lines = append(lines, name+m.slots(signs(e, s.Epochs.Thresholds))+"  "+progress(e))
	}
	if len(s.Epochs.Open) == 0 {
		lines = append(lines, faint.Render("none under way: the cluster is idle"))
	}
	return lines
}

// plot draws what of the last minute has room beside its figures.
func (m Model) plot(name, figures string, values []float64) string {
	text := fmt.Sprintf("%-8s %-28s ", name, figures)
	room := min(max(m.width-ansi.StringWidth(text), 0), len(values))
	return text + cyan.Render(plot(values[len(values)-room:]))
}

func (m Model) slots(text string) string {
	var b strings.Builder
	for _, sign := range text {
		switch sign {
		case '1':
			b.WriteString(green.Render("1"))
		case '0':
			b.WriteString(red.Render("0"))
		case '·':
			b.WriteString(faint.Render("·"))
		default:
			b.WriteString(yellow.Render(string(sign)))
		}
	}
	return b.String()
}
