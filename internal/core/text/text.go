// Package text holds the rules for what people write: names, titles, descriptions, reasons. The
// rules use Unicode's own classes, so no list of characters has to be maintained.
package text

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"example.com/missionpot/internal/core/fault"
)

// Line refuses text that is not one line of low to high characters, with at least one visible. The
// error is fault.Invalid on the field.
func Line(field, text string, low, high int) error {
	return check(field, text, low, high, false)
}

// Lines is Line for text in which tabs and line breaks are allowed.
func Lines(field, text string, low, high int) error {
	return check(field, text, low, high, true)
}

func check(field, text string, low, high int, lines bool) error {
	if !utf8.ValidString(text) {
		return fault.Invalid.On(field, "must be valid UTF-8")
	}
	visible := false
	for _, r := range text {
		if refused(r, lines) {
			return fault.Invalid.On(field, "must not have control characters")
		}
		visible = visible || isVisible(r)
	}
	if n := utf8.RuneCountInString(text); n < low || n > high {
		return fault.Invalid.On(field, fmt.Sprintf("must be %d to %d characters long", low, high))
	}
	if low > 0 && !visible {
		return fault.Invalid.On(field, "must not be blank")
	}
	return nil
}

// refused are the characters that change how the text around them is shown, and those without a
// meaning.
func refused(r rune, lines bool) bool {
	if lines && (r == '\n' || r == '\r' || r == '\t' || unicode.In(r, unicode.Zl, unicode.Zp)) {
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp, unicode.Co, unicode.Noncharacter_Code_Point)
}

// blankPattern is the Braille pattern without dots: for Unicode a symbol, for people a
// space.
const blankPattern = '\u2800'

// isVisible reports whether a character is visible on its own. A mark needs another character
// before it.
func isVisible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !isIgnorable(r) && r != blankPattern
}

// isIgnorable is the property Default_Ignorable_Code_Point: invisible characters. Go has its parts;
// Unicode's DerivedCoreProperties.txt defines the property by them.
func isIgnorable(r rune) bool {
	switch {
	case r >= 0xFFF9 && r <= 0xFFFB, r >= 0x13430 && r <= 0x13440, unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Cf, unicode.Variation_Selector)
}
