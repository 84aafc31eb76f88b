package import Platform

/// Why a value isn't taken.
package enum ConfigurationRefusal: Error, Sendable, Hashable {
    case wrongType
    case outOfRange
    /// Text of another form, or none of those it can be.
    case unfit
    /// Parts of a mapping are at fault.
    case parts([Part])

    /// What is wrong with one part of a value; the part has no name where it is the whole.
    package struct Part: Sendable, Hashable {
        package let name: String
        package let finding: Finding
    }
}

/// The form of a key's values: how they are read and written, and the words for it.
struct ConfigurationForm<Value: Sendable>: Sendable {
    let wants: String
    /// Text may be nothing where a key needs no value; a number or a boolean that is written is one.
    var isText = false
    /// Whether the file may spell it as a mapping.
    var isMapping = false
    let read: @Sendable (ConfigurationScalar, String) throws(ConfigurationRefusal) -> Value
    let show: @Sendable (Value) -> String
}

extension ConfigurationForm where Value: CustomStringConvertible {
    /// A value that `read` makes of text and the folder from which a relative path counts.
    static func text(
        _ wants: String,
        _ read: @escaping @Sendable (String, _ folder: String) -> Value?
    ) -> Self {
        Self(
            wants: wants,
            isText: true,
            read: { scalar, folder throws(ConfigurationRefusal) in
                guard let text = scalar.string else { throw .wrongType }
                guard let value = read(text, folder) else { throw .unfit }
                return value
            },
            show: { ConfigurationScalar.quoted($0.description) }
        )
    }
}

extension ConfigurationForm<String> {
    /// Text for which empty is a value.
    static func textOrNothing(
        _ wants: String,
        fits: @escaping @Sendable (String) -> Bool
    ) -> Self {
        Self(
            wants: wants,
            read: { scalar, _ throws(ConfigurationRefusal) in
                let isEmpty = scalar.isNothing || scalar.text.isEmpty
                guard let text = isEmpty ? "" : scalar.string else { throw .wrongType }
                guard fits(text) else { throw .unfit }
                return text
            },
            show: { ConfigurationScalar.quoted($0) }
        )
    }

    static func path(_ wants: String) -> Self {
        .text(wants) { text, folder in
            text.contains("\0") ? nil : Path.resolve(text, in: folder)
        }
    }
}

extension ConfigurationForm {
    /// A value that a scalar is by itself, such as a number.
    private init(
        _ wants: String,
        _ value: @escaping @Sendable (ConfigurationScalar) -> Value?,
        fits: @escaping @Sendable (Value) -> Bool = { _ in true },
        show: @escaping @Sendable (Value) -> String
    ) {
        self.init(
            wants: wants,
            read: { scalar, _ throws(ConfigurationRefusal) in
                guard let value = value(scalar) else { throw .wrongType }
                guard fits(value) else { throw .outOfRange }
                return value
            },
            show: show
        )
    }
}

extension ConfigurationForm<Int> {
    static func integer(_ range: ClosedRange<Int>, _ meaning: String = "") -> Self {
        Self(
            meaning + "a whole number from \(range.lowerBound) to \(range.upperBound)",
            { $0.integer },
            fits: range.contains,
            show: { "\($0)" }
        )
    }
}

extension ConfigurationForm<Double> {
    static func number(_ range: ClosedRange<Double>) -> Self {
        // A whole number without the `.0` that Swift gives it.
        let plain = { @Sendable (value: Double) in
            Int(exactly: value).map(String.init) ?? "\(value)"
        }
        return Self(
            "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))",
            { $0.number },
            fits: range.contains,
            show: plain
        )
    }
}

extension ConfigurationForm<Bool> {
    static var flag: Self { Self("true or false", { $0.flag }, show: { "\($0)" }) }
}

extension ConfigurationForm where Value: RawRepresentable<String> & CaseIterable {
    static var choice: Self {
        Self(
            wants: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            read: { scalar, _ throws(ConfigurationRefusal) in
                guard let value = Value(rawValue: scalar.text) else { throw .unfit }
                return value
            },
            show: { $0.rawValue }
        )
    }
}
