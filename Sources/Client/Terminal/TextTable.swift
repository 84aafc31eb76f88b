/// Rows of text in aligned columns.
package struct TextTable: Sendable {
    package let columns: [Column]
    package private(set) var rows: [[String]] = []

    package struct Column: Sendable {
        package let title: String
        package let isNumber: Bool

        /// A column of text, aligned to the left.
        package static func text(_ title: String) -> Column {
            Column(title: title, isNumber: false)
        }

        /// A column of numbers, aligned to the right.
        package static func number(_ title: String) -> Column {
            Column(title: title, isNumber: true)
        }
    }

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row of one cell for each column.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row of \(cells.count) cells")
        rows.append(cells)
    }

    /// Title and rows, a line for each, without blanks at the ends of lines.
    package var text: String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { index in
            lines.map { $0[index].columns }.max() ?? 0
        }
        return lines.map { line in
            var text = ""
            for (index, cell) in line.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - cell.columns)
                text += columns[index].isNumber ? padding + cell : cell + padding
                text += "  "
            }
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }.joined()
    }
}

extension Int {
    /// The number with a comma between thousands.
    package var grouped: String {
        var text = ""
        for (index, digit) in String(magnitude).enumerated() {
            if index > 0, (String(magnitude).count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + text
    }
}

/// Names and values in two columns; a row without a value is left out.
package func labeled(_ rows: [(name: String, value: String?)]) -> String {
    rows.compactMap { name, value in
        value.map { name + String(repeating: " ", count: max(1, 14 - name.count)) + "\($0)\n" }
    }.joined()
}
