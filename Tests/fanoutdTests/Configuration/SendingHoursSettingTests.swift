import DeliveryCore
import Foundation
import Platform
import TestSupport
import Testing
import fanoutd

/// `defaults.sendBetween`, in the file and in the environment.
@Suite struct SendingHoursSettingTests {
    private static let variable = "FANOUTD_DEFAULTS_SEND_BETWEEN"
    private static let required =
        "tencent:\n  sdkAppId: 1400000000\n  secretKeyFile: secret-key\ndefaults:\n"
    private static let week = Set(Weekday.allCases)

    private func load(
        _ lines: String,
        environment: [String: String] = [:]
    ) throws -> (loaded: ConfigurationLoader.Loaded, faults: [String]) {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret-key", "0123456789abcdef\n")
        let path = try folder.write("fanoutd.yaml", Self.required + lines)
        let (loaded, faults) = ConfigurationLoader.examine(path, environment: environment)
        return (loaded, faults.map { $0.description.replacing(path, with: "FILE") })
    }

    @Test(arguments: [
        "  sendBetween: {from: '09:00', to: '21:30', time_zone: Asia/Shanghai}\n",
        "  sendBetween: {from: 09:00, to: 21:30, timeZone: Asia/Shanghai}\n",
        #"  sendBetween: {"from": "09:00", "to": "21:30", "time_zone": "Asia/Shanghai"}"# + "\n",
        """
          sendBetween:
            from: "09:00"
            to: 21:30
            time_zone: Asia/Shanghai
            days: [mon, tue, wed, thu, fri, sat, sun]

        """,
    ])
    func `are a mapping, however YAML spells it`(lines: String) throws {
        let (loaded, faults) = try load(lines)
        #expect(faults == [])
        let expected = SendingHours(opensAt: 540, closesAt: 1_290, timeZone: "Asia/Shanghai")
        #expect(loaded.configuration.defaults.sendBetween == expected)
    }

    @Test(arguments: ["  sendBetween:\n", "  sendBetween: null\n", "  priority: high\n"])
    func `are none where nothing is given`(lines: String) throws {
        let (loaded, faults) = try load(lines)
        #expect(faults == [])
        #expect(loaded.configuration.defaults.sendBetween == nil)
    }

    @Test func `come from the environment on one line, which may take them away`() throws {
        let file = "  sendBetween: {from: '09:00', to: '21:00', time_zone: UTC}\n"
        for text in [
            #"{"from":"22:00","to":"06:00","time_zone":"Europe/Berlin","days":["fri","sat"]}"#,
            "{from: 22:00, to: 06:00, time_zone: Europe/Berlin, days: [sat, fri]}",
        ] {
            let (loaded, faults) = try load(file, environment: [Self.variable: text])
            #expect(faults == [])
            let hours = try #require(loaded.configuration.defaults.sendBetween)
            #expect(hours.days == [.friday, .saturday] && hours.timeZone == "Europe/Berlin")
            #expect(hours.opensAt == 1_320 && hours.closesAt == 360)
        }
        let (loaded, faults) = try load(file, environment: [Self.variable: ""])
        #expect(faults == [] && loaded.configuration.defaults.sendBetween == nil)
    }

    @Test func `are shown as they can be read again`() throws {
        let hours = "{from: '09:00', to: '21:00', time_zone: Asia/Shanghai, days: [mon, fri]}"
        let (loaded, _) = try load("  sendBetween: \(hours)\n")
        let line = loaded.text.split(separator: "\n").first { $0.hasPrefix("  sendBetween: ") }
        #expect(line?.hasPrefix("  sendBetween: \(hours) ") == true, "\(loaded.text)")
        let (again, faults) = try load("\(try #require(line))\n")
        #expect(faults == [])
        #expect(
            again.configuration.defaults.sendBetween == loaded.configuration.defaults.sendBetween
        )
    }

    @Test(arguments: [
        (
            "  sendBetween: {from: '09:00', to: '21:00', time_zone: Asia/Shangai}\n",
            [
                "FILE:5: defaults.sendBetween.time_zone: 'Asia/Shangai' won't do; there is no such"
                    + " time zone in /usr/share/zoneinfo; did you mean Asia/Shanghai?"
            ]
        ),
        (
            "  sendBetween: {from: '9:00', to: '21:00', time_zone: UTC, days: [mon, Tue]}\n",
            [
                "FILE:5: defaults.sendBetween.from: '9:00' won't do; want a time of day from 00:00 to"
                    + " 23:59, such as 09:00",
                "FILE:5: defaults.sendBetween.days.1: 'Tue' won't do; want one of \"mon\", \"tue\","
                    + " \"wed\", \"thu\", \"fri\", \"sat\", \"sun\", not \"Tue\"",
            ]
        ),
        (
            "  sendBetween: {from: '09:00', to: '21:00'}\n",
            [
                "FILE:5: defaults.sendBetween.time_zone: missing; give it, as in time_zone:"
                    + " Asia/Shanghai"
            ]
        ),
        (
            "  sendBetween: always\n",
            [
                "FILE:5: defaults.sendBetween: 'always' won't do; give a mapping such as {from:"
                    + " '09:00', to: '21:00', time_zone: Asia/Shanghai, days: [mon, tue]}, or nothing"
                    + " for any time"
            ]
        ),
        (
            "  sendBetween: [mon]\n",
            [
                "FILE:5: defaults.sendBetween: a list is no value; give a mapping such as {from:"
                    + " '09:00', to: '21:00', time_zone: Asia/Shanghai, days: [mon, tue]}, or nothing"
                    + " for any time"
            ]
        ),
        (
            "  priority: {from: '09:00'}\n",
            ["FILE:5: defaults.priority: a mapping is no value; give one of high, normal, low"]
        ),
    ])
    func `are refused with the key, the value and what would do`(
        lines: String,
        expected: [String]
    ) throws {
        #expect(try load(lines).faults == expected)
    }

    @Test func `of the environment are refused with the variable's name`() throws {
        let faults = try load("", environment: [Self.variable: "{from: 1, to: 2}"]).faults
        #expect(faults.count == 3)
        let start = "environment variable \(Self.variable): defaults.sendBetween."
        #expect(faults.allSatisfy { $0.hasPrefix(start) }, "\(faults)")
    }
}
