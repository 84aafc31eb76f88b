/// One key of the configuration: its name, what it takes, and where its value goes.
///
/// The table `all` is the only list of keys: the file's parser, the environment's names, the output
/// of `check-config` and the test of the example file all go by it.
package struct ConfigurationKey: Sendable {
    /// As the file spells it, with its section: `limits.burst`.
    package let name: String
    /// What it takes, in words that finish the sentence "give …".
    package let wants: String
    package let isRequired: Bool
    /// Takes a value; answers what is wrong with it, nil if nothing is.
    package let take: @Sendable (ConfigurationScalar, Location, inout Configuration) -> Refusal?
    /// The value as the file would spell it; nil if there is none.
    package let show: @Sendable (Configuration) -> String?

    /// Where a value was written, as far as it decides what the value means.
    package struct Location: Sendable {
        /// The folder against which a relative path counts.
        package let folder: String

        package init(folder: String) {
            self.folder = folder
        }
    }

    /// Why a value isn't taken.
    package enum Refusal: Sendable, Hashable {
        case wrongType
        case outOfRange
        /// Text of another form, or none of those it can be.
        case unfit
    }

    /// The variable that overrides the key: `limits.messagesPerMinute` is
    /// `FANOUTD_LIMITS_MESSAGES_PER_MINUTE`.
    package var environmentName: String {
        var text = "FANOUTD_"
        for character in name {
            if character == "." {
                text += "_"
            } else {
                if character.isUppercase { text += "_" }
                text += character.uppercased()
            }
        }
        return text
    }

    /// The part before the dot.
    package var section: String { String(name.prefix { $0 != "." }) }
    /// The part behind the dot.
    package var leaf: String { String(name.drop { $0 != "." }.dropFirst()) }
}

// What a key can take. Each builds on a path into `Configuration`, whose initial value is the
// default.
extension ConfigurationKey {
    package typealias Target<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    static func integer(
        _ name: String,
        _ range: ClosedRange<Int>,
        _ target: Target<Int>,
        isRequired: Bool = false,
        wants: String? = nil
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: wants ?? "a whole number from \(range.lowerBound) to \(range.upperBound)",
            isRequired: isRequired,
            take: { scalar, _, configuration in
                guard let value = scalar.integer else { return .wrongType }
                guard range.contains(value) else { return .outOfRange }
                configuration[keyPath: target] = value
                return nil
            },
            show: { "\($0[keyPath: target])" }
        )
    }

    /// As `integer`, for a key whose default depends on others.
    static func optionalInteger(
        _ name: String,
        _ range: ClosedRange<Int>,
        _ target: Target<Int?>
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            isRequired: false,
            take: { scalar, _, configuration in
                guard let value = scalar.integer else { return .wrongType }
                guard range.contains(value) else { return .outOfRange }
                configuration[keyPath: target] = value
                return nil
            },
            show: { $0[keyPath: target].map { "\($0)" } }
        )
    }

    static func number(
        _ name: String,
        _ range: ClosedRange<Double>,
        _ target: Target<Double>
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))",
            isRequired: false,
            take: { scalar, _, configuration in
                guard let value = scalar.number else { return .wrongType }
                guard range.contains(value) else { return .outOfRange }
                configuration[keyPath: target] = value
                return nil
            },
            show: { plain($0[keyPath: target]) }
        )
    }

    static func flag(_ name: String, _ target: Target<Bool>) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: "true or false",
            isRequired: false,
            take: { scalar, _, configuration in
                guard let value = scalar.flag else { return .wrongType }
                configuration[keyPath: target] = value
                return nil
            },
            show: { "\($0[keyPath: target])" }
        )
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String,
        _ target: Target<Value>
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            isRequired: false,
            take: { scalar, _, configuration in
                guard let value = Value(rawValue: scalar.text) else { return .unfit }
                configuration[keyPath: target] = value
                return nil
            },
            show: { $0[keyPath: target].rawValue }
        )
    }

    /// A value that `read` makes of text.
    static func text<Value: CustomStringConvertible & Sendable>(
        _ name: String,
        _ target: Target<Value>,
        isRequired: Bool = false,
        wants: String,
        read: @escaping @Sendable (String, Location) -> Value?
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: wants,
            isRequired: isRequired,
            take: { scalar, location, configuration in
                guard let text = scalar.string else { return .wrongType }
                guard let value = read(text, location) else { return .unfit }
                configuration[keyPath: target] = value
                return nil
            },
            show: { quoted($0[keyPath: target].description) }
        )
    }

    /// As `text`, for a key that may be left empty.
    static func optionalText<Value: CustomStringConvertible & Sendable>(
        _ name: String,
        _ target: Target<Value?>,
        wants: String,
        read: @escaping @Sendable (String, Location) -> Value?
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name,
            wants: wants,
            isRequired: false,
            take: { scalar, location, configuration in
                if scalar.isNothing {
                    configuration[keyPath: target] = nil
                    return nil
                }
                guard let text = scalar.string else { return .wrongType }
                guard let value = read(text, location) else { return .unfit }
                configuration[keyPath: target] = value
                return nil
            },
            show: { $0[keyPath: target].map { quoted($0.description) } }
        )
    }

    /// A number without the `.0` that Swift gives whole ones.
    private static func plain(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }

    /// Text as YAML takes it back as text.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            ConfigurationScalar(text, style: .plain).string != nil
            && text.first.map { $0.isLetter || $0.isNumber || $0 == "/" } == true
            && text.utf8.allSatisfy(isPlainByte) && !text.hasSuffix(":")
        if isPlain { return text }
        return "'" + text.replacing("'", with: "''") + "'"
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._-/:@+".utf8.contains(byte)
        }
    }
}
