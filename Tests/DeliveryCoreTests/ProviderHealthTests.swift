import DeliveryCore
import TestSupport
import Testing

/// Who may be addressed again, when, and what it costs: the rule of `ProviderHealth`, as tables.
struct ProviderHealthTests {
    typealias News = ProviderHealth.News

    private let campaign = makeID()

    private func batch(_ number: Int64) -> Batch.ID { Batch.ID(rawValue: number) }

    /// One that has heard of these calls, each of a batch with this number.
    private func health(_ calls: [(Int64, News)], at seconds: Double = 0) -> ProviderHealth {
        var health = ProviderHealth()
        for (number, news) in calls {
            health.ended(news, of: batch(number), now: at(seconds).instant)
        }
        return health
    }

    /// One whose last three calls got no answer.
    private var unreachable: ProviderHealth {
        health([(1, .unknown), (2, .unknown), (3, .unknown)])
    }

    /// Evidence is of three batches in a row; a batch that was refused before says nothing.
    @Test(
        arguments: [
            ([(1, News.unknown), (2, .unknown), (3, .unknown)], false),
            ([(1, .unknown), (1, .unknown), (1, .unknown), (1, .unknown)], true),
            ([(1, .unknown), (2, .unknown), (4, .useful), (3, .unknown)], true),
            (
                [
                    (1, .refused(isFirst: true)), (2, .refused(isFirst: true)),
                    (3, .refused(isFirst: true)),
                ], false
            ),
            (
                [
                    (1, .refused(isFirst: false)), (2, .refused(isFirst: false)),
                    (3, .refused(isFirst: false)),
                ], true
            ),
            ([(1, .refused(isFirst: true)), (2, .unknown), (3, .refused(isFirst: true))], false),
            ([(1, .unknown), (2, .refused(isFirst: false)), (3, .unknown), (4, .unknown)], false),
            // A call that certainly didn't go out says it of the network, whosoever it was.
            ([(1, .unsent), (1, .unsent), (1, .unsent)], false),
        ] as [([(Int64, News)], Bool)]
    )
    func `three different batches are evidence, one is not`(
        calls: [(Int64, News)],
        isReachable: Bool
    ) {
        #expect(health(calls).isReachable == isReachable)
    }

    @Test func `an outage is probed with growing rests, and nothing else goes`() {
        var health = unreachable
        #expect(health.gate(now: at(0.9).instant) == .nothing(until: at(1).instant))
        var (now, rests) = (1.0, [Double]())
        for _ in 0..<8 {
            #expect(health.gate(now: at(now).instant) == .probe)
            health.probe()
            #expect(health.gate(now: at(now).instant) == .nothing(until: nil))
            health.probed(isAnswered: false, now: at(now).instant)
            guard case .nothing(let until?) = health.gate(now: at(now).instant) else {
                Issue.record("no rest after a probe in vain")
                return
            }
            rests.append(at(now).instant.duration(to: until).inSeconds)
            now += rests.last ?? 0
        }
        #expect(rests == [2, 4, 8, 16, 32, 60, 60, 60])
        health.probe()
        health.probed(isAnswered: true, now: at(now).instant)
        health.try()
        health.tried(.unknown, of: campaign, now: at(now).instant)
        health.probe()
        health.probed(isAnswered: false, now: at(now).instant)
        #expect(health.gate(now: at(now).instant) == .nothing(until: at(now + 2).instant))
    }

    @Test func `a trial follows each answered probe, with rests that grow to five minutes`() {
        var health = unreachable
        var (now, rests) = (1.0, [Double]())
        for _ in 0..<9 {
            health.probe()
            health.probed(isAnswered: true, now: at(now).instant)
            #expect(health.gate(now: at(now).instant) == .trial)
            health.try()
            #expect(health.gate(now: at(now).instant) == .nothing(until: nil))
            health.tried(.unknown, of: campaign, now: at(now).instant)
            guard case .nothing(let until?) = health.gate(now: at(now).instant) else {
                Issue.record("no rest after a trial in vain")
                return
            }
            rests.append(at(now).instant.duration(to: until).inSeconds)
            now += rests.last ?? 0
        }
        #expect(rests == [5, 10, 20, 40, 80, 160, 300, 300, 300])
        health.probe()
        health.probed(isAnswered: true, now: at(now).instant)
        let next = health.foundNoTrial(now: at(now).instant)
        #expect(next == at(now + 1).instant)
        #expect(health.gate(now: at(now + 0.9).instant) == .nothing(until: next))
        #expect(health.gate(now: next) == .trial)
    }

