extension String {
    /// The columns of the text on a terminal.
    package var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

    /// The text if it fits so many columns, otherwise its start and an ellipsis.
    package func cut(toColumns limit: Int) -> String {
        if columns <= limit { return self }
        guard limit > 1 else { return "" }
        var text = ""
        var room = limit - 1
        for character in self {
            room -= String(character).columns
            if room < 0 { break }
            text.append(character)
        }
        return text + "…"
    }
}

extension Unicode.Scalar {
    /// Two for wide and full-width characters of East Asian Width (UAX 11) and for emoji, none for
    /// combining characters.
    package var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        // Vowels and final consonants of Hangul, which join the consonant before them.
        if (0x1160...0x11FF).contains(value) { return 0 }
        return properties.isEmojiPresentation || Self.isWide(value) ? 2 : 1
    }

    /// Whole blocks of UAX 11, in which unassigned code points are wide as well.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
            0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF,
            0x1B000...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
