import CLibpq
import Platform

/// The servers of a connection string, each to be connected to by itself.
struct ConnectionString: Sendable {
    let hosts: [Host]
    /// All other settings, with their values.
    private let settings: [Setting]

    struct Setting: Sendable, Hashable {
        let keyword: String
        let value: String
    }

    /// A server: the settings that only it has.
    struct Host: Sendable, Hashable {
        let settings: [Setting]

        /// For messages: the host and its port.
        var name: String {
            func value(_ keyword: String) -> String? {
                settings.first { $0.keyword == keyword }?.value
            }
            let host = value("host") ?? value("hostaddr") ?? "the default host"
            return value("port").map { "\(host):\($0)" } ?? host
        }
    }

    init(_ options: PostgresOptions) throws(PostgresError) {
        if let fault = unsafe fanoutd_libpq_load() {
            throw .noLibrary(detail: unsafe String(cString: fault))
        }
        let parsed = try Self.parsed(options.url)
        let byHost: Set<String> = ["host", "hostaddr", "port"]
        var settings = parsed.filter {
            !byHost.contains($0.keyword) && $0.keyword != "target_session_attrs"
        }
        func setUnlessThere(_ keyword: String, _ value: String) {
            if settings.contains(where: { $0.keyword == keyword }) { return }
            settings.append(Setting(keyword: keyword, value: value))
        }
        setUnlessThere("fallback_application_name", "fanoutd")
        setUnlessThere("client_encoding", "UTF8")
        if let password = options.password {
            settings.removeAll { $0.keyword == "password" }
            settings.append(Setting(keyword: "password", value: password.text))
        }
        self.settings = settings
        hosts = try Self.hosts(of: parsed)
    }

    /// The settings of a connection to one server.
    func settings(of host: Host) -> [Setting] { settings + host.settings }

    private static func hosts(of parsed: [Setting]) throws(PostgresError) -> [Host] {
        func list(_ keyword: String) -> [String] {
            let value = parsed.first { $0.keyword == keyword }?.value ?? ""
            return value.isEmpty
                ? []
                : value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = max(names.count, addresses.count, 1)
        guard [0, count].contains(names.count), [0, count].contains(addresses.count),
            [0, 1, count].contains(ports.count)
        else {
            throw .badString(detail: "it has not as many hosts as addresses or ports")
        }
        return (0..<count).map { index in
            var settings: [Setting] = []
            func add(_ keyword: String, _ value: String?) {
                guard let value, !value.isEmpty else { return }
                settings.append(Setting(keyword: keyword, value: value))
            }
            add("host", names.isEmpty ? nil : names[index])
            add("hostaddr", addresses.isEmpty ? nil : addresses[index])
            add("port", ports.count > 1 ? ports[index] : ports.first)
            return Host(settings: settings)
        }
    }

    /// What a connection string sets.
    private static func parsed(_ text: String) throws(PostgresError) -> [Setting] {
        var fault: UnsafeMutablePointer<CChar>?
        guard let options = unsafe fanoutd_PQconninfoParse(text, &fault) else {
            defer { unsafe fanoutd_PQfreemem(fault) }
            let words = unsafe fault.map { unsafe String(cString: $0) } ?? "no memory"
            // It quotes parts of the text, and somebody may have put a password there.
            throw .badString(
                detail: words.replacing(#/"[^"]*"/#, with: "…").trimmingSuffix { $0.isWhitespace }
            )
        }
        defer { unsafe fanoutd_PQconninfoFree(options) }
        var settings: [Setting] = []
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.value {
                settings.append(
                    Setting(
                        keyword: unsafe String(cString: keyword),
                        value: unsafe String(cString: value)
                    )
                )
            }
            unsafe next += 1
        }
        return settings
    }
}

extension String {
    /// The text without the characters at its end that a condition holds for.
    func trimmingSuffix(while condition: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, condition(last) { rest.removeLast() }
        return String(rest)
    }
}