    @Test func `only a useful answer ends an outage, a trial's or a late call's`() {
        var health = unreachable
        health.ended(.unknown, of: batch(9), now: at(3).instant)
        health.ended(.unsent, of: batch(9), now: at(3).instant)
        #expect(health == unreachable, "late news of trouble changes nothing")
        health.probe()
        health.probed(isAnswered: true, now: at(4).instant)
        #expect(!health.isReachable)
        var late = health
        late.ended(.useful, of: batch(4), now: at(5).instant)
        #expect(late.gate(now: at(5).instant) == .anything)
        health.try()
        health.tried(.useful, of: campaign, now: at(5).instant)
        #expect(health.gate(now: at(5).instant) == .anything)
        // The probe of an outage that is over comes back.
        health.probed(isAnswered: false, now: at(6).instant)
        #expect(health.isReachable)
    }

    @Test func `refusals are free in an outage alone, and for ninety minutes`() {
        let minute = 60.0
        #expect(!health([]).excusesRefusals(now: at(0).instant))
        #expect(unreachable.excusesRefusals(now: at(89 * minute).instant))
        #expect(!unreachable.excusesRefusals(now: at(90 * minute).instant))
    }

    @Test func `a refusal that is believed asks for twice the evidence, until somebody is reached`()
    {
        var (health, now) = (unreachable, 0.0)
        /// Two hours later the refusals of an outage are believed.
        func believe() {
            now += 7_200
            health.probe()
            health.probed(isAnswered: true, now: at(now).instant)
            health.try()
            health.tried(.refused(isFirst: true), of: campaign, now: at(now).instant)
        }
        func refuse(_ count: Int64) -> Bool {
            for number in 10..<(10 + count) {
                health.ended(.refused(isFirst: true), of: batch(number), now: at(now).instant)
            }
            return health.isReachable
        }
        believe()
        #expect(refuse(5))
        #expect(!refuse(6))
        believe()
        var silent = health
        for number in 1...3 {
            silent.ended(.unknown, of: batch(Int64(number)), now: at(now).instant)
        }
        #expect(!silent.isReachable, "silence is no refusal")
        #expect(refuse(11))
        #expect(!refuse(12))
        health.ended(.useful, of: batch(1), now: at(now).instant)
        #expect(!refuse(3), "as at first")
    }

    @Test func `another endpoint is probed at once`() {
        var health = unreachable
        health.probe()
        health.probed(isAnswered: false, now: at(50).instant)
        health.moved(now: at(51).instant)
        #expect(health.gate(now: at(51).instant) == .probe)
        // What the old place answers comes late, but a trial is still out.
        health.probe()
        health.moved(now: at(52).instant)
        health.probed(isAnswered: true, now: at(53).instant)
        #expect(health.gate(now: at(53).instant) == .probe)
        health.try()
        health.moved(now: at(54).instant)
        #expect(health.isTrying)
        var two = self.health([(1, .unknown), (2, .unknown)])
        two.moved(now: at(1).instant)
        two.ended(.unknown, of: batch(3), now: at(2).instant)
        #expect(two.isReachable, "what was learnt of the old place says nothing of the new one")
    }

    @Test func `trials take turns, and campaigns that risk their recipients come last`() throws {
        var health = unreachable
        let other = makeID(2)
        #expect(health.failedTrials?.turns(of: other, .leave) == 0, "nobody is at risk yet")
        for round in 0..<4 {
            health.probe()
            health.probed(isAnswered: true, now: at(Double(round)).instant)
            health.try()
            health.tried(.unknown, of: campaign, now: at(Double(round)).instant)
        }
        let trials = try #require(health.failedTrials)
        #expect(trials.turns(of: campaign, .resend) > trials.turns(of: other, .resend))
        #expect(trials.turns(of: campaign, .resend) < trials.turns(of: other, .leave))
    }
}
