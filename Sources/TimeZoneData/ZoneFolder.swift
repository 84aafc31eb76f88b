package import DeliveryCore
import DeliveryEngine
import Platform
import Synchronization

/// The machine's IANA time zone data, a file for each zone.
///
/// Foundation has data of its own, as old as the toolchain, whereas a machine's are kept up to date:
/// zones change their rules several times a year. A zone's file is read when it is asked for first.
package final class ZoneFolder: ZoneDirectory {
    private let path: String
    private let universal = UniversalTime()
    private let clocks = Mutex<[String: ZoneFile]>([:])

    /// That of this machine.
    package static let system = ZoneFolder(at: "/usr/share/zoneinfo")

    package init(at path: String) {
        self.path = path
    }

    /// The largest files have 4 KB.
    private static let sizeLimit = 262_144
    private static let listLimit = 1 << 20

    package func clock(of zone: String) -> (any ZoneClock)? {
        if let universal = universal.clock(of: zone) { return universal }
        if let known = clocks.withLock({ $0[zone] }) { return known }
        guard Self.isName(zone) else { return nil }
        do {
            let file = try ZoneFile(SmallFile.readRegular("\(path)/\(zone)", limit: Self.sizeLimit))
            clocks.withLock { $0[zone] = file }
            return file
        } catch {
            // `fault` says why.
            return nil
        }
    }

    /// The files may be other ones: each is read again when it is asked for next.
    package func forget() {
        clocks.withLock { $0 = [:] }
    }

    package func fault(of zone: String) -> String? {
        guard clock(of: zone) == nil else { return nil }
        let names = names()
        guard !names.isEmpty else {
            return "this machine has no time zone data in \(path), without which there is only"
                + " \(UniversalTime.name): install it (the package tzdata)"
        }
        let isThere = Self.isName(zone) && names.contains(zone)
        if isThere {
            return "the time zone data in \(path) are damaged: install them again (tzdata)"
        }
        let beginning = "there is no such time zone in \(path)"
        guard let near = Self.nearest(to: zone, among: names) else {
            return "\(beginning): want \(UniversalTime.name) or a name such as Asia/Shanghai, as"
                + " timedatectl list-timezones lists them"
        }
        return "\(beginning); did you mean \(near)?"
    }

    /// Whether a name may be one of the data's: several parts, none of which leads out of the folder.
    private static func isName(_ zone: String) -> Bool {
        let parts = zone.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...4).contains(parts.count), zone.utf8.count <= 64 else { return false }
        // The same zones once more, and with leap seconds, which no clock of a machine shows.
        guard parts[0] != "posix", parts[0] != "right" else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    let lower = byte | 0x20
                    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
                        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
                        || "_+-".utf8.contains(byte)
                }
        }
    }

    /// A city counts, whatever part of the world it is looked for in.
    private static func nearest(to zone: String, among names: [String]) -> String? {
        let dotted = zone.replacing("/", with: ".")
        let near = Suggestion.nearest(
            to: dotted,
            among: names.map { $0.replacing("/", with: ".") }
        )
        return near?.replacing(".", with: "/")
    }

    /// The zones' names, as the data list them; none if there are no data.
    private func names() -> [String] {
        if let list = text(of: "tzdata.zi") {
            return list.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ", maxSplits: 3)
                let name: Substring? =
                    switch words.first {
                    case "Z" where words.count > 1: words[1]
                    case "L" where words.count > 2: words[2]
                    default: nil
                    }
                return name.map(String.init)
            }.filter { $0.contains("/") }
        }
        let table = text(of: "zone1970.tab") ?? text(of: "zone.tab") ?? ""
        return table.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
            let columns = line.split(separator: "\t")
            return columns.count > 2 ? String(columns[2]) : nil
        }
    }

    private func text(of name: String) -> String? {
        do {
            let bytes = try SmallFile.readRegular("\(path)/\(name)", limit: Self.listLimit)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            // Which of these lists there are is the distribution's choice.
            return nil
        }
    }
}
