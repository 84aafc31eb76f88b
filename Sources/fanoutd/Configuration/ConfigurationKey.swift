import Platform

/// One key of the configuration: its name, the form of its value, where the value goes, and whether a
/// reload changes it.
///
/// The table `all` is the only list of keys: the file's parser, the environment's names, a reload,
/// the output of `check-config` and the test of the example file all go by it.
package struct ConfigurationKey: Sendable {
    package typealias Target<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    /// As the file spells it, with its section: `limits.burst`.
    package let name: String
    /// The form of its value, in words that finish the sentence "give …".
    package let wants: String
    /// Takes a value as it was written; a relative path in it counts from the folder.
    package let take:
        @Sendable (ConfigurationScalar, _ folder: String, inout Configuration)
            -> ConfigurationRefusal?
    /// The value as the file would spell it; nil if there is none.
    package private(set) var show: @Sendable (Configuration) -> String?
    /// Whether the file may spell its value as a mapping.
    private(set) var isMapping = false
    package private(set) var isRequired = false
    /// Whether a new value takes hold without a restart.
    package private(set) var isReloaded = false
    /// What counts where there is no value; nil for nothing.
    private(set) var fallback: @Sendable (Configuration) -> String? = { _ in nil }
    /// What the file that the value names holds, in words that show no secret.
    private(set) var content: @Sendable (Configuration) -> String? = { _ in nil }
    /// Reads that file; answers what is wrong with it.
    private(set) var readFile: @Sendable (inout Configuration) -> [Finding] = { _ in [] }
    /// Carries the value, and what its file holds, from one configuration into another.
    private(set) var carry: @Sendable (Configuration, inout Configuration) -> Void
    /// Whether the value, or what its file holds, is another one.
    private(set) var differs: @Sendable (Configuration, Configuration) -> Bool

    init<Value>(_ name: String, _ target: Target<Value>, _ form: ConfigurationForm<Value>) {
        self.init(name, target, wants: form.wants, show: form.show, read: form.read)
    }

    /// A key that may have no value.
    init<Value>(_ name: String, _ target: Target<Value?>, _ form: ConfigurationForm<Value>) {
        self.init(
            name,
            target,
            wants: form.wants,
            show: { $0.map(form.show) },
            read: { scalar, folder throws(ConfigurationRefusal) in
                form.isText && scalar.isNothing ? nil : try form.read(scalar, folder)
            }
        )
        isMapping = form.isMapping
    }

    private init<Value>(
        _ name: String,
        _ target: Target<Value>,
        wants: String,
        show: @escaping @Sendable (Value) -> String?,
        read:
            @escaping @Sendable (ConfigurationScalar, String) throws(ConfigurationRefusal) -> Value
    ) {
        self.name = name
        self.wants = wants
        take = { scalar, folder, configuration in
            do throws(ConfigurationRefusal) {
                configuration[keyPath: target] = try read(scalar, folder)
                return nil
            } catch {
                return error
            }
        }
        self.show = { show($0[keyPath: target]) }
        carry = { $1[keyPath: target] = $0[keyPath: target] }
        differs = { show($0[keyPath: target]) != show($1[keyPath: target]) }
    }

    // MARK: What else there is to a key

    var required: Self { with { $0.isRequired = true } }

    var reloaded: Self { with { $0.isReloaded = true } }

    func otherwise(_ fallback: @escaping @Sendable (Configuration) -> String?) -> Self {
        with { $0.fallback = fallback }
    }

    /// A value that may follow other keys where the key has none of its own, and changes with them;
    /// `effective` answers nil where nothing goes by the key.
    func following(_ effective: @escaping @Sendable (Configuration) -> String?) -> Self {
        with { key in
            let differs = key.differs
            key.fallback = effective
            key.differs = { old, new in
                if differs(old, new) { return true }
                guard let old = effective(old), let new = effective(new) else { return false }
                return old != new
            }
        }
    }

    /// The value counts for nothing under a condition, and isn't shown then.
    func unless(_ isVain: @escaping @Sendable (Configuration) -> Bool) -> Self {
        with { key in
            let show = key.show
            key.show = { isVain($0) ? nil : show($0) }
        }
    }

    /// The key names a file whose content goes to `target`; `describe` says what it is.
    func holding<Content: Equatable & Sendable>(
        _ target: Target<Content>,
        describe: @escaping @Sendable (Content) -> String? = { _ in nil }
    ) -> Self {
        with { key in
            let (carry, differs) = (key.carry, key.differs)
            key.content = { describe($0[keyPath: target]) }
            key.carry = { old, new in
                carry(old, &new)
                new[keyPath: target] = old[keyPath: target]
            }
            key.differs = { differs($0, $1) || $0[keyPath: target] != $1[keyPath: target] }
        }
    }

    /// The key names a file that is read, or looked into, with the configuration.
    func reading(
        _ read: @escaping @Sendable (inout Configuration) -> [Finding]
    ) -> Self {
        with { $0.readFile = read }
    }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var key = self
        change(&key)
        return key
    }

    // MARK: Names

    /// The variable that overrides the key: `limits.messagesPerMinute` is
    /// `FANOUTD_LIMITS_MESSAGES_PER_MINUTE`.
    package var environmentName: String {
        name.reduce("FANOUTD_") { text, character in
            if character == "." { return text + "_" }
            return text + (character.isUppercase ? "_" : "") + character.uppercased()
        }
    }

    /// The part before the dot.
    package var section: String { String(name.prefix { $0 != "." }) }
    /// The part behind the first dot.
    package var leaf: String { String(name.drop { $0 != "." }.dropFirst()) }
    /// The parts between the dots: the last stands below the others in the file.
    var parts: [Substring] { name.split(separator: ".") }
}
