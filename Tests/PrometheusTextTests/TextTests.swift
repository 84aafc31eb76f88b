import CoreMetrics
import PrometheusText
import Testing

@Suite struct `The text format` {
    private func text(_ families: MetricFamily...) -> String {
        String(decoding: MetricFamily.text(of: families), as: UTF8.self)
    }

    @Test func `has a help, a type and a line for each series`() {
        let family = MetricFamily(
            "calls_total",
            .counter,
            "Calls.",
            [
                .init(3, [.init("result", "accepted"), .init("zone", "a")]),
                .init(0, [.init("result", "refused"), .init("zone", "a")]),
            ]
        )
        let gauge = MetricFamily("limit", .gauge, "A limit.", [.init(12_000)])
        #expect(
            text(family, gauge) == """
                # HELP calls_total Calls.
                # TYPE calls_total counter
                calls_total{result="accepted",zone="a"} 3
                calls_total{result="refused",zone="a"} 0
                # HELP limit A limit.
                # TYPE limit gauge
                limit 12000

                """
        )
    }

    @Test func `keeps a family without series, so that its name is known`() {
        #expect(
            text(MetricFamily("a", .counter, "b")) == "# HELP a b\n# TYPE a counter\n"
        )
    }

    @Test func `escapes what would end a line or a label`() {
        let family = MetricFamily(
            "a",
            .gauge,
            "one\\two\nthree \"four\"",
            [.init(1, [.init("b", "one\\two\nthree \"four\" 五\r")])]
        )
        let help = #"# HELP a one\\two\nthree "four""#
        let sample = #"a{b="one\\two\nthree \"four\" 五"# + "\r\"} 1"
        #expect(text(family) == "\(help)\n# TYPE a gauge\n\(sample)\n")
    }

    @Test(arguments: [
        (0, "0"), (-3, "-3"), (1.5, "1.5"), (0.0005, "0.0005"), (1e-7, "1e-07"),
        (12_345_678_901_234, "12345678901234"), (1e300, "1e+300"), (.infinity, "+Inf"),
        (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func `writes numbers as Go reads them`(value: Double, text: String) {
        #expect(MetricFamily.text(of: value) == text)
    }
}

@Suite struct `A registry` {
    private let registry = MetricRegistry([
        .init("calls_total", .counter, "Calls."), .init("limit", .gauge, "A limit."),
        .init("took_seconds", .histogram, "How long.", bounds: [0.1, 0.5, 2.5]),
    ])

    private func samples(_ name: String) throws -> [MetricFamily.Sample] {
        try #require(registry.families.first { $0.name == name }).samples
    }

    @Test func `shows what was declared, in that order, before anything is counted`() {
        #expect(registry.families.map(\.name) == ["calls_total", "limit", "took_seconds"])
        #expect(registry.families.allSatisfy { $0.samples.isEmpty })
    }

    @Test func `counts the same name and labels in one series`() throws {
        for result in ["a", "b", "a"] {
            let counter = Counter(
                label: "calls_total",
                dimensions: [("result", result)],
                factory: registry
            )
            counter.increment(by: 2)
        }
        #expect(
            try samples("calls_total") == [
                .init(4, [.init("result", "a")]), .init(2, [.init("result", "b")]),
            ]
        )
    }

    @Test func `keeps a gauge's last value`() throws {
        let gauge = Gauge(label: "limit", factory: registry)
        gauge.record(7)
        gauge.record(2.5)
        #expect(try samples("limit") == [.init(2.5)])
        Meter(label: "limit", factory: registry).increment(by: 1)
        #expect(try samples("limit") == [.init(3.5)])
    }

    @Test func `counts a duration in every bucket that it is within`() throws {
        let timer = Timer(label: "took_seconds", dimensions: [], factory: registry)
        // On the first bound, beyond it, and beyond them all.
        for milliseconds in [100, 101, 500, 9_000] as [Int64] {
            timer.recordMilliseconds(milliseconds)
        }
        let samples = try samples("took_seconds")
        let buckets = samples.filter { $0.suffix == "_bucket" }
        #expect(buckets.map { $0.labels.map(\.value) } == [["0.1"], ["0.5"], ["2.5"], ["+Inf"]])
        #expect(buckets.map(\.value) == [1, 3, 3, 4])
        #expect(samples.dropFirst(4).map(\.suffix) == ["_sum", "_count"])
        #expect(abs(samples[4].value - 9.701) < 1e-9)
        #expect(samples[5].value == 4)
    }

    @Test func `takes no name that isn't declared`() async {
        await #expect(processExitsWith: .failure) {
            _ = Counter(label: "cals_total", factory: MetricRegistry([]))
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricRegistry([.init("a", .gauge, ""), .init("a", .counter, "")])
        }
    }
}
